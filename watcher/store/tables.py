"""The tables, one class each: what is stored, in which unit, and what a row means.

    index ─▶ block, actor, sample, want      evaluate ─▶ hour, contract_hour, evaluation, ledger_entry, event
    deliver ─▶ delivery, attempt, channel    every stage ─▶ stage_run

The classes only define and document: rows are read and written with SQLAlchemy Core in this package's
repositories, and leave it as plain dataclasses. docs/database.md is generated from the texts below. A change
here needs a migration; a test compares both.
"""

# ruff: noqa: ANN401  # what a column is declared with and what it holds is as varied as columns are

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, LargeBinary, MetaData, Text
from sqlmodel import Field, SQLModel, col

from watcher.store.sql import Instant, Whole

_NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
}


class Row(SQLModel):
    """What all tables share: one metadata, with constraint names that migrations can rely on."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=_NAMING)


def whole(description: str, *, key: bool = False, numbered: bool = False, **options: Any) -> Any:
    """Declare a 64-bit integer; a `key` is given by us unless it is `numbered` by the database."""
    return Field(
        description=description,
        primary_key=key,
        sa_type=Whole,
        sa_column_kwargs={"autoincrement": numbered} if key else {},
        **options,
    )


def text(description: str, *, key: bool = False, **options: Any) -> Any:
    """Declare a text of any length."""
    return Field(description=description, primary_key=key, sa_type=Text, **options)


def blob(description: str, **options: Any) -> Any:
    """Declare bytes."""
    return Field(description=description, sa_type=LargeBinary, **options)


def instant(description: str, **options: Any) -> Any:
    """Declare an instant of the wall clock, UTC."""
    return Field(description=description, sa_type=Instant, **options)


def reference(description: str, target: str, **options: Any) -> Any:
    """Declare a 64-bit integer that refers to another table's key."""
    return Field(
        description=description,
        foreign_key=target,
        sa_type=Whole,
        **options,
    )


class Block(Row, table=True):
    """A block that was read. It stays while it may be reorganised, says something, or is kept."""

    __tablename__ = "block"

    number: int = whole("block number", key=True)
    hash: str = text("block hash, 0x and 64 lowercase hex digits")
    parent_hash: str = text("hash of the parent block")
    timestamp: int = whole("Unix seconds of chain time")
    keep: bool = Field(
        description="kept though it says nothing: the first block of an hour or a sample block"
    )
    announces: bool = Field(description="says who owns or created a contract")
    payload: bytes | None = blob(
        "what it says about the tracked apps (MessagePack); null: nothing", default=None
    )


Index(
    "ix_block_announces",
    col(Block.number),
    sqlite_where=col(Block.announces),
    postgresql_where=col(Block.announces),
)


class Actor(Row, table=True):
    """A number for each address that acted, given out by this database; it means nothing elsewhere."""

    __tablename__ = "actor"

    id: int = whole("the number, from 1", key=True)
    address: str = text("0x and 40 lowercase hex digits", unique=True)


class SampleRow(Row, table=True):
    """The code behind a contract at a sample block."""

    __tablename__ = "sample"

    address: str = text("the contract", key=True)
    block_number: int = whole("the sample block", key=True, index=True)
    kind: str = text("none, plain, eip-7702, eip-1967, beacon, eip-1822, eip-1167, diamond or safe")
    code_hash: str | None = text("keccak-256 of the code at the address; null: no code", default=None)
    runnable: bool = Field(description="code that can run, at the address and behind it")
    logic: str = text("the code behind a proxy, JSON [[address, code hash or null], …]")
    beacon: str | None = text("the beacon it asks for its logic, null: none", default=None)


class WantRow(Row, table=True):
    """A read that evaluate waits for and index answers."""

    __tablename__ = "want"

    key: str = text("names the read", key=True)
    kind: str = text("sample, call, block_at or agreed")
    address: str | None = text("sample, call: the contract", default=None)
    block_number: int = whole("sample, call, agreed: the block; block_at: the block it must not lie after")
    timestamp: int | None = whole(
        "block_at: Unix seconds; wanted is the first block not before", default=None
    )
    after: int | None = whole("block_at: the block it lies after", default=None)
    since: datetime = instant("when it was first wanted")
    tries: int = whole("how often reading failed")
    last_error: str | None = text("why, the last time", default=None)


