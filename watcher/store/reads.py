"""Single reads of the chain: state samples, and the wants of evaluate that index has to answer.

evaluate ─▶ put_wants ─▶ index reads ─▶ add_samples, add_headers ─▶ drop_wants
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import delete, select, update
from sqlmodel import col

from watcher.core.facts import (
    AgreedWant,
    BlockAtWant,
    CallAnswer,
    CallWant,
    CodeKind,
    Logic,
    Sample,
    SampleWant,
    Want,
)
from watcher.core.types import Address, ViewCall
from watcher.store.sql import Record, Repository, among, insert_new, upsert
from watcher.store.tables import CallSample, SampleRow, WantRow

_WANTS = select(WantRow).order_by(col(WantRow.block_number), col(WantRow.key))


@dataclass(frozen=True, slots=True)
class OpenWant:
    """A want that waits: since when (wall clock), how often reading it failed, and why the last time."""

    want: Want
    since: datetime
    tries: int
    last_error: str | None


class Reads(Repository):
    """The rows of `sample`, `call_sample` and `want`."""

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Record samples; one read again replaces the one before."""
        upsert(self._connection, SampleRow, [_sample_row(sample) for sample in samples])

    def samples(self, block_numbers: Iterable[int]) -> dict[tuple[Address, int], Sample]:
        """Give all samples of some blocks, by contract and block."""
        numbers = list(block_numbers)
        if not numbers:
            return {}
        chosen = among(self._connection, col(SampleRow.block_number), numbers)
        rows = self._connection.execute(select(SampleRow).where(chosen))
        return {(Address(row.address), row.block_number): _as_sample(row) for row in rows}

    def add_calls(self, answers: Iterable[CallAnswer]) -> None:
        """Record what view functions returned; one read again replaces the one before."""
        rows = [
            {
                "address": item.call.address,
                "data": item.call.data,
                "block_number": item.block_number,
                "answer": item.answer,
            }
            for item in answers
        ]
        upsert(self._connection, CallSample, rows)

    def calls(self, block_numbers: Iterable[int]) -> dict[tuple[ViewCall, int], bytes | None]:
        """Give what view functions returned at some blocks, by call and block."""
        numbers = list(block_numbers)
        if not numbers:
            return {}
        chosen = among(self._connection, col(CallSample.block_number), numbers)
        rows = self._connection.execute(select(CallSample).where(chosen))
        return {(ViewCall(Address(row.address), row.data), row.block_number): row.answer for row in rows}

    def put_wants(self, wants: Iterable[Want], now: datetime) -> None:
        """Ask for reads; one that is asked for already keeps its age and its failures."""
        rows = [{**_want_row(want), "since": now, "tries": 0, "last_error": None} for want in wants]
        insert_new(self._connection, WantRow, rows)

    def wants(self) -> list[OpenWant]:
        """Give every open want, by the block it is about."""
        return [
            OpenWant(_as_want(row), row.since, row.tries, row.last_error)
            for row in self._connection.execute(_WANTS)
        ]

    def want_failed(self, want: Want, error: str) -> None:
        """Note that a read failed; the want stays open."""
        self._connection.execute(
            update(WantRow)
            .where(col(WantRow.key) == _want_key(want))
            .values(tries=col(WantRow.tries) + 1, last_error=error)
        )

    def drop_wants(self, wants: Iterable[Want]) -> None:
        """Close wants: answered, or asked for no longer; unknown ones are ignored."""
        keys = [_want_key(want) for want in wants]
        if keys:
            self._connection.execute(delete(WantRow).where(among(self._connection, col(WantRow.key), keys)))


def _sample_row(sample: Sample) -> dict[str, Any]:
    return {
        "address": sample.address,
        "block_number": sample.block_number,
        "kind": str(sample.kind),
        "code_hash": sample.code_hash,
        "runnable": sample.runnable,
        "logic": json.dumps([[logic.address, logic.code_hash] for logic in sample.logic]),
        "beacon": sample.beacon,
    }


def _as_sample(row: Record) -> Sample:
    return Sample(
        Address(row.address),
        row.block_number,
        CodeKind(row.kind),
        row.code_hash,
        row.runnable,
        tuple(Logic(Address(address), code_hash) for address, code_hash in json.loads(row.logic)),
        None if row.beacon is None else Address(row.beacon),
    )


def _want_row(want: Want) -> dict[str, Any]:
    match want:
        case SampleWant(address, block_number):
            detail = {"kind": "sample", "address": address, "block_number": block_number}
            return {**detail, "timestamp": None, "after": None, "key": f"sample {address} {block_number}"}
        case CallWant(call, block_number):
            detail = {"kind": "call", "address": call.address, "block_number": block_number}
            key = f"call {call.address} {call.data} {block_number}"
            return {**detail, "timestamp": None, "after": None, "key": key}
        case BlockAtWant(timestamp, after, before):
            detail = {"kind": "block_at", "timestamp": timestamp, "after": after, "block_number": before}
            return {**detail, "address": None, "key": f"block_at {timestamp} {after} {before}"}
        case AgreedWant(block_number, endpoints):
            detail = {"kind": "agreed", "block_number": block_number, "address": None}
            return {**detail, "timestamp": None, "after": None, "key": f"agreed {block_number} {endpoints}"}
        case _:
            assert_never(want)


def _want_key(want: Want) -> str:
    key: str = _want_row(want)["key"]
    return key


def _as_want(row: Record) -> Want:
    if row.kind == "sample":
        return SampleWant(Address(row.address), row.block_number)
    if row.kind == "call":
        return CallWant(ViewCall(Address(row.address), row.key.split(" ")[2]), row.block_number)
    if row.kind == "agreed":
        return AgreedWant(row.block_number, int(row.key.rpartition(" ")[2]))
    return BlockAtWant(row.timestamp, row.after, row.block_number)
