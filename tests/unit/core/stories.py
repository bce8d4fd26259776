"""Random chains for random programs: what people do, written as the facts that extraction gives.

programs() ─▶ Definition ┐
raw blocks ──────────────┴─▶ stories(): Definition, blocks with facts, the state of every contract
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st

from tests.unit.core.givens import Samples, address, at, facts, kpi, sample
from tests.unit.core.strategies import APPS, CONTRACTS, DAY, HOUR, STAGE, attesting, mostly, programs
from watcher.core.aggregates import Aggregate, Fold
from watcher.core.applications import open_app
from watcher.core.attestations import FALSE, TRUE, VALUE, Attestation, Statement
from watcher.core.definition import Definition, Gap
from watcher.core.facts import Announcement, BlockFacts, CodeKind, PauseLog, Sample
from watcher.core.state import State
from watcher.core.tranches import Allocation, Partial, Tranche
from watcher.core.types import ActorId, Address, AppId, Comparator, TrancheId, WindowSpec

BEACON = address(0xBEAC)

CREATORS = tuple(open_app(AppId("o"), address(0xC0 + number)) for number in range(2))
"""The apps of two accounts that no program lists; the contracts that they created may be others' too."""

WAITS = (0, 1, 1_800, HOUR - 1, HOUR, HOUR + 1, 5 * HOUR, DAY - 1, DAY, DAY + 1, 2 * DAY, 3 * DAY)
"""How long after a block the next one comes."""


FEWER = settings(max_examples=settings().max_examples // 2)
"""For tests that share what they look for with others: drawing a story takes longer than concluding it."""


@dataclass(frozen=True, slots=True)
class Story:
    """A program, a chain, and what stands at each contract: `code` maps it to (from block, runs) pairs."""

    definition: Definition
    blocks: tuple[BlockFacts[ActorId], ...]
    code: Mapping[Address, tuple[tuple[int, bool], ...]] = field(default_factory=dict)
    beacons: frozenset[Address] = frozenset()
    admitted: tuple[Attestation, ...] = ()

    def beginning(self) -> State:
        """Give the state before the first block."""
        state = State.initial(self.definition)
        state.admitted = self.admitted
        return state

    def state_at(self, contract: Address, number: int) -> Sample:
        """Give what stands at a contract after a block."""
        runs = [runs for first, runs in self.code.get(contract, ()) if first <= number]
        beacon = BEACON if contract in self.beacons else None
        found = sample(contract, number, runs=runs[-1] if runs else True, beacon=beacon)
        if self.definition.open_rule is not None and not found.runnable:
            return replace(found, kind=CodeKind.EIP1967)  # what was created without code never gets any
        return found

    @property
    def samples(self) -> Samples:
        """Give the state of every contract at every block."""
        return {
            (contract, facts.block.number): self.state_at(contract, facts.block.number)
            for contract in CONTRACTS
            for facts in self.blocks
        }


@dataclass(frozen=True, slots=True)
class _Move:
    """One announcement or removal: of a contract, for an app, by one of the app's three sources."""

    app: int
    contract: int
    source: int
    removed: bool
    role: str


@dataclass(frozen=True, slots=True)
class _Raw:
    """What happens in one block, before it is fitted to a program; `hidden` blocks before it are a gap."""

    wait: int
    hidden: int = 0
    actions: Sequence[tuple[int, int, int]] = ()
    moves: Sequence[_Move] = ()
    pauses: Sequence[tuple[int, bool]] = ()
    upgrades: Sequence[int] = ()
    flips: Sequence[int] = ()


_PLACES = st.integers(0, len(CONTRACTS) - 1)

_MOVES = st.builds(
    _Move,
    app=st.integers(0, len(APPS) - 1),
    contract=_PLACES,
    source=st.integers(0, 2),
    removed=st.booleans(),
    role=st.sampled_from(("core", "core", "router", "token")),
)


def _rarely(items: st.SearchStrategy[Sequence[object]]) -> st.SearchStrategy[Sequence[object]]:
    return st.one_of(st.just(()), st.just(()), items)


_HIDDEN = st.sampled_from((0, 0, 0, 0, 0, 0, 1, 5))

_BUSY = st.builds(
    _Raw,
    wait=st.sampled_from(WAITS),
    hidden=_HIDDEN,
    actions=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(1, 3)), max_size=4),
    moves=_rarely(st.lists(_MOVES, min_size=1, max_size=3)),
    pauses=_rarely(st.lists(st.tuples(_PLACES, st.booleans()), min_size=1, max_size=2)),
    upgrades=_rarely(st.lists(st.integers(0, len(CONTRACTS)), min_size=1, max_size=2)),
    flips=_rarely(st.lists(_PLACES, min_size=1, max_size=2)),
)

