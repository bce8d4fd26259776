"""Endpoints in trouble: channels hear of each once, at once, and once that it is back."""

from datetime import timedelta
from pathlib import Path
from typing import NoReturn, cast

import pytest

from tests.stages.world import definition
from watcher.chain.source import EndpointTrouble
from watcher.errors import StoreError
from watcher.stages.announce import Announcer, Subscription
from watcher.stages.endpoints import announce_troubles
from watcher.stages.runs import Runner
from watcher.store.database import Store
from watcher.store.outbox import StoredEvent
from watcher.testing.fake_chain import FakeChain
from watcher.testing.manual_clock import START, ManualClock

NAME = "endpoint e1 (https://rpc.example.org)"


class Desk:
    """A source with endpoints, and what is announced of them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.clock = ManualClock()
        self.chain = FakeChain()
        self._definition = definition(folder)
        self.restart()

    def restart(self) -> None:
        """Start the process anew."""
        announcer = Announcer(self._definition, self.clock, [Subscription("ops", ("*",))])
        self.runner = Runner(self._definition, self.store, self.clock, announcer)

    def look(self, *troubled: str) -> None:
        """Let a minute pass and these endpoints be in trouble."""
        self.clock.advance(timedelta(minutes=1))
        self.chain.in_trouble = [EndpointTrouble(name, START, "its head went back") for name in troubled]
        announce_troubles(self.chain, self.store, self.runner)

    def told(self) -> list[StoredEvent]:
        """Give what was announced, the oldest first."""
        with self.store.reading() as tx:
            return tx.outbox.events()[::-1]

    def types(self) -> list[str]:
        """Give the types of what was announced."""
        return [event.type for event in self.told()]


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    """Give a desk on an empty store."""
    return Desk(store, tmp_path)


def test_an_endpoint_in_trouble_is_announced_once_and_its_return_too(desk: Desk) -> None:
    """At once, since when and why; the second notice names the first."""
    desk.look()
    assert desk.types() == []
    desk.look(NAME)
    desk.look(NAME)
    [degraded] = desk.told()
    assert degraded.type == "watcher.degraded"
    assert NAME in degraded.body.decode()
    assert "its head went back" in degraded.body.decode()
    assert '"since":"2026-03-01T00:00:00Z"' in degraded.body.decode()
    desk.look()
    desk.look()
    assert desk.types() == ["watcher.degraded", "watcher.recovered"]
    assert degraded.id in desk.told()[1].body.decode()


def test_a_restart_neither_repeats_nor_forgets_what_was_announced(desk: Desk) -> None:
    """What is recorded decides, not what a process remembers."""
    desk.look(NAME)
    desk.restart()
    desk.look(NAME)
    assert desk.types() == ["watcher.degraded"]
    desk.restart()
    desk.look()
    assert desk.types() == ["watcher.degraded", "watcher.recovered"]


def test_each_endpoint_has_troubles_of_its_own(desk: Desk) -> None:
    """One that comes back ends its own trouble; a failing stage is not taken for an endpoint."""
    with pytest.raises(ZeroDivisionError):
        desk.runner.run("index", lambda: 1 // 0)
    desk.look(NAME, "endpoint e2 (https://other.example.org)")
    desk.look(NAME)
    assert desk.types() == ["watcher.degraded", "watcher.degraded", "watcher.recovered"]
    assert "other.example.org" in desk.told()[2].body.decode()


class UnreadableStore:
    """Stands for a store whose disk went away."""

    def reading(self) -> NoReturn:
        """Raise what the store raises."""
        raise StoreError("no such file")


def test_a_database_that_cannot_be_read_is_for_the_stages_to_report(desk: Desk) -> None:
    """Nothing is announced, and nothing is raised on top."""
    desk.chain.in_trouble = [EndpointTrouble(NAME, START, "its head went back")]
    announce_troubles(desk.chain, cast(Store, UnreadableStore()), desk.runner)
    assert desk.types() == []
