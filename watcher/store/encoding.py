"""Block facts as bytes: what a block says is packed where it was read, its actors are numbered by the writer.

    BlockFacts ─▶ pack ─▶ PackedWindow ─▶ (actors numbered) payload a block ─▶ unpack ─▶ BlockFacts

A payload is MessagePack, positional, so that rows stay small: what the block says without its actors, and a
flat list of actor number and count, app by app. Amounts beyond the 64 bits that MessagePack has are decimal
text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from watcher.core.extract import Findings
from watcher.core.facts import Activity, Announcement, BlockFacts, ContractTotals, Creation, PauseLog
from watcher.core.types import ActorId, Address, AppId, BlockRef


class _Activity(msgspec.Struct, array_like=True, gc=False):
    actors: int
    failed: int
    excluded: int
    gas: int | str
    fee_wei: int | str
    logs: int
    contracts: Mapping[str, tuple[int, int, int | str, int | str, int]]


class _Payload(msgspec.Struct, array_like=True, gc=False):
    activity: dict[str, _Activity]
    announcements: list[tuple[str, str, str, int, bool, bool, str]]
    creations: list[tuple[str, str]]
    pauses: list[tuple[str, bool]]
    code_changes: list[str]
    measures: dict[str, dict[str, int | str]] = {}


class _Row(msgspec.Struct, array_like=True, gc=False):
    says: bytes
    actors: list[int]


class PackedBlock(NamedTuple):
    """One block ready to be stored.

    `says` is None where it says nothing. `actors` are, app by app, the place of each actor in the window's
    list and how often it acted: place, count, place, count.
    """

    block: BlockRef
    says: bytes | None
    actors: list[int]
    announces: bool


@dataclass(frozen=True, slots=True)
class PackedWindow:
    """Blocks ready to be stored, ascending, and everybody who acted in them, each once."""

    blocks: Sequence[PackedBlock]
    actors: Sequence[Address]


_ANNOUNCEMENT = attrgetter("app", "address", "source", "log_index", "removed", "listed", "role")

_encoder = msgspec.msgpack.Encoder()
_row_decoder = msgspec.msgpack.Decoder(_Row)
_decoder = msgspec.msgpack.Decoder(_Payload)
_pairs_decoder = msgspec.msgpack.Decoder(list[int])


class Packer:
    """Packs what blocks say as they are read, so that a window in the making takes little memory."""

    def __init__(self) -> None:
        """Start with no block and nobody."""
        self._places: dict[Address, int] = {}
        self._packed: dict[int, tuple[bytes | None, list[int], bool]] = {}

    def add(self, number: int, says: Findings | BlockFacts[Address]) -> None:
        """Pack what one block says; its header may come later."""
        actors: list[int] = []
        places = self._places
        for item in says.activity.values():
            for address, count in item.actors.items():
                actors += (places.setdefault(address, len(places)), count)
        self._packed[number] = _says(says), actors, bool(says.announcements or says.creations)

    def window(self, line: Iterable[BlockRef]) -> PackedWindow:
        """Give these blocks, ascending; one that was not added says nothing."""
        nothing = (None, list[int](), False)
        blocks = [PackedBlock(block, *self._packed.get(block.number, nothing)) for block in line]
        return PackedWindow(blocks, list(self._places))


def pack(blocks: Sequence[BlockFacts[Address]]) -> PackedWindow:
    """Pack whole blocks, ascending."""
    packer = Packer()
    for facts in blocks:
        packer.add(facts.block.number, facts)
    return packer.window(facts.block for facts in blocks)


def payload(block: PackedBlock, numbers: Sequence[ActorId]) -> bytes | None:
    """Give what is stored of a block, its actors by the numbers of the window's list; None: nothing."""
    if block.says is None:
        return None
    actors = block.actors.copy()
    actors[::2] = [numbers[place] for place in actors[::2]]
    return _encoder.encode((block.says, actors))


def unpack(block: BlockRef, stored: bytes | None) -> BlockFacts[ActorId]:
    """Give a block's facts back; None says nothing."""
    if stored is None:
        return BlockFacts(block)
    row = _row_decoder.decode(stored)
    packed = _decoder.decode(row.says)
    activity = {}
    place = 0
    for app, item in packed.activity.items():
        end = place + 2 * item.actors
        numbers: Any = row.actors[place:end:2]
        activity[AppId(app)] = _unpack_activity(
            item, dict(zip(numbers, row.actors[place + 1 : end : 2], strict=True))
        )
        place = end
    return BlockFacts(
        block,
        activity,
        tuple(
            Announcement(AppId(app), Address(address), source, log_index, removed, listed, role)
            for app, address, source, log_index, removed, listed, role in packed.announcements
        ),
        tuple(Creation(Address(address), Address(creator)) for address, creator in packed.creations),
        tuple(PauseLog(Address(address), paused) for address, paused in packed.pauses),
        tuple(Address(address) for address in packed.code_changes),
        {
            key: {app: int(amount) for app, amount in amounts.items()}
            for key, amounts in packed.measures.items()
        },
    )


def encode_pairs(pairs: Iterable[tuple[int, int]]) -> bytes:
    """Pack (actor id, count) pairs, ascending by id."""
    return _encoder.encode([number for pair in sorted(pairs) for number in pair])


def decode_pairs(packed: bytes) -> list[tuple[ActorId, int]]:
    """Unpack what `encode_pairs` packed."""
    turn: Any = iter(_pairs_decoder.decode(packed))
    return list(zip(turn, turn, strict=True))


def _says(facts: Findings | BlockFacts[Address]) -> bytes | None:
    if facts.empty:
        return None
    packed = _Payload(
        {app: _pack_activity(item) for app, item in facts.activity.items()},
        [_ANNOUNCEMENT(item) for item in facts.announcements],
        [(item.address, item.creator) for item in facts.creations],
        [(item.address, item.paused) for item in facts.pauses],
        list(facts.code_changes),
        {key: dict(amounts) for key, amounts in facts.measures.items()},
    )
    try:
        return _encoder.encode(packed)
    except OverflowError:
        _spell_out(packed)
        return _encoder.encode(packed)


def _pack_activity(item: Activity[Address]) -> _Activity:
    return _Activity(
        len(item.actors),
        item.failed,
        item.excluded,
        item.gas,
        item.fee_wei,
        item.logs,
        item.contracts,  # type: ignore[arg-type]  # keys are str, values are such tuples
    )


def _spell_out(packed: _Payload) -> None:
    """Turn the amounts of a block into text, those of one block that overflowed."""
    packed.measures = {
        key: {app: str(amount) for app, amount in amounts.items()} for key, amounts in packed.measures.items()
    }
    for item in packed.activity.values():
        item.gas, item.fee_wei = str(item.gas), str(item.fee_wei)
        item.contracts = {
            address: (actions, failed, str(gas), str(fee_wei), logs)
            for address, (actions, failed, gas, fee_wei, logs) in item.contracts.items()
        }


def _unpack_activity(item: _Activity, actors: Mapping[ActorId, int]) -> Activity[ActorId]:
    return Activity(
        actors,
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
