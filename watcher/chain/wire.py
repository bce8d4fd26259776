"""JSON-RPC as bytes: requests written, answers decoded into structs that hold only what is used.

The structs of receipts and logs satisfy `watcher.core.window.Receipt` and `Log`, so nothing is copied on the
hot path. `gc=False` and tuples: they cannot form cycles, and the garbage collector should not walk millions
of them again and again.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from watcher.chain.refusals import Failure, Refusal, failure

T = TypeVar("T")


class LogJson(msgspec.Struct, gc=False, rename="camel"):
    """One log of a receipt."""

    address: str
    topics: tuple[str, ...]
    data: str
    log_index: str


class FoundLogJson(msgspec.Struct, gc=False, rename="camel"):
    """One log as eth_getLogs gives it; block and index are null while its block is not sealed."""

    address: str
    topics: tuple[str, ...]
    log_index: str | None
    block_hash: str | None
    block_number: str | None
    removed: bool = False


class ReceiptJson(msgspec.Struct, gc=False, rename="camel"):
    """One receipt. What a node may leave out has a default; `watcher.chain.blocks` refuses what it must not.

    A receipt from before EIP-2718 has no type: such a transaction is of type 0.
    """

    logs: tuple[LogJson, ...]
    gas_used: str
    sender: str = msgspec.field(name="from")
    transaction_hash: str = ""
    to: str | None = None
    status: str = ""
    type: str = "0x0"
    effective_gas_price: str = ""
    l1_fee: str | None = None
    contract_address: str | None = None
    block_hash: str | None = None
    block_number: str | None = None


class HeaderJson(msgspec.Struct, gc=False, rename="camel"):
    """One block without its transactions' bodies; hash and number are null in a block not yet sealed."""

    hash: str | None
    number: str | None
    parent_hash: str
    timestamp: str
    receipts_root: str
    transactions: list[str]
    gas_used: str = "0x0"
    logs_bloom: str = "0x0"


class ProvableReceiptJson(ReceiptJson, gc=False, rename="camel"):
    """A receipt with all that its block's receiptsRoot covers; only read where that is proven."""

    cumulative_gas_used: str = ""
    logs_bloom: str = ""
    deposit_nonce: str | None = None
    deposit_receipt_version: str | None = None


class ProvableHeaderJson(HeaderJson, gc=False, rename="camel"):
    """A block with all that its hash covers; only read where that is proven."""

    sha3_uncles: str = ""
    miner: str = ""
    state_root: str = ""
    transactions_root: str = ""
    difficulty: str = "0x0"
    gas_limit: str = ""
    extra_data: str = ""
    mix_hash: str = ""
    nonce: str = ""
    base_fee_per_gas: str | None = None
    withdrawals_root: str | None = None
    blob_gas_used: str | None = None
    excess_blob_gas: str | None = None
    parent_beacon_block_root: str | None = None
    requests_hash: str | None = None


class AccessJson(msgspec.Struct, gc=False, rename="camel"):
    """One entry of an access list (EIP-2930)."""

    address: str
    storage_keys: tuple[str, ...]


class AuthorizationJson(msgspec.Struct, gc=False, rename="camel"):
    """One authorization of a transaction that sets code (EIP-7702)."""

    chain_id: str
    address: str
    nonce: str
    y_parity: str
    r: str
    s: str


class TransactionJson(msgspec.Struct, gc=False, rename="camel"):
    """One transaction of any type; which fields it has, its type says."""

    type: str = "0x0"
    sender: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    nonce: str | None = None
    gas: str | None = None
    gas_price: str | None = None
    max_fee_per_gas: str | None = None
    max_priority_fee_per_gas: str | None = None
    max_fee_per_blob_gas: str | None = None
    value: str | None = None
    input: str | None = None
    chain_id: str | None = None
    access_list: tuple[AccessJson, ...] | None = None
    blob_versioned_hashes: tuple[str, ...] | None = None
    authorization_list: tuple[AuthorizationJson, ...] | None = None
    v: str | None = None
    y_parity: str | None = None
    r: str | None = None
    s: str | None = None
    source_hash: str | None = None
    mint: str | None = None
    is_system_tx: bool | None = None


class BodyJson(ProvableHeaderJson, gc=False, rename="camel"):
    """A block with its transactions in full."""

    transactions: list[TransactionJson]  # type: ignore[assignment]  # in the place of their hashes


