"""Blocks of public chains have the hashes that everybody knows them by."""

from eth_hash.auto import keccak

from watcher.chain.bodies import flaw_of
from watcher.chain.proof import header_hash, receipts_root
from watcher.chain.transactions import write
from watcher.chain.wire import BodyJson, ProvableHeaderJson, ProvableReceiptJson, TransactionJson
from watcher.core.types import BlockHash
from watcher.core.window import BlockReceipts

NO_BLOOM = "0x" + "00" * 256
NO_HASH = "0x" + "00" * 32
NO_UNCLES = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"

GENESIS = ProvableHeaderJson(
    hash="0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
    number="0x0",
    parent_hash=NO_HASH,
    timestamp="0x0",
    receipts_root=EMPTY_ROOT,
    transactions=[],
    logs_bloom=NO_BLOOM,
    sha3_uncles=NO_UNCLES,
    miner="0x" + "00" * 20,
    state_root="0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
    transactions_root=EMPTY_ROOT,
    difficulty="0x400000000",
    gas_limit="0x1388",
    extra_data="0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
    mix_hash=NO_HASH,
    nonce="0x0000000000000042",
)
"""Ethereum's first block."""

L1_ATTRIBUTES = (
    "0x015d8eb9"
    "0000000000000000000000000000000000000000000000000000000001267f33"
    "0000000000000000000000000000000000000000000000000000000065da6073"
    "000000000000000000000000000000000000000000000000000000075d3f8610"
    "97c24796a4f639846a6a3ea3a59c11de8d89e11f551bae8feca9271a78926d42"
    "0000000000000000000000000000000000000000000000000000000000000004"
    "000000000000000000000000415c8893d514f9bc5211d36eeda4183226b84aa7"
    "00000000000000000000000000000000000000000000000000000000000000bc"
    "00000000000000000000000000000000000000000000000000000000000a6fe0"
)
DEPOSIT = TransactionJson(
    type="0x7e",
    sender="0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001",
    to="0x4200000000000000000000000000000000000015",
    nonce="0x111",
    gas="0xf4240",
    value="0x0",
    input=L1_ATTRIBUTES,
    source_hash="0x5a1b66228a26547e2ce6fe1aa734d2c34e062e42ccd5710463e6987890f1ad5d",
    mint="0x0",
)
DEPOSIT_HASH = "0x13a644af4f64ce801dcd57faa823e8952f2290b810fdd31995dda62977ed3df1"
CANYON = BodyJson(
    hash="0xfc70e073ec6e1bb7f387698e4be418d7b1ff2216f625cdf41e1b80fb08029ef5",
    number="0x112",
    parent_hash="0xcfbc479d5f63476538db9ff15295167a6e91ecc9d6cf54be471eded689c251c9",
    timestamp="0x65da607b",
    receipts_root="0x8c303881b3e408cc739f55ef3e5133075d552cbec9ee987aff6b71f58cf291ee",
    transactions=[DEPOSIT],
    gas_used="0xb76d",
    logs_bloom=NO_BLOOM,
    sha3_uncles=NO_UNCLES,
    miner="0x4200000000000000000000000000000000000011",
    state_root="0x86be45fb7a22b8c12cbce8d538372b800377cc589de590b6d88f5f65dde97df8",
    transactions_root="0xb01a2ad2c1ceb76f2edcdc02f2e0453c52e24c421fb04132cdfc0da5b70a593e",
    gas_limit="0x1c9c380",
    extra_data="0x",
    mix_hash="0x8bc8a48326d9309959f2452206c1c842be9fcc9840c789845caab9d290a9700c",
    nonce="0x0000000000000000",
    base_fee_per_gas="0x1418f329",
    withdrawals_root=EMPTY_ROOT,
)
"""Block 274 of an OP Stack chain after Canyon, of 24 February 2024, with the deposit that each block has."""

RECEIPT = ProvableReceiptJson(
    logs=(),
    gas_used="0xb76d",
    sender="0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001",
    to="0x4200000000000000000000000000000000000015",
    transaction_hash=DEPOSIT_HASH,
    status="0x1",
    type="0x7e",
    effective_gas_price="0x0",
    cumulative_gas_used="0xb76d",
    logs_bloom=NO_BLOOM,
    deposit_nonce="0x111",
    deposit_receipt_version="0x1",
)


def test_ethereums_first_block_has_its_hash() -> None:
    """Fifteen fields, nothing in them."""
    assert header_hash(GENESIS) == GENESIS.hash


def test_a_block_of_the_op_stack_has_its_hash_and_its_roots() -> None:
    """Shanghai's header; a deposit's own bytes, and its receipt with nonce and version."""
    assert header_hash(CANYON) == CANYON.hash
    assert receipts_root([RECEIPT]) == CANYON.receipts_root
    assert f"0x{keccak(write(DEPOSIT).raw).hex()}" == DEPOSIT_HASH
    assert flaw_of(BlockReceipts(274, BlockHash(str(CANYON.hash)), [RECEIPT]), CANYON) is None