_QUIET = st.builds(_Raw, wait=st.sampled_from((0, 1, 600, 1_800, HOUR, DAY)), hidden=_HIDDEN)


@st.composite
def stories(
    draw: st.DrawFn,
    *,
    rising: bool = False,
    quiet: bool = False,
    anybody: bool = False,
    max_blocks: int = 18,
) -> Story:
    """Draw a program and a chain for it: blocks 1, 2, 3 and so on, with declared gaps between some.

    In a `quiet` one most blocks say nothing. `rising` KPIs are never hurt by one live app more. Where
    `anybody` may have an app, two accounts create contracts too, and there are no gaps.
    """
    program = draw(programs(rising=rising, anybody=anybody))
    return draw(_stories(program, quiet=quiet, anybody=anybody, max_blocks=max_blocks))


@st.composite
def _stories(
    draw: st.DrawFn,
    program: Definition,
    *,
    quiet: bool,
    anybody: bool,
    hasty: bool = False,
    max_blocks: int = 18,
) -> Story:
    start = at() + draw(st.sampled_from((0, 1, HOUR - 1, 23 * HOUR, DAY - 1)))
    raws = draw(
        st.lists(st.one_of(_BUSY, _QUIET, _QUIET) if quiet else _BUSY, min_size=6, max_size=max_blocks)
    )
    writer = _Writer(program)
    if draw(mostly(4)):
        raws = [replace(raws[0], moves=writer.a_contract_each()), *raws[1:]]
    number, time, gaps = 1, start, list[Gap]()
    for place, raw in enumerate(raws):
        if place > 0:
            if raw.hidden and not anybody:
                gaps.append(Gap(number + 1, number + raw.hidden, "nobody kept it"))
            number, time = (
                number + (0 if anybody else raw.hidden) + 1,
                time + (raw.wait % HOUR if hasty else raw.wait),
            )
        writer.write(raw, number, time)
    return Story(
        replace(program, chain=replace(program.chain, gaps=tuple(gaps))),
        tuple(writer.blocks),
        {contract: tuple(history) for contract, history in writer.code.items()},
        frozenset(draw(st.lists(st.sampled_from(CONTRACTS), max_size=2))),
    )


@st.composite
def attested(draw: st.DrawFn, *, rising: bool = False, anybody: bool = False) -> Story:
    """Draw a story whose apps are live, and a number holds, by what signers say.

    Some are over within hours, so that what is said alone changes what holds.
    """
    program = draw(attesting(rising=rising, anybody=anybody))
    story = draw(_stories(program, quiet=draw(st.booleans()), anybody=anybody, hasty=draw(st.booleans())))
    times = [facts.block.timestamp for facts in story.blocks]
    anywhere = st.sampled_from(times) | st.integers(times[0] - DAY, times[-1] + 1)
    instants = st.sampled_from(draw(st.lists(anywhere, min_size=1, max_size=5)))  # so that some coincide
    apps = [*program.apps, *(CREATORS if anybody else ())]
    abouts = [(app, claim) for app in apps for claim in program.liveness.attested]
    policy = program.attestations
    assert policy is not None
    signers = sorted(policy.signers)
    number = STAGE.subject, VALUE
    said = [_statement(signer, about, TRUE, 0) for signer in signers for about in abouts]
    said += [_statement(signer, number, "1", 0) for signer in signers]
    said = said if draw(mostly(4)) else said[:1]
    for _ in range(draw(st.integers(4, 12))):
        about = draw(st.sampled_from([*abouts, number, number]))
        values = ("1.5", "1", "0") if about == number else (FALSE, TRUE)
        signer, revokes = draw(st.sampled_from(signers)), None
        if draw(st.booleans()):
            taken_back = draw(st.sampled_from(said))
            revokes, signer = taken_back.id, taken_back.by if draw(st.booleans()) else signer
        said.append(
            _statement(
                signer,
                about,
                draw(st.sampled_from(values)),
                draw(instants),
                valid_for=draw(st.sampled_from((1_800, None, HOUR + 1, None, DAY, 1))),
                revokes=revokes,
            )
        )
    said = list({each.id: each for each in said}.values())
    admitted = [Attestation(each, "", draw(st.just(0) | instants)) for each in said]
    return replace(story, admitted=tuple(sorted(admitted, key=lambda each: each.order)))


