"""The EVM under the devnet: py-evm at Prague, told by us when each block is and what is in it.

    Account ─▶ signed transaction ─▶ EvmChain.append ─▶ SealedBlock

Which of the blocks are the chain is the Devnet's to remember: a reorg appends to an older one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from eth_typing import Address as RawAddress
from eth_typing import BlockNumber
from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from watcher.core.types import Address
from watcher.testing.devnet_state import StateAt
from watcher.testing.py_evm import (
    POST_MERGE_DIFFICULTY,
    POST_MERGE_MIX_HASH,
    POST_MERGE_NONCE,
    AccountDetails,
    AtomicDB,
    Authorization,
    BlockAPI,
    BlockHeaderAPI,
    HeaderParams,
    MiningChain,
    PragueTransactionBuilder,
    PragueVM,
    PrivateKey,
    ReceiptAPI,
    SignedTransactionAPI,
    rlp,
)

BLOCK_GAS_LIMIT = 1_000_000_000
"""Room for thousands of transactions; the same in every block."""
FEE_RECIPIENT = RawAddress(keccak(text="watcher devnet fee recipient")[12:])
_MAX_FEE_PER_GAS = 100_000_000_000
_PRIORITY_FEE_PER_GAS = 1_000_000_000
_GENESIS_BALANCE = 10**24
_AUTHORIZATION_MAGIC = b"\x05"  # EIP-7702: what is signed is keccak(0x05 || rlp([chain id, address, nonce]))
_DELEGATION_GAS = 200_000


@dataclass(frozen=True, slots=True)
class Account:
    """A funded account of the devnet; its key is derived from its index and worth nothing anywhere."""

    address: Address
    key: PrivateKey

    @classmethod
    def derive(cls, index: int) -> "Account":
        """Give the account with this index: the same on every devnet."""
        key = PrivateKey(keccak(text=f"watcher devnet account {index}"))
        return cls(Address(key.public_key.to_address()), key)


def created_by(sender: bytes, nonce: int) -> bytes:
    """Give the address of the contract that this account's transaction with this nonce creates."""
    return keccak(rlp.encode([sender, nonce]))[12:]


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A block with its receipts, in the order of its transactions."""

    block: BlockAPI
    receipts: Sequence[ReceiptAPI]


class _EqualTimestampsVM(PragueVM):
    """Prague, but a block may carry its parent's timestamp: normal where many blocks come in a second."""

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """Hold the header to every rule of the EVM but that of strictly later timestamps."""
        if header.timestamp == parent_header.timestamp:
            header = header.copy(timestamp=header.timestamp + 1)
        super().validate_header(header, parent_header)


class _DevnetChain(MiningChain):
    vm_configuration = ((BlockNumber(0), _EqualTimestampsVM),)


