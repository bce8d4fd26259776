"""What stands at an address and whether it can run, on states made by hand."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from watcher.chain.code import (
    BEACON_SLOT,
    EIP1822_SLOT,
    EIP1967_SLOT,
    FACET_ADDRESSES,
    IMPLEMENTATION,
    MASTER_COPY,
    MAX_BEHIND,
    SAFE_SLOT,
    CallTo,
    CodeAt,
    StorageAt,
    sample_code,
)
from watcher.core.facts import CodeKind, Sample
from watcher.core.types import Address
from watcher.testing.fake_blocks import PLAIN_CODE, PROXY_CODE, address

PROXY, LOGIC, BEACON, OTHER = (address(name) for name in ("proxy", "logic", "beacon", "other"))
ZERO = Address("0x" + "00" * 20)


class State:
    """One block's state, written down."""

    def __init__(
        self,
        code: Mapping[Address, bytes],
        slots: Mapping[tuple[Address, int], Address | int] | None = None,
        answers: Mapping[tuple[Address, bytes], bytes] | None = None,
    ) -> None:
        self.code = code
        self.slots = slots or {}
        self.answers = answers or {}
        self.slots_read = 0

    def values(self, reads: Sequence[CodeAt | StorageAt]) -> list[bytes]:
        """Give code, empty by default, and slots, zero by default."""
        return [self._value(read) for read in reads]

    def calls(self, calls: Sequence[CallTo]) -> list[bytes | None]:
        """Give the answers written down; everything else reverts."""
        return [self.answers.get((call.address, call.data)) for call in calls]

    def _value(self, read: CodeAt | StorageAt) -> bytes:
        if isinstance(read, CodeAt):
            return self.code.get(read.address, b"")
        self.slots_read += 1
        value = self.slots.get((read.address, read.slot), 0)
        return (int(value, 16) if isinstance(value, str) else value).to_bytes(32)


def word(value: Address | int) -> bytes:
    """ABI-encode one value."""
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32)


def words(*addresses: Address | int) -> bytes:
    """ABI-encode a list of addresses."""
    return word(32) + word(len(addresses)) + b"".join(word(each) for each in addresses)


def clone_of(target: Address) -> bytes:
    """Give the code of an ERC-1167 clone."""
    return bytes.fromhex(f"363d3d373d3d3d363d73{target[2:]}5af43d82803e903d91602b57fd5bf3")


def delegation_to(target: Address) -> bytes:
    """Give the code of a delegated account."""
    return bytes.fromhex(f"ef0100{target[2:]}")


def sampled(state: State, at: Address = PROXY) -> Sample:
    """Sample at block 7."""
    return sample_code(state, at, 7)


def proxy_states(logic: Mapping[Address, bytes]) -> dict[CodeKind, State]:
    """Give one state for each kind of proxy, with this code behind it."""
    code = {PROXY: PROXY_CODE, BEACON: PLAIN_CODE, **logic}
    return {
        CodeKind.EIP1967: State(code, {(PROXY, EIP1967_SLOT): LOGIC}),
        CodeKind.BEACON: State(code, {(PROXY, BEACON_SLOT): BEACON}, {(BEACON, IMPLEMENTATION): word(LOGIC)}),
        CodeKind.EIP1822: State(code, {(PROXY, EIP1822_SLOT): LOGIC}),
        CodeKind.EIP1167: State({**code, PROXY: clone_of(LOGIC)}),
        CodeKind.DIAMOND: State(code, {}, {(PROXY, FACET_ADDRESSES): words(LOGIC)}),
        CodeKind.SAFE: State(code, {(PROXY, SAFE_SLOT): LOGIC}, {(PROXY, MASTER_COPY): word(LOGIC)}),
    }


PROXIES = list(proxy_states({}))


def test_an_address_without_code_does_not_run() -> None:
    """NONE: an account with a key, or nothing at all."""
    sample = sampled(State({}))
    assert (sample.kind, sample.code_hash, sample.runnable, sample.logic) == (CodeKind.NONE, None, False, ())


def test_a_delegated_account_does_not_run() -> None:
    """EIP-7702: an account with a key is no deployed contract, whatever code it borrows."""
    sample = sampled(State({PROXY: delegation_to(LOGIC), LOGIC: PLAIN_CODE}))
    assert (sample.kind, sample.runnable, sample.logic) == (CodeKind.DELEGATION, False, ())


def test_plain_code_runs_and_its_slots_are_not_looked_at() -> None:
    """Without a DELEGATECALL no proxy can work, so what its slots hold means nothing."""
    state = State({PROXY: PLAIN_CODE}, {(PROXY, EIP1967_SLOT): LOGIC})
    sample = sampled(state)
    assert (sample.kind, sample.runnable, sample.logic) == (CodeKind.PLAIN, True, ())
    assert sample.block_number == 7
    assert state.slots_read == 0


def test_code_that_delegates_to_a_library_is_plain() -> None:
    """A DELEGATECALL without any proxy's marks is the contract's own business."""
    assert sampled(State({PROXY: PROXY_CODE})).kind is CodeKind.PLAIN


@pytest.mark.parametrize("kind", PROXIES)
def test_a_proxy_runs_where_its_logic_has_code(kind: CodeKind) -> None:
    """Each kind is recognised, and the code behind it is named with its hash."""
    sample = sampled(proxy_states({LOGIC: PLAIN_CODE})[kind])
    assert (sample.kind, sample.runnable) == (kind, True)
    assert [(logic.address, logic.code_hash is not None) for logic in sample.logic] == [(LOGIC, True)]
    assert sample.beacon == (BEACON if kind is CodeKind.BEACON else None)


