"""`unit = "action"` through the real stages on a real EVM: whoever reads, whenever, in whichever way.

one chain ─▶ one backfill, by receipts or by logs ─┐
          ─▶ live, with restarts and reorgs, ditto ─┴─▶ the same ledger, state and hours
"""

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.contract.street import DEPTH, Street
from tests.stages.world import fresh_store
from watcher.chain.reader import JsonRpcSource
from watcher.clock import SystemClock
from watcher.core.activity import hour_of
from watcher.core.definition import Definition
from watcher.core.tracked import Tracked
from watcher.core.types import SECONDS_PER_DAY, Address
from watcher.stages.announce import Announcer
from watcher.stages.cutting import Sizes
from watcher.stages.evaluate import Evaluate
from watcher.stages.index import Index
from watcher.stages.sync import catch_up
from watcher.store.database import Store
from watcher.testing.devnet import Devnet

BLOCKS = 60
MOST_OF_ONE = 3
DAY_OF_HOURS = 24
STEPS = (0, 1, 12, 600, 3_600, 9_000, 40_000)
"""Seconds between blocks: equal timestamps, busy minutes, skipped hours."""


@pytest.fixture
def street(devnet: Devnet) -> Street:
    """Deploy the apps and the accounts' contracts."""
    return Street(devnet)


class Reader:
    """A watcher of one program on one store; `restart` makes a new one of it."""

    def __init__(self, program: Definition, source: JsonRpcSource, store: Store, *, by_logs: bool) -> None:
        self._parts = (program, source, store)
        self._by_logs = by_logs
        self.store = store
        self.restart()

    def restart(self) -> None:
        """Forget everything that is not stored."""
        program, source, store = self._parts
        clock = SystemClock()
        announcer = Announcer(program, clock, [], operator="tests", deliver_history=True)
        self._index = Index(
            program, source, store, clock, by_logs=lambda _blocks, _wanted: self._by_logs, sizes=Sizes()
        )
        self._evaluate = Evaluate(program, store, clock, announcer)

    def sync(self) -> None:
        """Catch up with the head."""
        assert catch_up(self._index, self._evaluate).evaluate.stalled is None

    def entries(self) -> list[dict[str, Any]]:
        """Give the ledger."""
        with self.store.reading() as tx:
            return list(tx.ledger.entries())

    def hours(self) -> dict[tuple[str, int], dict[Address, int]]:
        """Give how often each actor counted, by app and hour."""
        with self.store.reading() as tx:
            rows = list(tx.facts.hours(None, 0, 10**9))
            names = tx.facts.actor_addresses({actor for row in rows for actor, _ in row.actors})
        return {
            (row.app, row.hour): {names[actor]: count for actor, count in row.actors}
            for row in rows
            if row.actors
        }

    def everything(self) -> dict[str, Any]:
        """Give what has to be the same however the chain was read."""
        with self.store.reading() as tx:
            rows = list(tx.facts.hours(None, 0, 10**9))
            state = tx.state.load()
        assert state is not None
        return {
            "ledger": self.entries(),
            "state": (state.block, state.payload),
            "actors": self.hours(),
            "rest of the hours": [
                (row.app, row.hour, row.failed, row.excluded, row.gas, row.fee_wei, row.logs) for row in rows
            ],
        }


@pytest.mark.parametrize("by_logs", [False, True], ids=["by receipts", "by logs"])
def test_users_behind_one_relayer_make_an_app_live(
    street: Street, source: JsonRpcSource, tmp_path: Path, *, by_logs: bool
) -> None:
    """Not the relayer, not what failed, not what a fake says; each once, however deep it stands."""
    ann, ben, cat, dan, *_ = street.people
    use, fail = street.use("shop"), street.fail("shop")
    relayer, entry = street.relayer, street.entry
    street.send(relayer, street.bundle(street.fake, *[(each, use) for each in street.people]))
    street.send(relayer, street.bundle(entry, *[(each, fail) for each in street.people]))
    street.send(relayer, street.bundle(entry, (street.excluded, use), (street.excluded, use)))
    for _ in range(6):
        street.send(relayer, use)
    one_actor = street.mine()
    inner = street.bundle(street.other_entry, (ben, use), (cat, fail))
    street.send(relayer, street.in_safe(street.bundle(entry, (ann, use), (dan, inner))))
    three_actors = street.mine()
    street.send(relayer, street.forward(cat, use))
    street.send(relayer, street.forward(dan, fail))
    four_actors = street.mine()
    quiet = street.mine(2 * SECONDS_PER_DAY)
    street.mine()
    street.mine()

    with fresh_store(tmp_path / "store") as store:
        reader = Reader(street.program(tmp_path), source, store, by_logs=by_logs)
        reader.sync()
        told = [
            (entry["type"], entry["subject"], entry["block_number"], entry["evidence"]["summary"])
            for entry in reader.entries()
            if entry["type"].startswith("app.")
        ]
        [counted] = reader.hours().values()
    assert one_actor < three_actors < four_actors
    assert counted == {relayer.address: 7, ann.address: 1, ben.address: 1, cat.address: 1}
    summary = {"actions_gross": 10, "actions": 6, "actors": 4, "active_days": 1, "contracts": 1}
    nothing = {"actions_gross": 0, "actions": 0, "actors": 0, "active_days": 0, "contracts": 1}
    assert told == [
        ("app.went_live", "shop", four_actors, summary),
        ("app.went_dormant", "shop", quiet, nothing),
    ]