class Hour(Row, table=True):
    """What reached one app in one UTC hour that is over, of concluded blocks."""

    __tablename__ = "hour"

    app: str = text("the app's id in the program", key=True)
    hour: int = whole("hours since 1970", key=True)
    actors: bytes = blob("actor id and counted actions in turn, ascending (MessagePack list of integers)")
    actor_count: int = whole("distinct actors")
    actions: int = whole("counted actions")
    failed: int = whole("failed transactions")
    excluded: int = whole("successful actions of excluded actors")
    gas: str = text("gas used, decimal")
    fee_wei: str = text("fees paid in wei, decimal: it overflows 64 bits")
    logs: int = whole("logs emitted by the app's contracts")


class ContractHourRow(Row, table=True):
    """What reached one contract in one UTC hour that is over, of concluded blocks."""

    __tablename__ = "contract_hour"

    address: str = text("the contract", key=True)
    hour: int = whole("hours since 1970", key=True)
    app: str = text("the id of the app it belonged to", key=True)
    actions: int = whole("counted actions")
    failed: int = whole("failed transactions")
    gas: str = text("gas used, decimal")
    fee_wei: str = text("fees paid in wei, decimal")
    logs: int = whole("logs emitted")


Index("ix_contract_hour_app", col(ContractHourRow.app), col(ContractHourRow.hour))


class SeriesHourRow(Row, table=True):
    """What one measured quantity held in one UTC hour that is over, of concluded blocks."""

    __tablename__ = "series_hour"

    series: str = text("names the metric with its aggregate", key=True)
    app: str = text("the app's id; empty: it does not go by app", key=True)
    hour: int = whole("hours since 1970", key=True)
    payload: str = text(
        "JSON, by position: sum (of a level times seconds), smallest and largest value, blocks, value at the "
        "end, counted values for a percentile, whether all of it could be read; values are [low, high]"
    )


class CallSample(Row, table=True):
    """What a view function returned at a sample block."""

    __tablename__ = "call_sample"

    address: str = text("the contract", key=True)
    data: str = text("the call's input, 0x and lowercase hex digits", key=True)
    block_number: int = whole("the sample block", key=True, index=True)
    answer: bytes | None = blob("what it returned; null: it reverted", default=None)


class AttestationRow(Row, table=True):
    """What somebody attested, admitted once and never changed."""

    __tablename__ = "attestation"

    id: str = text("SHA-256 of the statement", key=True)
    admitted_at: int = whole("Unix seconds of chain time: not before this it acts")
    statement: str = text("what is signed, as JSON")
    signature: str = text("ed25519, 128 hex digits")


class Identity(Row, table=True):
    """What this database is about: a single row."""

    __tablename__ = "identity"

    id: int = whole("always 1", key=True)
    chain_id: int = whole("EIP-155 chain id")
    genesis_hash: str = text("hash of block 0")
    program_id: str = text("the program's id")
    definition_hash: str = text("SHA-256 of the canonical program")
    created_at: datetime = instant("when the database was first used")


class Position(Row, table=True):
    """A block of the chain with a meaning: see `name`."""

    __tablename__ = "chain_position"

    name: str = text(
        "head: the last one seen; final: the last final one; agreed: the last agreed on; ahead: where what "
        "was read ahead begins, while older history is still missing",
        key=True,
    )
    number: int = whole("block number")
    hash: str = text("block hash")
    parent_hash: str = text("hash of the parent block")
    timestamp: int = whole("Unix seconds of chain time")


class Evaluation(Row, table=True):
    """What was concluded up to a block: the present state (slot -1) and one a UTC day to go back to."""

    __tablename__ = "evaluation"

    slot: int = whole("days since 1970 of the block, or -1 for the present state", key=True)
    number: int = whole("block number, concluded with this one included")
    hash: str = text("block hash")
    parent_hash: str = text("hash of the parent block")
    timestamp: int = whole("Unix seconds of chain time")
    payload: bytes = blob("the state as canonical JSON")


class ObservationRow(Row, table=True):
    """A milestone seen on blocks that were not final yet."""

    __tablename__ = "observation"

    id: str = text("the id of the notice milestone.observed", key=True)
    milestone: str = text("the milestone's id in the program")
    block_number: int = whole("the block at which its condition first held")
    block_hash: str = text("that block's hash")
    status: str = text("open, reached or retracted")


class Generation(Row, table=True):
    """A ledger that replaced another one: after a reorganisation below finality, or under a changed program.

    The first has no row.
    """

    __tablename__ = "generation"

    number: int = whole("2 for the first replacement", key=True)
    after_block: int = whole("entries up to this block were carried over from the generation before")


