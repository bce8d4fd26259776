"""One seed: a program, a chain, a network, and a watcher that lives through all that happens to them.

    seed ─▶ Story ─▶ turns: the chain grows or forks, the weather changes, the stages run, crash, start
                 ─▶ everything clears up ─▶ checks.findings()

Everything is drawn from the seed; time is a clock that requests and waits move, so a month takes seconds.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from tests.databases import Killed
from tests.faults.simulator.heads import Heads
from tests.faults.simulator.network import CLEAR, Node, Weather, draw, settings_of
from tests.faults.simulator.truth import CHAIN_ID, Setting, Truth, setting
from tests.stages.world import world_clock
from watcher.chain.reader import JsonRpcSource
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.delivery import Delivered, Failed, Message, Outcome
from watcher.core.facts import BlockAtWant
from watcher.errors import WatcherError, WrongChain
from watcher.stages.announce import Announcer, Subscription
from watcher.stages.attesting import Folder
from watcher.stages.cutting import BACKLOG, NEAR_FINAL, Sizes
from watcher.stages.deliver import Deliver
from watcher.stages.endpoints import announce_troubles
from watcher.stages.evaluate import TRIES_BEFORE_ALARM, Evaluate, EvaluateResult
from watcher.stages.index import Index, IndexResult
from watcher.stages.runs import EVALUATE, FAILURES_UNTIL_DEGRADED, FATAL, INDEX, Runner
from watcher.stages.standstill import unread
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain
from watcher.testing.recording_channel import RecordingChannel

T = TypeVar("T")

CHANNEL = "ops"
LISTENING = 0.5
"""The share of stories in which an endpoint tells of new heads."""


class Receiver(RecordingChannel):
    """A channel whose other end is down at times, and whose sender may be killed just after it took one."""

    def __init__(self, random: Random) -> None:
        super().__init__(CHANNEL)
        self._random = random
        self.failing = 0.0
        self.kills = False

    def send(self, message: Message, attempt: int) -> Outcome:
        """Take a message or not."""
        if self._random.random() < self.failing:
            return Failed("HTTP 503")
        self.attempts.append((message, attempt))
        self.taken.append(message)
        if self.kills and self._random.random() < 0.2:
            raise Killed
        return Delivered("recorded")


@dataclass(slots=True)
class Log:
    """What happened to the watcher, for people who look at a failing seed."""

    turns: int = 0
    crashes: int = 0
    full_disks: int = 0
    reorgs: int = 0
    wake_ups: int = 0
    """Runs of index between the polls, because an endpoint told of a new head."""
    ahead: int = 0
    """Turns after which the head was read, and a hole was left below it."""
    failures: list[str] = field(default_factory=list)
    fatal: list[str] = field(default_factory=list)


class Story:
    """One watcher's life; `end` brings it to where everything is final and delivered."""

    def __init__(
        self, seed: int, folder: Path, store: Store, blocks: int, log: Log, *, plain: bool = False
    ) -> None:
        """Draw the program and the chain, on an empty database; nothing has happened yet.

        A `plain` story has a program that counts live apps, and nothing besides.
        """
        self.random = Random(seed)
        self.setting: Setting = setting(seed, self.random, folder, plain=plain)
        self.clock = world_clock()
        self.truth = Truth(self.setting, self.random)
        self._folder = folder / "attestations"
        self.setting.signers.begin(self._folder, self.truth.head.timestamp)
        self.log = log
        self.receiver = Receiver(self.random)
        self.outages: set[tuple[str, str]] = set()
        """Stages that failed so often that it has to be told, and since when."""
        self.stalls: set[int] = set()
        """Blocks whose conclusion lacked a read that failed often: it has to be told."""
        self.doubts: set[int] = set()
        """Blocks before which the ledger stood still at all: no other may be told of."""
        self._failures: Counter[str] = Counter()
        self._blocks = blocks
        self.store = store
        other = FakeChain(CHAIN_ID + 1, 1_000_000_000)
        other.empty_blocks(5)
        names = [f"node{number}" for number in range(self.random.choice((1, 2, 2, 3)))]
        self.nodes = {name: Node(name, self.truth.chain, other, self.clock, self.random) for name in names}
        self._ahead = Random(f"{seed}/ahead")
        self._outage = Random(f"{seed}/outage")
        self._linked = Random(f"{seed}/linked")
        self._plain = plain
        self._heads = Heads(Random(f"{seed}/heads"), self.clock)
        self._listening = not plain and Random(f"{seed}/listens").random() < LISTENING
        self._spell = CLEAR
        self._spell_ends = 0
        if self.setting.listed:  # a history lies behind the head when the watcher begins
            for _ in range(self._ahead.randint(blocks // 3, blocks // 2)):
                self.truth.grow()
                self.truth.finalize()
        self._start()

    @property
    def definition(self) -> Definition:
        """Give the program, as it was drawn."""
        return self.setting.definition

    def live(self) -> None:
        """Live through trouble until the chain is long enough."""
        while self.truth.head.number < self._blocks:
            self.log.turns += 1
            self._change()
            with self._trouble():
                self._wake()
                self._turn()
            self._look()
            self.clock.advance(timedelta(seconds=self.random.choice((2, 2, 30, 3_600))))
            if self.random.random() < 0.05:
                self.clock.advance(timedelta(seconds=-self.random.choice((5, 4_000))))

    def end(self) -> None:
        """Let everything clear up, and run until nothing is left to do."""
        for node in self.nodes.values():
            node.change(CLEAR)
        self.receiver.failing, self.receiver.kills = 0.0, False
        for _ in range(10):
            self.truth.grow(quiet=True)
        self.truth.finalize(everything=True)
        self._start()
        quiet = 0
        for _ in range(100):
            self.clock.advance(timedelta(hours=1))
            quiet = quiet + 1 if not self._turn() else 0
            if quiet == 3:  # an endpoint may still rest in one of them
                return

    def _look(self) -> None:
        """Note what the store shows after a turn: a hole below the head, stages that fail for long."""
        self._look_at_the_ledger(None)
        with self.store.reading() as tx:
            self.log.ahead += tx.facts.extent().ahead is not None
            for stage, failures in self._failures.items():
                since = tx.runs.failing_since(stage)
                # One more than it takes: a full disk may have kept one failure from being recorded.
                if failures > FAILURES_UNTIL_DEGRADED and since is not None:
                    self.outages.add((stage, f"{since:%Y-%m-%dT%H:%M:%SZ}"))

    def _look_at_the_ledger(self, concluded: EvaluateResult | None) -> None:
        """Note before which block the ledger stands still, and, of a run that went well, whether for long."""
        with self.store.reading() as tx:
            still = unread(tx, self.definition.chain, tx.runs.last(INDEX))
            failed = [each for each in tx.facts.wants() if each.tries]
        if still is not None:
            self.doubts.add(still.before_block)
        tries: Counter[int] = Counter()
        for each in failed:
            number = each.want.before if isinstance(each.want, BlockAtWant) else each.want.block_number
            tries[number] = max(tries[number], each.tries)
        self.doubts |= tries.keys()
        if concluded is not None and concluded.stalled is not None:
            first = min(tries)
            if tries[first] >= TRIES_BEFORE_ALARM:
                self.stalls.add(first)

    def _start(self) -> None:
        """Be a new process: nothing is remembered but what is stored; the files may have been edited.

        The connection to the database stays, as it remembers nothing: opening it costs more than a turn.
        """
        random = self.random
        self._failures.clear()
        definition = self._edited()
        names = list(self.nodes)
        random.shuffle(names)
        self._source = JsonRpcSource(
            settings_of(names),
            CHAIN_ID,
            clock=self.clock,
            wait=self._wait,
            ahead=1,
            connect=lambda settings: self.nodes[settings.id],
            jitter=random.random,
        )
        announcer = Announcer(
            definition,
            self.clock,
            [Subscription(CHANNEL, ("*",))],
            operator="simulator",
            deliver_history=True,
        )
        self._runner = Runner(definition, self.store, self.clock, announcer)
        by_logs = random.random() < 0.5
        self._index = Index(
            definition,
            self._source,
            self.store,
            self.clock,
            by_logs=lambda _blocks, _wanted: by_logs,
            sizes=Sizes(
                min(random.choice((1, 3, 10, 500)), 3 if self.setting.listed else 500),
                min(random.choice((2, 30, 20_000)), 6 if self.setting.listed else 20_000),
                random.choice((1, 4, 100)),
                self._ahead.choice((1, 4, 12)) if self.setting.listed else BACKLOG,
                self._linked.choice((2, 10, NEAR_FINAL)),
            ),
            readers=1,
        )
        self._evaluate = Evaluate(
            definition,
            self.store,
            self.clock,
            announcer,
            chunk=random.choice((1, 7, 1_000)),
            admit=Folder(definition, self.store, self._folder).run,
        )
        self._deliver = Deliver(self.store, self.receiver, self.clock, announcer.notice, chance=random.random)

    def _edited(self) -> Definition:
        """Edit what has no meaning: titles. The definition hash stays."""
        text = self.setting.file.read_text(encoding="utf-8")
        edited = text.replace(
            'id = "simulated"\n', f'id = "simulated"\ntitle = "{self.random.random()}"\n', 1
        )
        file = self.setting.file.with_name("edited.toml")
        file.write_text(edited, encoding="utf-8")
        return load_program(file).definition

    def _wait(self, seconds: float) -> bool:
        self.clock.advance(timedelta(seconds=seconds, microseconds=1))
        return False

    def _change(self) -> None:
        """Let the chain and the weather go on."""
        random = self.random
        for _ in range(random.choice((0, 1, 1, 2, 4, 15))):
            self.truth.grow()
        if random.random() < 0.15 and self.truth.reorg():
            self.log.reorgs += 1
        self.truth.finalize()
        self.setting.signers.speak(self._folder, self.truth.head.timestamp)
        for node in self.nodes.values():
            if random.random() < 0.4:
                node.change(draw(random, self.truth.head.number, alone=len(self.nodes) == 1))
        self._darken()
        self.receiver.failing = random.choice((0.0, 0.0, 0.0, 0.5, 1.0))
        self.receiver.kills = random.random() < 0.1
        if random.random() < 0.08:
            self._start()

    def _darken(self) -> None:
        """Let every endpoint be down, or without state, for many turns, in few stories."""
        if self._spell_ends:
            self._spell_ends -= 1
        elif not self._plain and self._outage.random() < 0.06:
            self._spell_ends = self._outage.randint(5, 9)
            self._spell = self._outage.choice((Weather(down=True), Weather(stateless=True)))
        else:
            return
        for node in self.nodes.values():
            node.change(self._spell if self._spell_ends else CLEAR)

    def _wake(self) -> None:
        """Let endpoints tell of new heads; each wakes the stages as far as there is something for them."""
        if not self._listening:
            return
        for _ in range(self._heads.told(self.truth.head.number)):
            self.log.wake_ups += 1
            self._minded(self._follow_a_head)

    def _follow_a_head(self) -> int:
        indexed = self._read(self._most())
        if indexed is None or not (indexed.blocks or indexed.rewound or indexed.answered):
            return 0
        concluded = self._conclude()
        if concluded is not None and (concluded.entries or concluded.notices):
            self._deliver.run()
        return 1

    def _turn(self) -> int:
        """Run every stage once, as its schedule has it; return how much was done."""
        return self._minded(self._poll)

    def _poll(self) -> int:
        indexed = self._read(self._most())
        concluded = self._conclude()
        sent = self._deliver.run()
        if indexed is None or concluded is None:
            return 1
        done = indexed.blocks + indexed.rewound + indexed.answered + concluded.blocks + concluded.untried
        return done + sent.attempts + sent.waiting

    def _most(self) -> int:
        """Draw how many windows one run may read."""
        most = self.random.choice((1, 5, 50))
        return self._ahead.choice((1, 2, most)) if self.setting.listed else most

    def _read(self, most: int) -> IndexResult | None:
        indexed = self._attempt(INDEX, lambda: self._index.run(max_windows=most))
        if indexed is not None:
            self._heads.polled(indexed.head.number)
        announce_troubles(self._source, self.store, self._runner)
        self._look_at_the_ledger(None)
        return indexed

    def _conclude(self) -> EvaluateResult | None:
        concluded = self._attempt(EVALUATE, self._evaluate.run)
        self._look_at_the_ledger(concluded)
        return concluded

    def _attempt(self, stage: str, work: Callable[[], T]) -> T | None:
        result = self._runner.attempt(stage, work)
        self._failures[stage] = self._failures[stage] + 1 if result is None else 0
        return result

    def _minded(self, work: Callable[[], int]) -> int:
        """Do what may end the watcher, and then what an operator does."""
        try:
            return work()
        except FATAL as error:
            self.log.fatal.append(f"{type(error).__name__}: {error}")
            if not isinstance(error, WrongChain):
                raise
            for node in self.nodes.values():
                node.change(CLEAR)  # what an operator does before a new start
            self._start()
        except WatcherError as error:
            self.log.failures.append(str(error))
        return 1

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """Kill the process or fill the disk before the n-th statement or commit of a turn, sometimes."""
        chance = self.random.random()
        if chance > 0.25:
            try:
                yield
            except Killed:  # the receiver's end
                self.log.crashes += 1
                self._start()
            return
        left = self.random.randint(1, 60)
        full = chance < 0.05

        def strike(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0 and full:
                self.log.full_disks += 1
                cause = sqlite3.OperationalError("database or disk is full")
                raise OperationalError("INSERT", {}, cause)
            if left == 0:
                raise Killed

        with _listening(strike):
            try:
                yield
            except Killed:
                self.log.crashes += 1
                left = -1
                self._start()


@contextmanager
def _listening(strike: Callable[..., None]) -> Iterator[None]:
    event.listen(Engine, "before_cursor_execute", strike)
    event.listen(Engine, "commit", strike)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", strike)
        event.remove(Engine, "commit", strike)