def _statement(
    by: str,
    about: tuple[str, str],
    value: str,
    effective_from: int,
    *,
    valid_for: int | None = None,
    revokes: str | None = None,
) -> Statement:
    return Statement("program", 31_337, by, *about, value, effective_from, valid_for, revokes=revokes)


@st.composite
def promising(draw: st.DrawFn) -> Story:
    """Draw a quiet story whose program also averages over time, and unlocks tranches by all that."""
    story = draw(stories(quiet=True, max_blocks=24))
    given = story.definition
    times = [facts.block.timestamp for facts in story.blocks]
    mean = replace(
        kpi(
            "mean",
            draw(st.sampled_from((Fraction(1, 2), Fraction(1), Fraction(4, 3)))),
            draw(st.sampled_from(Comparator)),
        ),
        aggregate=Aggregate(
            Fold.TIME_WEIGHTED_MEAN, WindowSpec(draw(st.integers(1, 2)), "rolling"), full=draw(st.booleans())
        ),
    )
    names = [*given.kpis, mean.id]
    made = [
        Tranche(
            TrancheId(name),
            Fraction(100),
            kpi=draw(st.sampled_from(names)) if name != "m" else None,
            milestone=next(iter(given.milestones)) if name == "m" else None,
            expiry=draw(st.sampled_from(times) | st.integers(times[0], times[-1] + 1))
            if name in "pqe" or draw(st.booleans())
            else None,
            partial=Partial(Fraction(0), Fraction(draw(st.integers(1, 3))), Fraction(7))
            if name in "pq"
            else None,
        )
        for name in "pqefm"
    ]
    program = replace(
        given,
        kpis={**given.kpis, mean.id: mean},
        tranches={each.id: each for each in made},
        allocation=Allocation("TOKEN", 3, Fraction(600), Fraction(100)),
    )
    return replace(story, definition=program)


class _Writer:
    """Writes what happens as facts, for the apps of one program that can be found at all."""

    def __init__(self, program: Definition) -> None:
        self.blocks: list[BlockFacts[ActorId]] = []
        self.code: dict[Address, list[tuple[int, bool]]] = {}
        self._program = program
        self._names = [*(CREATORS if program.open_rule else ()), *program.apps]
        self._standing: set[tuple[Address, AppId, str]] = set()

    def a_contract_each(self) -> list[_Move]:
        return [_Move(place, place, 0, removed=False, role="core") for place in range(len(CONTRACTS))]

    def write(self, raw: _Raw, number: int, time: int) -> None:
        for flip in raw.flips:
            history = self.code.setdefault(CONTRACTS[flip], [(0, True)])
            history.append((number, not history[-1][1]))
        activity: dict[str, dict[int, int]] = {}
        for place, actor, count in raw.actions:
            name = self._name(place)
            if name is not None:
                actors = activity.setdefault(name, {})
                actors[actor] = actors.get(actor, 0) + count
        announcements = self._announcements(raw.moves)
        pauses = [PauseLog(CONTRACTS[contract], paused) for contract, paused in raw.pauses]
        self.blocks.append(
            facts(
                number,
                time,
                activity,
                announcements=announcements,
                pauses=pauses,
                code_changes=[(*CONTRACTS, BEACON)[contract] for contract in dict.fromkeys(raw.upgrades)],
            )
        )

    def _name(self, place: int) -> AppId | None:
        name = self._names[place % len(self._names)]
        return name if self._program.app(name).discoveries else None

    def _announcements(self, moves: Sequence[_Move]) -> list[Announcement]:
        """Write moves as discovery gives them: source by source, in log order within each."""
        found = []
        for log_index, move in enumerate(moves):
            name = self._name(move.app)
            if name in CREATORS:
                found.append(Announcement(name, CONTRACTS[move.contract], "open", log_index))
            elif name is not None:
                listed = move.source == 0
                found.append(
                    Announcement(
                        name,
                        CONTRACTS[move.contract],
                        f"{move.source}:{name}",
                        -1 if listed else log_index,
                        removed=move.removed,
                        listed=listed,
                        role=move.role,
                    )
                )
        found.sort(key=lambda item: item.source)
        for item in found:
            claim = {(item.address, item.app, item.source)}
            self._standing = self._standing - claim if item.removed else self._standing | claim
        return found
