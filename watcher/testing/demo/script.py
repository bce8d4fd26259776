"""What happens in the demo, and what the watcher has to say about each scene, written down beforehand.

    Script.scenes() acts on the chain ─▶ Scene ─▶ (the watcher looks) ─▶ the next scene

The script knows nothing about the watcher: what it promises rests on what it did to the chain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.core.events import NoticeType
from watcher.core.ledger import EntryType
from watcher.testing.demo.apps import Apps
from watcher.testing.demo.cast import CAST, PAUSED, TENTH, candidate_of
from watcher.testing.demo.files import COUNTDOWN, KPI, MILESTONE, PROGRAM_ID
from watcher.testing.demo.local_chain import LocalChain, at

Told = tuple[str, str]
"""A message by its type and subject."""

COUNTDOWN_LASTS = timedelta(days=7)

_OBSERVED: Sequence[Told] = (
    (NoticeType.MILESTONE_OBSERVED, MILESTONE),
    (NoticeType.COUNTDOWN_PROJECTED, COUNTDOWN),
)
_MARK: Sequence[Told] = ((NoticeType.COUNTDOWN_MARKED, COUNTDOWN),)
_MARKS = (
    (timedelta(days=3), "Three days are left."),
    (timedelta(days=1), "One day is left."),
    (timedelta(hours=1), "One hour is left."),
    (timedelta(0), "Time is up; the block that proves it is still to come."),
)

_FIRST_WEEK: Sequence[tuple[int, Sequence[str], Sequence[str]]] = (
    (1, (), ()),
    (2, (), ("game", "swap")),
    (3, (), ("auction", "cards", "pools")),
    (4, (), ("lending", "market")),
    (5, ("auction",), ("names", "social")),
    (6, (), ("wallet",)),
    (7, (), ()),
)
"""Each day, which apps stop being live, and which come to be."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Something has happened; `promised` are the messages that have to arrive now, in this order, no others.

    `census`: it is the moment to show who counts and who does not.
    """

    when: datetime
    text: str
    promised: Sequence[Told] = ()
    census: bool = False


class Script:
    """The story; `milestone_block` and `deadline` are known once it has come to them."""

    def __init__(self, chain: LocalChain, apps: Apps) -> None:
        """Take the stage."""
        self._chain = chain
        self._apps = apps
        self.milestone_block = 0
        self.deadline = chain.clock.now()

    def scenes(self) -> Iterator[Scene]:
        """Act out one scene after the other; each has happened on the chain when it is given."""
        yield from self._founding()
        yield from self._first_week()
        yield from self._tenth_app()
        yield from self._countdown()

    def _founding(self) -> Iterator[Scene]:
        self._chain.mine(at(0, "09:00:00"))
        yield self._scene("A registry, two factories and shared logic are deployed. The watcher starts.")
        self._chain.travel(at(0, "10:00:00"))
        yield self._scene("The first block is final.", [(EntryType.DEFINITION_ADOPTED, PROGRAM_ID)])

    def _first_week(self) -> Iterator[Scene]:
        most = live = 0
        for day, leaving, coming in _FIRST_WEEK:
            if PAUSED in leaving:
                self._apps.pause(candidate_of(PAUSED))
            self._morning(day)
            live += len(coming) - len(leaving)
            promised: list[Told] = [(EntryType.APP_WENT_DORMANT, app) for app in leaving]
            promised += [(EntryType.APP_WENT_LIVE, app) for app in coming]
            if live > most:
                promised.append((NoticeType.KPI_PROGRESSED, KPI))
            most = max(most, live)
            yield self._scene(_opening_words(day, leaving), promised)

    def _tenth_app(self) -> Iterator[Scene]:
        tenth = candidate_of(TENTH)
        self._morning(8, resting=TENTH)
        yield self._scene("Nine apps are live.")
        self._apps.use(tenth, 8)
        number = self._chain.mine(at(8, "09:23:07"))
        yield self._scene(
            f"{TENTH} comes to enough use in block {number}: ten, if the block stays.", _OBSERVED
        )
        self._chain.replace(number, at(8, "09:31:40"))
        yield self._scene(
            f"It does not stay: a reorg replaces block {number}, and its transactions are gone.",
            [(NoticeType.MILESTONE_RETRACTED, MILESTONE)],
        )
        self._apps.use(tenth, 8)
        self.milestone_block = self._chain.mine(at(8, "14:23:07"))
        self.deadline = self._chain.clock.now() + COUNTDOWN_LASTS
        yield self._scene(f"People try again, in block {self.milestone_block}.", _OBSERVED)
        self._chain.travel(at(8, "15:00:00"))
        yield self._scene(
            f"Block {self.milestone_block} is final.",
            [
                (EntryType.APP_WENT_LIVE, TENTH),
                (EntryType.KPI_MET, KPI),
                (EntryType.MILESTONE_REACHED, MILESTONE),
                (EntryType.COUNTDOWN_STARTED, COUNTDOWN),
                (NoticeType.KPI_PROGRESSED, KPI),
            ],
            census=True,
        )

    def _countdown(self) -> Iterator[Scene]:
        day = 8
        for left, text in _MARKS:
            mark = self.deadline - left
            while at(day + 1, "09:00:00") < mark:
                day += 1
                self._morning(day)
            self._chain.travel(mark)
            yield self._scene(text, _MARK)
        self._chain.travel(self.deadline + timedelta(hours=1))
        yield self._scene(
            "The first block at or after the deadline is final.", [(EntryType.COUNTDOWN_ELAPSED, COUNTDOWN)]
        )

    def _morning(self, day: int, resting: str = "") -> None:
        """Let everyone who is open by now be used in one block, and wait until it is final."""
        for candidate in CAST:
            if candidate.opens == day:
                self._apps.open(candidate)
            if candidate.opens <= day and candidate.id != resting:
                self._apps.use(candidate, day)
        self._chain.mine(at(day, "08:00:11"))
        self._chain.travel(at(day, "09:00:00"))

    def _scene(self, text: str, promised: Sequence[Told] = (), *, census: bool = False) -> Scene:
        return Scene(self._chain.clock.now(), text, promised, census)


def _opening_words(day: int, leaving: Sequence[str]) -> str:
    opening = [f"{one.id} ({one.code}, {one.found_by})" for one in CAST if one.opens == day]
    words = f"{', '.join(opening)} open{'s' if len(opening) == 1 else ''}."
    return f"{' and '.join(leaving)} is paused. {words}" if leaving else words