class ErrorJson(msgspec.Struct):
    """The error object of JSON-RPC; providers put the reason into `message` or into `data`."""

    code: int | str = 0
    message: str = ""
    data: Any = None


class Answer(msgspec.Struct, Generic[T]):
    """One answer of a batch."""

    id: int | str | None = None
    result: T | msgspec.UnsetType | None = msgspec.UNSET
    error: ErrorJson | str | None = None


class Call(NamedTuple):
    """One JSON-RPC call; parameters as they go on the wire."""

    method: str
    params: tuple[object, ...] = ()


class Request(msgspec.Struct):
    """One JSON-RPC request."""

    id: int
    method: str
    params: tuple[object, ...]
    jsonrpc: str = "2.0"


Answers = msgspec.json.Decoder[list[Answer[T]] | Answer[T]]


def answers_of(result: Any) -> Answers[Any]:  # noqa: ANN401 - a type, or a union of types
    """Make the decoder for the answers to calls whose results are of type `result` (or null)."""
    return msgspec.json.Decoder(list[Answer[result]] | Answer[result])


BLOCKS = answers_of(list[ReceiptJson] | HeaderJson)
"""Decodes receipts of whole blocks, and headers among them."""
RECEIPTS = answers_of(ReceiptJson)
"""Decodes receipts of single transactions."""
BODIES = answers_of(BodyJson)
"""Decodes blocks with their transactions in full."""
LOGS = answers_of(list[FoundLogJson] | HeaderJson)
"""Decodes what eth_getLogs found, and headers among it."""
VALUES = answers_of(HeaderJson | str)
"""Decodes code, slots, call results and numbers, and headers among them."""


class Forms(NamedTuple):
    """How blocks are decoded: with what is used of them, or with all that their hash covers as well."""

    blocks: Answers[Any]
    """Decodes receipts of whole blocks, and headers among them."""
    receipts: Answers[Any]
    """Decodes receipts of single transactions."""


PLAIN = Forms(BLOCKS, RECEIPTS)
PROVABLE = Forms(answers_of(list[ProvableReceiptJson] | ProvableHeaderJson), answers_of(ProvableReceiptJson))
"""With these, what the judges of blocks see is proven, or refused."""


def write_request(calls: Sequence[Call]) -> bytes:
    """Write one HTTP body: a batch, or for a single call the bare object, as some endpoints take no batch."""
    requests = [Request(number, call.method, call.params) for number, call in enumerate(calls)]
    return msgspec.json.encode(requests if len(requests) > 1 else requests[0])


def read_answers(body: bytes, count: int, decoder: Answers[T]) -> list[T | Failure | None]:
    """Put the results in the order of the `count` calls asked, a Failure where a call has none.

    A batch may come back in any order, short or with an id twice. Raises `msgspec.DecodeError` where the body
    as a whole cannot be read.
    """
    decoded = decoder.decode(body)
    if not isinstance(decoded, list):
        only = _outcome(decoded)
        return [only if count == 1 else _of_batch(only)] * count
    slots: list[T | Failure | None] = [Failure(Refusal.MALFORMED, "the answer is missing")] * count
    seen: set[int] = set()
    for answer in decoded:
        place = answer.id
        if not isinstance(place, int) or not 0 <= place < count:
            continue
        outcome = _outcome(answer)
        slots[place] = Failure(Refusal.MALFORMED, "answered twice") if place in seen else outcome
        seen.add(place)
    return slots


def _outcome(answer: Answer[T]) -> T | Failure | None:
    error = answer.error
    if isinstance(error, str):
        return failure(0, error)
    if error is not None:
        data = "" if error.data is None else f" {error.data}"
        return failure(error.code if isinstance(error.code, int) else 0, f"{error.message}{data}")
    if answer.result is msgspec.UNSET:
        return Failure(Refusal.MALFORMED, "neither result nor error")
    return answer.result


def _of_batch(outcome: object) -> Failure:
    """Judge one object that came for a whole batch: what refuses a batch may take the calls one by one."""
    if not isinstance(outcome, Failure):
        return Failure(Refusal.TOO_LARGE, "one answer for a batch")
    return replace(outcome, refusal=Refusal.TOO_LARGE) if outcome.refusal is Refusal.FINAL else outcome
