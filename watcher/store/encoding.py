"""Block facts as bytes: one MessagePack payload a block, positional, so that rows stay small.

Fields may be appended with a default; old payloads stay readable. Amounts beyond the 64 bits that MessagePack
has are decimal text.
"""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import msgspec

from watcher.core.facts import Activity, Announcement, BlockFacts, ContractTotals, Creation, PauseLog
from watcher.core.types import ActorId, Address, AppId, BlockRef


class _Activity(msgspec.Struct, array_like=True, gc=False):
    actors: dict[int, int]
    failed: int
    excluded: int
    gas: int | str
    fee_wei: int | str
    logs: int
    contracts: dict[str, tuple[int, int, int | str, int | str, int]]


class _Payload(msgspec.Struct, array_like=True, gc=False):
    activity: dict[str, _Activity]
    announcements: list[tuple[str, str, str, int, bool, bool, str]]
    creations: list[tuple[str, str]]
    pauses: list[tuple[str, bool]]
    code_changes: list[str]


_ANNOUNCEMENT = attrgetter("app", "address", "source", "log_index", "removed", "listed", "role")
_TOTALS = attrgetter("actions", "failed", "gas", "fee_wei", "logs")

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Payload)
_pairs_decoder = msgspec.msgpack.Decoder(list[int])


def encode(facts: BlockFacts[Address], number_of: Mapping[Address, ActorId]) -> bytes | None:
    """Pack a block's facts, actors by number; None where the block says nothing."""
    if facts.empty:
        return None
    payload = _Payload(
        {str(app): _pack_activity(item, number_of) for app, item in facts.activity.items()},
        [_ANNOUNCEMENT(item) for item in facts.announcements],
        [(item.address, item.creator) for item in facts.creations],
        [(item.address, item.paused) for item in facts.pauses],
        list(facts.code_changes),
    )
    try:
        return _encoder.encode(payload)
    except OverflowError:
        _spell_out(payload)
        return _encoder.encode(payload)


def decode(block: BlockRef, payload: bytes | None) -> BlockFacts[ActorId]:
    """Unpack a block's facts; None says nothing."""
    if payload is None:
        return BlockFacts(block)
    packed = _decoder.decode(payload)
    return BlockFacts(
        block,
        {AppId(app): _unpack_activity(item) for app, item in packed.activity.items()},
        tuple(
            Announcement(AppId(app), Address(address), source, log_index, removed, listed, role)
            for app, address, source, log_index, removed, listed, role in packed.announcements
        ),
        tuple(Creation(Address(address), Address(creator)) for address, creator in packed.creations),
        tuple(PauseLog(Address(address), paused) for address, paused in packed.pauses),
        tuple(Address(address) for address in packed.code_changes),
    )


def encode_pairs(pairs: Iterable[tuple[int, int]]) -> bytes:
    """Pack (actor id, count) pairs, ascending by id."""
    return _encoder.encode([number for pair in sorted(pairs) for number in pair])


def decode_pairs(packed: bytes) -> list[tuple[ActorId, int]]:
    """Unpack what `encode_pairs` packed."""
    turn: Any = iter(_pairs_decoder.decode(packed))
    return list(zip(turn, turn, strict=True))


def _pack_activity(item: Activity[Address], number_of: Mapping[Address, ActorId]) -> _Activity:
    return _Activity(
        {number_of[address]: count for address, count in item.actors.items()},
        item.failed,
        item.excluded,
        item.gas,
        item.fee_wei,
        item.logs,
        {address: _TOTALS(total) for address, total in item.contracts.items()},
    )


def _spell_out(payload: _Payload) -> None:
    """Turn the amounts of a payload into text, those of one block that overflowed."""
    for item in payload.activity.values():
        item.gas, item.fee_wei = str(item.gas), str(item.fee_wei)
        item.contracts = {
            address: (actions, failed, str(gas), str(fee_wei), logs)
            for address, (actions, failed, gas, fee_wei, logs) in item.contracts.items()
        }


def _unpack_activity(item: _Activity) -> Activity[ActorId]:
    return Activity(
        {ActorId(number): count for number, count in item.actors.items()},
        item.failed,
        item.excluded,
        int(item.gas),
        int(item.fee_wei),
        item.logs,
        {
            Address(address): ContractTotals(actions, failed, int(gas), int(fee_wei), logs)
            for address, (actions, failed, gas, fee_wei, logs) in item.contracts.items()
        },
    )