@pytest.mark.parametrize("kind", PROXIES)
def test_a_proxy_does_not_run_where_its_logic_has_no_code(kind: CodeKind) -> None:
    """Calls to such a proxy succeed and do nothing: its own code proves nothing."""
    sample = sampled(proxy_states({})[kind])
    assert (sample.kind, sample.runnable) == (kind, False)
    assert [(logic.address, logic.code_hash) for logic in sample.logic] == [(LOGIC, None)]


@pytest.mark.parametrize("kind", PROXIES)
def test_a_proxy_does_not_run_where_its_logic_is_a_delegated_account(kind: CodeKind) -> None:
    """The holder of a key can take that code away at any time."""
    assert not sampled(proxy_states({LOGIC: delegation_to(OTHER), OTHER: PLAIN_CODE})[kind]).runnable


def test_the_upper_bytes_of_a_slot_are_ignored() -> None:
    """The EVM takes the low twenty bytes of a word for an address, so do we."""
    dirty = int(LOGIC, 16) + (7 << 160)
    sample = sampled(State({PROXY: PROXY_CODE, LOGIC: PLAIN_CODE}, {(PROXY, EIP1967_SLOT): dirty}))
    assert (sample.kind, sample.runnable) == (CodeKind.EIP1967, True)


@pytest.mark.parametrize("answer", [None, b"", b"\x01" * 32, word(LOGIC)[:-1], word(LOGIC) + b"\x00"])
def test_a_beacon_that_names_no_implementation_makes_a_proxy_that_does_not_run(answer: bytes | None) -> None:
    """The proxy is known by its slot; without an address from the beacon there is nothing behind it."""
    answers = {} if answer is None else {(BEACON, IMPLEMENTATION): answer}
    sample = sampled(State({PROXY: PROXY_CODE}, {(PROXY, BEACON_SLOT): BEACON}, answers))
    assert (sample.kind, sample.runnable, sample.logic) == (CodeKind.BEACON, False, ())
    assert sample.beacon == BEACON


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        words(),
        words(LOGIC)[:-1],
        words(LOGIC) + word(0),
        word(64) + words(LOGIC)[32:],
        words(int(LOGIC, 16) + (1 << 160)),
        word(32),
        word(LOGIC),
    ],
)
def test_junk_instead_of_facets_is_no_diamond(answer: bytes) -> None:
    """A fallback that answers anything to anybody must not pass for a loupe."""
    state = State({PROXY: PROXY_CODE, LOGIC: PLAIN_CODE}, {}, {(PROXY, FACET_ADDRESSES): answer})
    assert sampled(state).kind is CodeKind.PLAIN


def test_every_facet_of_a_diamond_needs_code() -> None:
    """One facet without code is one part of the application that does nothing."""
    facets = {(PROXY, FACET_ADDRESSES): words(LOGIC, OTHER, LOGIC)}
    sample = sampled(State({PROXY: PROXY_CODE, LOGIC: PLAIN_CODE}, {}, facets))
    assert (sample.kind, sample.runnable) == (CodeKind.DIAMOND, False)
    assert {logic.address for logic in sample.logic} == {LOGIC, OTHER}
    assert sampled(State({PROXY: PROXY_CODE, LOGIC: PLAIN_CODE, OTHER: PLAIN_CODE}, {}, facets)).runnable


@pytest.mark.parametrize("answer", [b"", word(OTHER), word(ZERO), b"\x01" * 32])
def test_a_master_copy_that_is_not_in_slot_zero_is_no_safe(answer: bytes) -> None:
    """A Safe proxy answers with its slot; any other answer comes from code that is no such proxy."""
    state = State(
        {PROXY: PROXY_CODE, LOGIC: PLAIN_CODE}, {(PROXY, SAFE_SLOT): LOGIC}, {(PROXY, MASTER_COPY): answer}
    )
    assert sampled(state).kind is CodeKind.PLAIN


def test_a_proxy_behind_a_proxy_is_followed() -> None:
    """The logic of the logic must have code too; all of it is listed."""
    slots = {(PROXY, EIP1967_SLOT): LOGIC}
    assert sampled(State({PROXY: PROXY_CODE, LOGIC: clone_of(OTHER), OTHER: PLAIN_CODE}, slots)).runnable
    broken = sampled(State({PROXY: PROXY_CODE, LOGIC: clone_of(OTHER)}, slots))
    assert not broken.runnable
    assert {logic.address for logic in broken.logic} == {LOGIC, OTHER}


@pytest.mark.parametrize(("behind", "runs"), [(4, True), (5, False)])
def test_proxies_are_followed_four_deep(behind: int, runs: bool) -> None:  # noqa: FBT001
    """A chain of proxies longer than that counts as code that cannot run."""
    chain = [PROXY, *(address(f"behind {number}") for number in range(behind))]
    code = {here: clone_of(there) for here, there in pairwise(chain)}
    assert sampled(State({**code, chain[-1]: PLAIN_CODE})).runnable is runs


def test_proxies_in_a_circle_do_not_run() -> None:
    """Code that only leads back to itself never does anything."""
    assert not sampled(State({PROXY: clone_of(LOGIC), LOGIC: clone_of(PROXY)})).runnable
    assert not sampled(State({PROXY: clone_of(PROXY)})).runnable


def test_the_walk_behind_one_contract_is_bounded() -> None:
    """Whoever announces a contract with endless facets cannot keep the watcher busy with it."""
    many = [address(f"facet {number}") for number in range(MAX_BEHIND + 1)]
    code = {PROXY: PROXY_CODE, **dict.fromkeys(many, PLAIN_CODE)}
    assert not sampled(State(code, {}, {(PROXY, FACET_ADDRESSES): words(*many)})).runnable
    assert sampled(State(code, {}, {(PROXY, FACET_ADDRESSES): words(*many[1:])})).runnable
