"""The oracle's recount of one app: membership, samples, pauses, counts and the verdict, by brute force.

Each look starts at the first block again. Answers are True (yes), False (no) and None (the definition leaves
it open).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.unit.core.oracle_words import word
from watcher.core.attestations import Attestation
from watcher.core.definition import App, Definition
from watcher.core.facts import Activity, BlockFacts, Sample
from watcher.core.types import ActorId, Address, AppId

Block = BlockFacts[ActorId]
StateAt = Callable[[Address, int], Sample]
"""What stands at an address after the block of a number."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one app's window holds as of a block, and the verdict."""

    verdict: str
    actions: int
    actions_gross: int
    actors: int
    active_days: int


def both(answers: Sequence[bool | None]) -> bool | None:
    """Combine by AND: one no decides, else one open answer leaves it open."""
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


@dataclass(frozen=True, slots=True)
class _Claim:
    rank: tuple[int, int, int, str]
    app: str
    role: str


Owners = dict[tuple[Address, int], _Claim | None]


@dataclass(frozen=True, slots=True)
class Look:
    """One app as of the last of some blocks: nothing is known but what those blocks say."""

    definition: Definition
    blocks: Sequence[Block]
    state_at: StateAt
    app: App
    attention: "Attention"
    owners: Owners = field(default_factory=dict)
    """What was found before, shared by all looks at one chain: the past does not change."""
    admitted: Sequence[Attestation] = ()

    def judge(self, *, live: bool) -> bool | None:
        """Tell whether every criterion of the policy holds; a live app is held to the lower bars."""
        policy = self.definition.liveness
        if not self.app.discoveries:
            return None
        last = len(self.blocks) - 1
        contracts = [a for a in self._addresses() if self._counts_for(a, last) == self.app.id]
        if self.app.required is not None:
            contracts = [a for a in contracts if a in self.app.required]
        samples = [self._last_sample(a) for a in contracts]
        answers: list[bool | None] = [
            bool(samples) and all(sample is not None and sample.runnable for sample in samples)
        ]
        counted = self.counted("")
        for value, bar, lower in (
            (counted.actions, policy.bars.min_actions, policy.leave_below.min_actions),
            (counted.actors, policy.bars.min_actors, policy.leave_below.min_actors),
            (counted.active_days, policy.bars.min_active_days, policy.leave_below.min_active_days),
        ):
            if bar is not None:
                needed = lower if live and lower is not None else bar
                answers.append(True if value >= needed else None if self._gap_in_window() else False)
        if policy.not_paused:
            answers += [None if paused is None else not paused for paused in map(self._paused, contracts)]
        time = self.blocks[-1].block.timestamp
        for claim in policy.attested:
            said = word(self.definition, self.admitted, self.app.id, claim, time)
            answers.append({"true": True, "false": False}.get(said or ""))
        return both(answers)

    def counted(self, verdict: str) -> Counted:
        """Count what lies in the window, and put the verdict to it."""
        first, past = self._window()
        per_actor: Counter[int] = Counter()
        days = set()
        for facts in self.blocks:
            time = facts.block.timestamp
            activity = facts.activity.get(self.app.id)
            if activity is not None and first <= time < past:
                for actor, count in activity.actors.items():
                    per_actor[actor] += count
                    days.add(time // 86_400)
        cap = self.definition.liveness.max_actions_per_actor
        net = [count if cap is None else min(count, cap) for count in per_actor.values()]
        return Counted(verdict, sum(net), sum(per_actor.values()), len(per_actor), len(days))

    def has_acted(self) -> bool:
        """Tell whether there was an action since the window began."""
        first, _ = self._window()
        return any(
            bool(facts.activity.get(self.app.id, Activity()).actors) and facts.block.timestamp >= first
            for facts in self.blocks
        )

    def _window(self) -> tuple[int, int]:
        """Give the first instant that counts and the first that no longer does."""
        window, now = self.definition.liveness.window, self.blocks[-1].block.timestamp
        if window.kind == "rolling":
            return now - now % 3_600 - window.days * 86_400, now + 1
        today = now - now % 86_400
        return today - window.days * 86_400, today

    def _gaps(self) -> Iterator[int]:
        """Give, for each declared gap that was crossed, the index of the block behind it."""
        for gap in self.definition.chain.gaps:
            behind = [i for i, facts in enumerate(self.blocks) if facts.block.number > gap.last]
            if behind and behind[0] > 0:
                yield behind[0]

    def _gap_in_window(self) -> bool:
        first, past = self._window()
        return any(
            self.blocks[i].block.timestamp >= first and self.blocks[i - 1].block.timestamp < past
            for i in self._gaps()
        )

    def _addresses(self) -> list[Address]:
        return sorted({item.address for facts in self.blocks for item in facts.announcements})

    def _owner(self, address: Address, i: int) -> _Claim | None:
        """Find whose contract an address is at the block of index `i`."""
        if (address, i) not in self.owners:
            self.owners[address, i] = self._owner_anew(address, i)
        return self.owners[address, i]

    def _owner_anew(self, address: Address, i: int) -> _Claim | None:
        standing: dict[tuple[AppId, str], _Claim] = {}
        for facts in self.blocks[: i + 1]:
            for item in facts.announcements:
                key = (item.app, item.source)
                if item.address == address and item.removed:
                    standing.pop(key, None)
                elif item.address == address and key not in standing:
                    order = 0 if item.listed else 2 if item.source == "open" else 1
                    rank = (order, facts.block.number, item.log_index, item.source)
                    standing[key] = _Claim(rank, item.app, item.role)
        return min(standing.values(), key=lambda claim: claim.rank, default=None)

    def _counts_for(self, address: Address, i: int) -> str | None:
        owner = self._owner(address, i) if i >= 0 else None
        return owner.app if owner is not None and owner.role in ("core", "router") else None

    def _last_sample(self, address: Address) -> Sample | None:
        every = self.definition.chain.state_every_seconds
        last: Sample | None = None
        for i, facts in enumerate(self.blocks):
            app = self._counts_for(address, i)
            acts = bool(facts.activity.get(self.app.id, Activity()).actors)
            was_awake = self.attention.listed or (i > 0 and self.attention.awake[i - 1])
            if not was_awake:
                last = None
            if app is None or not (was_awake or acts):
                continue
            periods = [self.blocks[j].block.timestamp // every for j in (i - 1, i) if j >= 0]
            if (
                len(set(periods)) != 1
                or i == 0
                or not was_awake
                or (not self.attention.listed and acts and last is not None and not last.runnable)
                or self._counts_for(address, i - 1) != app
                or address in facts.code_changes
                or (last is not None and last.beacon in facts.code_changes)
            ):
                last = self.state_at(address, facts.block.number)
        return last

    def _paused(self, address: Address) -> bool | None:
        """Find the last pause log of all, whoever the contract belonged to; None: it may lie in a gap."""
        paused: bool | None = False
        gaps = set(self._gaps())
        for i, facts in enumerate(self.blocks):
            if i in gaps:
                paused = None
            for log in facts.pauses:
                if log.address == address:
                    paused = log.paused
        return paused


class Attention:
    """Behind which blocks an app was awake; a `listed` one always is."""

    def __init__(self, *, listed: bool) -> None:
        self.listed = listed
        self.awake: list[bool] = []
        self._hour = -1

    def add(self, look: Look, *, live: bool) -> None:
        """Put the next block to it: at an hour's first it may fall asleep, at any it may wake."""
        hour = look.blocks[-1].block.timestamp // 3_600
        turns, self._hour = hour != self._hour, hour
        if turns or not self.awake:
            self.awake.append(look.has_acted() or (live and bool(self.awake) and self.awake[-1]))
        else:
            self.awake.append(self.awake[-1] or look.has_acted())


class History:
    """The answers for one app since it last went live, or since ever."""

    def __init__(self) -> None:
        self.live = False
        self.verdict = "NOT_LIVE"
        self._answers: list[tuple[int, bool | None]] = []

    def add(self, time: int, *, answer: bool | None, dormant_after: int) -> None:
        """Put the next block's answer to it, and find the verdict with hysteresis."""
        self._answers.append((time, answer))
        if not self.live or answer is True:
            self.live = answer is True
            self.verdict = "UNKNOWN" if answer is None else "LIVE" if answer else "NOT_LIVE"
        elif answer is False and time - self._since(lambda value: value is False) >= dormant_after:
            self.live, self.verdict = False, "NOT_LIVE"
        elif time - self._since(lambda value: value is not True) >= dormant_after:
            self.verdict = "UNKNOWN"
        else:
            self.verdict = "LIVE"

    def _since(self, belongs: Callable[[bool | None], bool]) -> int:
        """Give the time of the first block of the unbroken stretch of such answers up to now."""
        start = self._answers[-1][0]
        for time, answer in reversed(self._answers):
            if not belongs(answer):
                break
            start = time
        return start