class EvmChain:
    """Makes and executes blocks on any earlier block, and signs what goes into them."""

    def __init__(self, chain_id: int, genesis_time: int, funded: Iterable[Account]) -> None:
        """Make block 0, in which each of the accounts owns a million ether."""
        state = {
            to_canonical_address(account.address): AccountDetails(
                balance=_GENESIS_BALANCE, nonce=0, code=b"", storage={}
            )
            for account in funded
        }
        genesis: dict[str, HeaderParams] = {
            "timestamp": genesis_time,
            "gas_limit": BLOCK_GAS_LIMIT,
            "coinbase": FEE_RECIPIENT,
            "difficulty": POST_MERGE_DIFFICULTY,
            "mix_hash": POST_MERGE_MIX_HASH,
            "nonce": POST_MERGE_NONCE,
            "extra_data": b"",
        }
        self.chain_id = chain_id
        self._chain = cast(MiningChain, _DevnetChain.from_genesis(AtomicDB(), genesis, state))
        self._chain.chain_id = chain_id
        self.genesis = SealedBlock(self._chain.get_block_by_header(self._chain.get_canonical_head()), ())

    def state(self, block: SealedBlock) -> StateAt:
        """Give the state after this block."""
        return StateAt(self._chain.get_vm(at_header=block.block.header))

    def append(
        self,
        parent: SealedBlock,
        transactions: Sequence[SignedTransactionAPI],
        timestamp: int,
        extra_data: bytes,
    ) -> SealedBlock:
        """Execute the transactions in this order in a block on top of `parent`.

        A timestamp before the parent's, and a transaction that no block can hold, raise ValidationError; a
        transaction that reverts is in the block with status 0.
        """
        # The whole header is set before anything runs, or contracts would see another time than the block's.
        self._chain.header = self._chain.create_header_from_parent(
            parent.block.header,
            timestamp=timestamp,
            gas_limit=BLOCK_GAS_LIMIT,
            coinbase=FEE_RECIPIENT,
            extra_data=extra_data,
        )
        result, receipts, _ = self._chain.mine_all(transactions)
        return SealedBlock(result.imported_block, receipts)

    def sign(
        self, account: Account, nonce: int, *, to: bytes, data: bytes, value: int, gas: int
    ) -> SignedTransactionAPI:
        """Sign a transaction (EIP-1559, tip of 1 gwei); an empty `to` creates a contract."""
        signed = PragueTransactionBuilder.new_unsigned_dynamic_fee_transaction(
            chain_id=self.chain_id,
            nonce=nonce,
            max_priority_fee_per_gas=_PRIORITY_FEE_PER_GAS,
            max_fee_per_gas=_MAX_FEE_PER_GAS,
            gas=gas,
            to=RawAddress(to),
            value=value,
            data=data,
            access_list=[],
        ).as_signed_transaction(account.key)
        # py-evm signs it as a type of an older fork, which a block of this one cannot encode.
        return PragueTransactionBuilder.decode(signed.encode())

    def sign_delegation(self, authority: Account, nonce: int, target: bytes) -> SignedTransactionAPI:
        """Sign a type-4 transaction in which the account delegates its own code; it uses two nonces.

        The transaction calls an account without code, so that nothing but the delegation happens.
        """
        signed = rlp.encode([self.chain_id, target, nonce + 1])
        y_parity, r, s = authority.key.sign_msg_hash(keccak(_AUTHORIZATION_MAGIC + signed)).vrs
        authorization = Authorization(self.chain_id, target, nonce + 1, y_parity, r, s)
        return PragueTransactionBuilder.new_unsigned_set_code_transaction(
            chain_id=self.chain_id,
            nonce=nonce,
            max_priority_fee_per_gas=_PRIORITY_FEE_PER_GAS,
            max_fee_per_gas=_MAX_FEE_PER_GAS,
            gas=_DELEGATION_GAS,
            to=FEE_RECIPIENT,
            value=0,
            data=b"",
            access_list=[],
            authorization_list=[authorization],
        ).as_signed_transaction(authority.key)

    def decode(self, raw: bytes) -> SignedTransactionAPI:
        """Read a signed transaction as it travels; ValidationError where it is none of this chain's."""
        try:
            transaction = PragueTransactionBuilder.decode(raw)
            transaction.validate()
            transaction.check_signature_validity()
        except (rlp.exceptions.RLPException, ValueError, TypeError) as error:
            raise ValidationError(str(error)) from error
        return transaction

    def check(self, transaction: SignedTransactionAPI, state: StateAt, nonce: int) -> None:
        """Raise ValidationError, in geth's words, unless a block after `state` can hold the transaction."""
        if transaction.chain_id not in (None, self.chain_id):
            raise ValidationError(
                f"invalid chain id for signer: have {transaction.chain_id} want {self.chain_id}"
            )
        if transaction.nonce != nonce:
            order = "low" if transaction.nonce < nonce else "high"
            raise ValidationError(f"nonce too {order}: next nonce {nonce}, tx nonce {transaction.nonce}")
        if transaction.gas < transaction.intrinsic_gas:
            raise ValidationError(f"intrinsic gas too low: gas {transaction.gas}")
        if (
            state.balance(transaction.sender)
            < transaction.gas * transaction.max_fee_per_gas + transaction.value
        ):
            raise ValidationError("insufficient funds for gas * price + value")
