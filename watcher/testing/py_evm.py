"""The one import of py-evm, which only the extra `demo` installs: without it, say so and how to get it."""

from watcher.errors import UsageError

try:
    import rlp
    from eth.abc import BlockAPI, BlockHeaderAPI, LogAPI, ReceiptAPI, SignedTransactionAPI, VirtualMachineAPI
    from eth.chains.base import MiningChain
    from eth.constants import POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE
    from eth.db.atomic import AtomicDB
    from eth.exceptions import Revert
    from eth.typing import AccountDetails, HeaderParams
    from eth.vm.forks.prague import PragueVM
    from eth.vm.forks.prague.transactions import Authorization, PragueTransactionBuilder
    from eth_keys.datatypes import PrivateKey
except ImportError as error:
    raise UsageError(
        f'the devnet runs a real EVM, and {error.name} is not installed: pip install "watcher[demo]"'
    ) from error

__all__ = [
    "POST_MERGE_DIFFICULTY",
    "POST_MERGE_MIX_HASH",
    "POST_MERGE_NONCE",
    "AccountDetails",
    "AtomicDB",
    "Authorization",
    "BlockAPI",
    "BlockHeaderAPI",
    "HeaderParams",
    "LogAPI",
    "MiningChain",
    "PragueTransactionBuilder",
    "PragueVM",
    "PrivateKey",
    "ReceiptAPI",
    "Revert",
    "SignedTransactionAPI",
    "VirtualMachineAPI",
    "rlp",
]
