"""What kind of code an address has at one block, and whether that code can run: a `Sample`.

    StateReader (one block's state) ─▶ sample_code ─▶ Sample ─▶ store ─▶ liveness

A proxy runs only if the code behind it does, so the walk follows proxies, beacons and facets. It asks at most
three times for each contract, everything of one question in one request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from watcher.chain.bytecode import address_of, clone_target, code_hash, has_delegatecall, is_delegation
from watcher.core.facts import CodeKind, Logic, Sample
from watcher.core.types import Address

EIP1967_SLOT = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC
BEACON_SLOT = 0xA3F0AD74E5423AEBFD80D3EF4346578335A9A72AEAEE59FF6CB3582B35133D50
EIP1822_SLOT = 0xC5F16F0FCC639FA48A6947836D9850F504798523BF8C9A3A87D5876CF622BCF7
SAFE_SLOT = 0
"""Where a Safe proxy keeps the address of its singleton."""

IMPLEMENTATION = bytes.fromhex("5c60da1b")
FACET_ADDRESSES = bytes.fromhex("52ef6b2c")
MASTER_COPY = bytes.fromhex("a619486e")

MAX_DEPTH = 4
"""Proxies behind proxies are followed so far; whatever lies deeper counts as code that cannot run."""
MAX_BEHIND = 256
"""So many addresses are looked at behind one contract; more count as code that cannot run."""

_WORD = 32
_ZERO = Address("0x" + "00" * 20)


@dataclass(frozen=True, slots=True)
class CodeAt:
    """The code of an address."""

    address: Address


@dataclass(frozen=True, slots=True)
class StorageAt:
    """One storage slot of an address, 32 bytes."""

    address: Address
    slot: int


@dataclass(frozen=True, slots=True)
class CallTo:
    """What a contract answers to a call without value."""

    address: Address
    data: bytes


class StateReader(Protocol):
    """The state of the chain after one block; a read that fails is an error for the whole."""

    def values(self, reads: Sequence[CodeAt | StorageAt]) -> list[bytes]:
        """Give what stands there, in the same order: code may be empty, a slot is 32 bytes."""
        ...

    def calls(self, calls: Sequence[CallTo]) -> list[bytes | None]:
        """Give what each call returned, in the same order; None where it reverted or could not run."""
        ...


def sample_code(state: StateReader, address: Address, block_number: int) -> Sample:
    """Give the kind of code at `address` and whether it runs; `state` must be that of `block_number`."""
    [code] = state.values([CodeAt(address)])
    walk = _Walk(state)
    shape = _shape(state, address, code)
    runnable = walk.runs(shape, (address,))
    return Sample(
        address=address,
        block_number=block_number,
        kind=shape.kind,
        code_hash=code_hash(code),
        runnable=runnable,
        logic=tuple(Logic(behind, walk.hashes[behind]) for behind in sorted(walk.hashes)),
        beacon=shape.beacon,
    )


@dataclass(frozen=True, slots=True)
class _Shape:
    """One contract by itself: what it is and which addresses' code it runs."""

    kind: CodeKind
    behind: tuple[Address, ...] = ()
    beacon: Address | None = None


class _Walk:
    """The way through everything behind one contract, depth first, in the order the chain gave."""

    def __init__(self, state: StateReader) -> None:
        self._state = state
        self._steps = 0
        self.hashes: dict[Address, str | None] = {}

    def runs(self, shape: _Shape, path: tuple[Address, ...]) -> bool:
        """Tell whether the contract at the end of `path`, which has this shape, can run."""
        if shape.kind in {CodeKind.NONE, CodeKind.DELEGATION}:
            return False
        if shape.kind is CodeKind.PLAIN:
            return True
        self._steps += len(shape.behind)
        if not shape.behind or self._steps > MAX_BEHIND:
            return False
        codes = self._state.values([CodeAt(address) for address in shape.behind])
        found = list(zip(shape.behind, codes, strict=True))
        self.hashes.update((address, code_hash(code)) for address, code in found)
        # All of them before the conclusion: a sample lists everything behind, whichever part is broken.
        running = [self._runs_behind(address, code, path) for address, code in found]
        return all(running)

    def _runs_behind(self, address: Address, code: bytes, path: tuple[Address, ...]) -> bool:
        if address in path or len(path) > MAX_DEPTH:
            return False
        return self.runs(_shape(self._state, address, code), (*path, address))


def _shape(state: StateReader, address: Address, code: bytes) -> _Shape:
    if not code:
        return _Shape(CodeKind.NONE)
    if is_delegation(code):
        return _Shape(CodeKind.DELEGATION)
    target = clone_target(code)
    if target is not None:
        return _Shape(CodeKind.EIP1167, (target,))
    if not has_delegatecall(code):
        # None of the proxies below can work without the instruction: their slots mean nothing here.
        return _Shape(CodeKind.PLAIN)
    return _proxy(state, address) or _Shape(CodeKind.PLAIN)


def _proxy(state: StateReader, address: Address) -> _Shape | None:
    slots = (EIP1967_SLOT, BEACON_SLOT, EIP1822_SLOT, SAFE_SLOT)
    words = state.values([StorageAt(address, slot) for slot in slots])
    logic, beacon, proxiable, singleton = (address_of(word) for word in words)
    if logic != _ZERO:
        return _Shape(CodeKind.EIP1967, (logic,))
    if beacon != _ZERO:
        [answer] = state.calls([CallTo(beacon, IMPLEMENTATION)])
        implementation = _decode_address(answer)
        return _Shape(CodeKind.BEACON, (implementation,) if implementation else (), beacon)
    if proxiable != _ZERO:
        return _Shape(CodeKind.EIP1822, (proxiable,))
    facets, master_copy = state.calls([CallTo(address, FACET_ADDRESSES), CallTo(address, MASTER_COPY)])
    if addresses := _decode_addresses(facets):
        return _Shape(CodeKind.DIAMOND, addresses)
    if singleton != _ZERO and _decode_address(master_copy) == singleton:
        return _Shape(CodeKind.SAFE, (singleton,))
    return None


def _decode_address(answer: bytes | None) -> Address | None:
    """Decode one ABI-encoded address, strictly; None for anything else: not that kind of contract."""
    if answer is None or len(answer) != _WORD or any(answer[:12]):
        return None
    return address_of(answer)


def _decode_addresses(answer: bytes | None) -> tuple[Address, ...]:
    """Decode one ABI-encoded `address[]`, strictly, each address once; empty for anything else."""
    if answer is None or len(answer) % _WORD:
        return ()
    words = [answer[start : start + _WORD] for start in range(0, len(answer), _WORD)]
    if [int.from_bytes(word) for word in words[:2]] != [_WORD, len(words) - 2]:
        return ()
    addresses = [_decode_address(word) for word in words[2:]]
    known = tuple(dict.fromkeys(address for address in addresses if address is not None))
    return known if None not in addresses else ()