def test_however_the_chain_is_read_actions_count_for_the_same_people(
    street: Street, source: JsonRpcSource, store: Store, tmp_path: Path
) -> None:
    """Live by both ways with restarts and reorgs, and backfills by both: one ledger, state and set of hours.

    Hours and the counts in the ledger are those of an oracle that knows what was done and never saw a log.
    """
    random = Random(20)
    program = street.program(tmp_path)
    with (
        fresh_store(tmp_path / "live") as other,
        fresh_store(tmp_path / "late") as late,
        fresh_store(tmp_path / "late by logs") as late_by_logs,
    ):
        live = [Reader(program, source, store, by_logs=True), Reader(program, source, other, by_logs=False)]
        live_through(street, live, random)
        backfills = [
            Reader(program, source, late, by_logs=False),
            Reader(program, source, late_by_logs, by_logs=True),
        ]
        for reader in backfills:
            reader.sync()
        expected = live[0].everything()
        for reader in (*live[1:], *backfills):
            assert reader.everything() == expected
    types = Counter(entry["type"] for entry in expected["ledger"])
    assert min(types["app.went_live"], types["app.went_dormant"]) > 2
    assert types["milestone.reached"] == 1
    assert expected["actors"] == hours_of(street)
    for entry in expected["ledger"]:
        if entry["type"].startswith("app."):
            summary = entry["evidence"]["summary"]
            assert summary == {
                **in_window(street, entry["subject"], entry["block_number"]),
                "active_days": summary["active_days"],
                "contracts": 1,
            }


def live_through(street: Street, readers: list[Reader], random: Random) -> None:
    """Let people do anything for many blocks, some of which are lost again, while everybody reads along."""
    finalized = 0
    while street.devnet.head.number < BLOCKS:
        head = street.devnet.head.number
        finalized = max(finalized, head - DEPTH)
        if random.random() < 0.15 and head > finalized:
            street.revert(random.randint(finalized, head - 1))
        for _ in range(random.choice((0, 0, 1, 3))):
            street.anything(random)
        street.mine(random.choice(STEPS))
        for reader in readers:
            if random.random() < 0.3:
                reader.restart()
            if random.random() < 0.7:
                reader.sync()
    street.mine(2 * SECONDS_PER_DAY)
    for _ in range(DEPTH):
        street.mine()
    for reader in readers:
        reader.sync()


def hours_of(street: Street) -> dict[tuple[str, int], dict[Address, int]]:
    """Add up by app and hour what was done."""
    hours: dict[tuple[str, int], dict[Address, int]] = {}
    for number, done in street.done.items():
        for (actor, app), count in done.items():
            hour = hours.setdefault((app, hour_at(street, number)), {})
            hour[actor] = hour.get(actor, 0) + count
    return hours


def in_window(street: Street, app: str, last: int) -> dict[str, int]:
    """Recount an app's window as of a block."""
    first_hour = hour_at(street, last) - DAY_OF_HOURS
    first = min(number for number in street.done if hour_at(street, number) >= first_hour)
    counts = street.counted(app, first, last)
    net = sum(min(count, MOST_OF_ONE) for count in counts.values())
    return {"actions": net, "actions_gross": counts.total(), "actors": len(counts)}


def hour_at(street: Street, number: int) -> int:
    """Give the hour of a block."""
    block = street.devnet.block(number)
    assert block is not None
    return hour_of(block.timestamp)


def test_logs_determine_what_counts(street: Street, tmp_path: Path) -> None:
    """Markers need no filter: an action counts by a log of the app, and that block is read whole."""
    wanted = Tracked(street.program(tmp_path)).log_filter()
    assert wanted is not None
    assert {street.game, street.shop} <= wanted.addresses
    assert wanted.addresses.isdisjoint({street.entry, street.safe, street.forwarder})
