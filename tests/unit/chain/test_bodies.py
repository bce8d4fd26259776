"""What receipts say of transactions whose type has rules of its own: deposits, and those with one price."""

import pytest
from eth_account import Account
from eth_hash.auto import keccak
from msgspec.structs import replace

from watcher.chain.bodies import flaw_of
from watcher.chain.proof import header_hash
from watcher.chain.transactions import write
from watcher.chain.trie import ordered_root
from watcher.chain.wire import BodyJson, ProvableReceiptJson, TransactionJson
from watcher.core.types import BlockHash
from watcher.core.window import BlockReceipts

ROOT = "0x" + "22" * 32
SENDER, TO = "0x" + "aa" * 20, "0x" + "bb" * 20
DEPOSIT = TransactionJson(
    type="0x7e", sender=SENDER, to=TO, source_hash=ROOT, value="0x0", gas="0x9", input="0x", nonce="0x3"
)


def flaw(transaction: TransactionJson, **said: str | None) -> str | None:
    """Put a transaction into a block of its own, and say of it what is said."""
    written = write(transaction)
    body = BodyJson(
        hash="",
        number="0x7",
        parent_hash=ROOT,
        timestamp="0x65",
        receipts_root=ROOT,
        transactions=[transaction],
        logs_bloom="0x" + "00" * 256,
        sha3_uncles=ROOT,
        miner=SENDER,
        state_root=ROOT,
        transactions_root=f"0x{ordered_root([written.raw]).hex()}",
        gas_limit="0x5208",
        extra_data="0x",
        mix_hash=ROOT,
        nonce="0x0000000000000000",
    )
    body = replace(body, hash=header_hash(body))
    honest = ProvableReceiptJson(
        logs=(),
        gas_used="0x1",
        sender=written.sender,
        type=transaction.type,
        status="0x1",
        to=transaction.to,
        transaction_hash=f"0x{keccak(written.raw).hex()}",
        effective_gas_price="0x9",
    )
    receipt = replace(honest, **said)
    return flaw_of(BlockReceipts(7, BlockHash(str(body.hash)), [receipt]), body)


def legacy(to: str | None) -> TransactionJson:
    """Sign a transaction with one price."""
    fields = {"nonce": 7, "gas": 9, "gasPrice": 9, "value": 0, "chainId": 1}
    sent = Account.from_key("0x" + "07" * 32).sign_transaction({**fields, "to": to} if to else fields)
    return TransactionJson(
        nonce="0x7",
        gas="0x9",
        gas_price="0x9",
        to=to,
        value="0x0",
        input="0x",
        v=hex(sent.v),
        r=hex(sent.r),
        s=hex(sent.s),
    )


def test_a_price_is_the_one_that_was_offered() -> None:
    """Before EIP-1559 it is the price itself."""
    transaction = legacy("0x" + "11" * 20)
    assert flaw(transaction) is None
    assert flaw(transaction, effective_gas_price="0x8") == (
        "the receipt of transaction "
        f"0x{keccak(write(transaction).raw).hex()} names another price than the one that it was sent for"
    )


def test_a_deposit_pays_nothing_whatever_is_written_there() -> None:
    """Its sender is in it, and proven by the root."""
    assert flaw(DEPOSIT) is None
    assert flaw(DEPOSIT, effective_gas_price="0x0") is None
    assert "signed it" in str(flaw(DEPOSIT, sender=TO))


@pytest.mark.parametrize("status", ["0x0", "0x1"])
def test_a_creation_that_failed_need_not_name_a_contract(status: str) -> None:
    """Nodes differ there; one that succeeded has to name the right one, be it a deposit's."""
    created = f"0x{keccak(bytes.fromhex('d694' + 'aa' * 20 + '03'))[-20:].hex()}"
    deposit = replace(DEPOSIT, to=None)
    said = {"status": status, "deposit_nonce": "0x3"}
    assert flaw(deposit, **said, contract_address=created) is None
    assert (flaw(deposit, **said) is None) == (status == "0x0")
    assert flaw(legacy(None), status=status, contract_address=created) is not None
