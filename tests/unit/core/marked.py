"""Logs that close actions, as listed emitters leave them, and the markers that believe them."""

from tests.unit.core.givens import address
from watcher.config.families import family_markers
from watcher.config.markers import MarkerTable
from watcher.core.types import Address
from watcher.testing.fake_blocks import FakeLog, log

SAFE, FORWARDER, EXECUTOR, FAKE, PAYMASTER = (address(0x5AFE + number) for number in range(5))
SWAP = "0x" + "5" * 64
ENTRY = Address("0x0000000071727de22e5e9d8baf0edac6f37da032")
OLD_ENTRY = Address("0x5ff137d4b0fdcd49dca30c7cf57e578a026d2789")
OPENED = "0xbb47ee3e183a558b1a2ff0874b079f3fc5478b7454eacf2bfc5af2ff5878f972"
OPERATION = "0x49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f"
SAFE_DID = "0x442e715f626346e8c54381002da614f62bee8d27386535b2521ec8540898556e"
SAFE_FAILED = "0x23428b18acfb3ea64b08dc0c1d296ea9c09702c09083ca5272e64d115b687d23"
FORWARDED = "0x842fb24a83793558587a3dab2be7674da4a51d09c5542d6dd354e5d0ea70813c"
INTENT = "0x23a3c1343409f01965611c9c4c8b99e36d7b09ca22516507d5486ce0584379b8"
LISTED = [
    {"event": "ExecutionSuccess(bytes32 txHash, uint256 payment)", "emitters": [SAFE]},
    {"event": "ExecutionFailure(bytes32 txHash, uint256 payment)", "emitters": [SAFE], "fails": True},
    {
        "event": "ExecutedForwardRequest(address indexed signer, uint256 nonce, bool success)",
        "emitters": [FORWARDER],
        "actor": "signer",
        "success": "success",
    },
    {
        "event": "IntentExecuted(address indexed eoa, uint256 indexed nonce, bool incremented, bytes4 err)",
        "emitters": [EXECUTOR],
        "actor": "eoa",
        "error": "err",
    },
]
MARKERS = (*family_markers("ethereum"), *(MarkerTable.model_validate(row).built() for row in LISTED))

OPEN = log(ENTRY, OPENED)


def words(*values: int) -> str:
    """Give these words as a log's data."""
    return "0x" + "".join(f"{value:064x}" for value in values)


def padded(account: str) -> str:
    """Give an account as a topic."""
    return f"0x{account[2:]:0>64}"


def operation(account: str, *, ok: bool = True, entry: str = ENTRY) -> FakeLog:
    """Say how an account's operation ended."""
    return log(entry, OPERATION, SWAP, padded(account), padded(PAYMASTER), data=words(0, ok, 7, 7))


def forwarded(signer: str, *, ok: bool = True) -> FakeLog:
    """Say how a signer's request ended."""
    return log(FORWARDER, FORWARDED, padded(signer), data=words(0, ok))


def intent(account: str, error: int = 0) -> FakeLog:
    """Say how an account's intent ended."""
    return log(EXECUTOR, INTENT, padded(account), words(1), data=words(1, error << 224))


SAFE_DONE, SAFE_NOT_DONE = log(SAFE, SAFE_DID, data=words(1, 0)), log(SAFE, SAFE_FAILED, data=words(1, 0))
