"""What a FakeChain's blocks are made of: transactions written as a test would say them.

tx(BOB, APP, logs=[log(APP, TOPIC)])     BOB calls APP, which emits one log
create(ALICE, nonce=1)                   ALICE deploys a contract: `.contract` is its address
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from watcher.core.types import Address, BlockRef

PLAIN_CODE = bytes.fromhex("6001600055")
"""Code that runs and calls nobody: nothing stands behind it."""
PROXY_CODE = bytes.fromhex("3d3d3d363d3d37f4")
"""Code with a DELEGATECALL: slots and answers say what stands behind it."""


@dataclass(frozen=True, slots=True)
class FakeLog:
    """One log; `log_index` is its place in the block, given when the block is made."""

    address: str
    topics: tuple[str, ...] = ()
    data: str = "0x"
    log_index: str = "0x0"


@dataclass(frozen=True, slots=True)
class FakeReceipt:
    """One transaction's receipt, with the attributes of `watcher.core.window.Receipt`."""

    sender: str
    to: str | None
    status: str
    type: str
    gas_used: str
    effective_gas_price: str
    l1_fee: str | None
    contract_address: str | None
    logs: tuple[FakeLog, ...]


@dataclass(frozen=True, slots=True)
class FakeTx:
    """One transaction before it is in a block; `contract` is the address that it creates."""

    sender: str
    to: str | None
    logs: tuple[FakeLog, ...] = ()
    ok: bool = True
    type: str = "0x2"
    gas: int = 21_000
    price: int = 1
    l1_fee: int | None = None
    contract: Address | None = None
    code: bytes = b""


@dataclass(frozen=True, slots=True)
class Changes:
    """What one block changed of the state: code, storage words, answers to calls (None: it reverts)."""

    code: Mapping[Address, bytes] = field(default_factory=dict)
    storage: Mapping[tuple[Address, int], int] = field(default_factory=dict)
    answers: Mapping[tuple[Address, bytes], bytes | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FakeBlock:
    """One block with what it changed of the state."""

    ref: BlockRef
    receipts: tuple[FakeReceipt, ...]
    changes: Changes


def address(name: str) -> Address:
    """Give an address of one's own for a name, always the same."""
    return Address(f"0x{sha256(name.encode()).hexdigest()[:40]}")


def log(emitter: str, *topics: str, data: str = "0x") -> FakeLog:
    """Say that `emitter` emits a log."""
    return FakeLog(emitter, topics, data)


def tx(
    sender: str,
    to: str | None,
    *,
    logs: Sequence[FakeLog] = (),
    ok: bool = True,
    kind: str = "0x2",
    gas: int = 21_000,
    price: int = 1,
    l1_fee: int | None = None,
) -> FakeTx:
    """Say that `sender` sends a transaction to `to`; one that fails (`ok=False`) emits nothing."""
    return FakeTx(sender, to, tuple(logs) if ok else (), ok, kind, gas, price, l1_fee)


def create(
    sender: str,
    *,
    nonce: int = 0,
    contract: Address | None = None,
    code: bytes = PLAIN_CODE,
    logs: Sequence[FakeLog] = (),
    ok: bool = True,
) -> FakeTx:
    """Say that `sender` deploys a contract; its address follows from sender and nonce unless given.

    As on a real chain, the receipt of a creation that failed carries the address too.
    """
    made = contract or address(f"{sender}/{nonce}")
    return FakeTx(sender, None, tuple(logs) if ok else (), ok, contract=made, code=code)


def receipts_of(transactions: Sequence[FakeTx]) -> tuple[FakeReceipt, ...]:
    """Turn one block's transactions into its receipts; log indices count through the block."""
    receipts = []
    index = 0
    for made in transactions:
        logs = tuple(
            FakeLog(item.address, item.topics, item.data, hex(index + place))
            for place, item in enumerate(made.logs)
        )
        index += len(logs)
        receipts.append(
            FakeReceipt(
                sender=made.sender,
                to=made.to,
                status="0x1" if made.ok else "0x0",
                type=made.type,
                gas_used=hex(made.gas),
                effective_gas_price=hex(made.price),
                l1_fee=None if made.l1_fee is None else hex(made.l1_fee),
                contract_address=made.contract,
                logs=logs,
            )
        )
    return tuple(receipts)
