"""SIGKILL in the middle of writing: nothing is lost, nothing is doubled, nothing reads otherwise."""

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from signal import SIGKILL

from tests.e2e.processes import SECONDS_PER_WAIT, Daemon, Installation, Payload, wait_until
from tests.e2e.story import Town, installation, town
from watcher.testing.receiver import Received, Receiver

WRITES = range(1, 13)
"""A daemon is killed at one of these: the first make the database, the last are those of an idle one."""

ROUNDS = ["write", "message", "write", "message", "write"]
"""At what the daemon of each round is killed."""


class Trap:
    """Kills the daemon in `prey` when an observation has arrived, before the daemon hears that it did."""

    def __init__(self) -> None:
        self.is_set = False
        self.prey: SimpleQueue[Daemon] = SimpleQueue()

    def __call__(self, message: Received) -> None:
        """Spring, if it is set."""
        if self.is_set and message.type == "milestone.observed":
            self.prey.get(timeout=SECONDS_PER_WAIT).process.kill()


def test_killed_at_random_moments_it_ends_where_a_watcher_that_was_never_killed_ends(tmp_path: Path) -> None:
    """Every entry arrives, each id with one body, and the ledger is byte for byte that of a clean replay.

    Meanwhile the chain grows, and what makes the milestone is taken back again and again. Each observation
    that was told has exactly one outcome: it was retracted, or it is the one that was reached.
    """
    trap = Trap()
    with town() as place, Receiver(on_message=trap) as receiver:
        watcher = installation(tmp_path, place, {"good": receiver.url})
        place.go_live(0, 1)
        for moment in ROUNDS:
            place.use(random.randint(0, 1), users=random.randint(0, 3))
            lives_at = place.go_live(2)
            trap.is_set = moment == "message"
            with watcher.daemon("--deliver-history") as daemon:
                if trap.is_set:
                    trap.prey.put(daemon)
                    assert daemon.join() == -SIGKILL
                else:
                    kill_at_a_write(watcher, daemon, place)
            place.node.reorg(place.pass_blocks(random.randint(1, 2)) - lives_at + 1)
        trap.is_set = False
        place.go_live(2)
        place.pass_blocks(5)
        watcher.say("sync", "--to", "head", "--deliver-history")
        entries = watcher.objects("ledger")
        clean = installation(tmp_path / "clean", place)
        clean.say("sync")

    assert entries[-1]["digest"] == clean.digest
    assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
    bodies = defaultdict(list)
    for message in receiver.messages:
        bodies[message.id].append(message.body)
    assert [message_id for message_id, found in bodies.items() if len(set(found)) > 1] == []
    assert [entry["type"] for entry in entries if entry["id"] not in bodies] == []
    assert max(len(found) for found in bodies.values()) > 1, "no kill came between sending and recording"
    assert set(outcomes(receiver.messages, entries).values()) == {1}


def kill_at_a_write(watcher: Installation, daemon: Daemon, place: Town) -> None:
    """Kill the daemon while it writes, at a random one of its writes; halfway there a block comes."""
    writes = random.choice(WRITES)
    for number in range(writes):
        seen = last_write(watcher)
        if number == writes // 2:
            place.pass_blocks(1)
        wait_until(lambda seen=seen: last_write(watcher) != seen)  # type: ignore[misc]
    daemon.kill()


def last_write(watcher: Installation) -> int:
    """Give when the database was written last: the write-ahead log changes while a transaction commits."""
    log = watcher.database.with_name(watcher.database.name + "-wal")
    return log.stat().st_mtime_ns if log.exists() else 0


def outcomes(messages: Sequence[Received], entries: Sequence[Payload]) -> dict[str, int]:
    """Count the outcomes of each observation that was told."""
    told = {message.id: message.payload["data"] for message in messages if message.payload is not None}
    types = {message.id: message.type for message in messages}
    observed = [data for name, data in told.items() if types[name] == "milestone.observed"]
    retracted = [data["observation"] for name, data in told.items() if types[name] == "milestone.retracted"]
    reached = [entry["block_hash"] for entry in entries if entry["type"] == "milestone.reached"]
    return {data["id"]: retracted.count(data["id"]) + reached.count(data["block_hash"]) for data in observed}