class AdoptionRow(Row, table=True):
    """A program that this database was given: its first one, and each that replaced one."""

    __tablename__ = "adoption"

    generation: int = whole("the ledger that begins with it", key=True)
    program_id: str = text("the program's id")
    definition_hash: str = text("SHA-256 of the canonical program")
    program: str = text("the canonical program, JSON")
    adopted_at: datetime = instant("when")


class LedgerEntry(Row, table=True):
    """A final conclusion; the digests chain them."""

    __tablename__ = "ledger_entry"

    generation: int = whole("which ledger; the highest is the present one", key=True)
    sequence: int = whole("1, 2, 3, …", key=True)
    id: str = text("UUIDv5, the same in every watcher of the program")
    type: str = text("what was concluded, e.g. milestone.reached")
    subject: str = text("about what: the id of an app, KPI, milestone or countdown")
    block_number: int = whole("the block at which it holds")
    block_hash: str = text("that block's hash")
    occurred_at: int = whole("Unix seconds of chain time")
    bundle_sha256: str = text("names the evidence")
    digest: str = text("SHA-256 of the canonical entry")
    entry: str = text("the whole entry as JSON")


Index("ix_ledger_entry_subject", col(LedgerEntry.type), col(LedgerEntry.subject))


class Bundle(Row, table=True):
    """Evidence, named by its content."""

    __tablename__ = "bundle"

    sha256: str = text("SHA-256 of the body", key=True)
    body: bytes = blob("canonical JSON")


class EventRow(Row, table=True):
    """A message to tell: a ledger entry or a notice, written once."""

    __tablename__ = "event"

    sequence: int | None = whole("ascending", key=True, numbered=True, default=None)
    id: str = text("the webhook-id of every delivery", unique=True)
    key: str = text("what makes it the same message when it is offered again", unique=True)
    type: str = text("e.g. milestone.reached")
    countdown: str | None = text("messages of one countdown keep their order; null: unordered", default=None)
    occurred_at: int = whole("Unix seconds: block time, or the instant of a mark")
    created_at: datetime = instant("when it was written")
    body: bytes = blob("the bytes that are signed and sent")


class DeliveryRow(Row, table=True):
    """One event to one channel."""

    __tablename__ = "delivery"

    sequence: int | None = whole("ascending", key=True, numbered=True, default=None)
    event_sequence: int = reference("the event", "event.sequence", index=True)
    channel: str = text("the channel's id in the deployment file")
    status: str = text("pending, delivered, dead or superseded")
    attempts: int = whole("attempts on the schedule since it was queued or replayed")
    quick_failures: int = whole("failures, beside the schedule, since a newer message of its countdown waits")
    next_attempt_at: datetime = instant("not before this")
    last_outcome: str | None = text("how the last attempt ended", default=None)


Index("ix_delivery_channel", col(DeliveryRow.channel), col(DeliveryRow.status))


class AttemptRow(Row, table=True):
    """One try at one delivery; never deleted."""

    __tablename__ = "attempt"

    id: int | None = whole("ascending", key=True, numbered=True, default=None)
    delivery_sequence: int = reference("the delivery", "delivery.sequence", index=True)
    started_at: datetime = instant("when it began")
    finished_at: datetime = instant("when it ended")
    outcome: str = text("how it ended")
    status_code: int | None = whole("HTTP status, null: no answer", default=None)
    detail: str = text("what the receiver said, cut to 500 characters")
    retry_after_seconds: float | None = Field(description="the receiver's wish, null: none", default=None)


class ChannelRow(Row, table=True):
    """What is known of a channel beside the deployment file."""

    __tablename__ = "channel"

    id: str = text("the channel's id in the deployment file", key=True)
    url_digest: str = text("digest of its URL: a changed one enables it again")
    disabled_at: datetime | None = instant("since when nothing is sent, null: enabled", default=None)
    reason: str | None = text("why", default=None)


class StageRunRow(Row, table=True):
    """One run of one stage; about the last thousand of each are kept."""

    __tablename__ = "stage_run"

    id: int | None = whole("ascending", key=True, numbered=True, default=None)
    stage: str = text("index, evaluate, deliver or deliver:CHANNEL")
    started_at: datetime = instant("when it began")
    finished_at: datetime = instant("when it ended")
    ok: bool = Field(description="whether it did what it should")
    error: str | None = text("what went wrong", default=None)
    detail: str = text("counts of what it did, JSON")


Index("ix_stage_run_stage", col(StageRunRow.stage), col(StageRunRow.id))
