"""What messages and `--json` hold is what the pages say they hold; a small world is run to see it."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.architecture.pages import by_hand, page
from tests.stages.world import APPS, Watch, definition, fresh_store, open_for_business, use
from watcher.core.roster import roster
from watcher.core.state import from_json
from watcher.errors import EndpointUnavailable
from watcher.stages.health import Expected, heartbeat
from watcher.stages.runs import FAILURES_UNTIL_DEGRADED, Runner
from watcher.stages.status import status
from watcher.testing.fake_chain import FakeChain

EXPECTED = Expected(channels=("ops",), patience_seconds=60)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Give a watcher whose apps went live, whose countdown is at its mark, and whose stage failed."""
    chain = FakeChain()
    with fresh_store(tmp_path) as store:
        watch = Watch(definition(tmp_path, duration="2h"), chain, store)
        open_for_business(chain)
        chain.block(*use(APPS[0], 0, 1, 2, 3), *use(APPS[1], 0, 1, 2, 3))
        watch.sync()
        for _ in range(4):
            chain.block()
        watch.clock.advance(timedelta(hours=1, minutes=1))
        watch.sync()
        runner = Runner(watch.program, store, watch.clock, watch.announcer)

        def fail() -> None:
            raise EndpointUnavailable("the endpoint rests")

        for _ in range(FAILURES_UNTIL_DEGRADED):
            runner.attempt("index", fail)
        runner.attempt("index", lambda: None)
        heartbeat(watch.program, store, watch.clock, watch.announcer, EXPECTED)
        yield watch


def rows() -> dict[str, str]:
    """Give each type's row of docs/webhooks.md, with the row that `as above` means."""
    found: dict[str, str] = {}
    above = ""
    for line in page("docs/webhooks.md").splitlines():
        row = re.match(r"\| `([a-z]+\.[a-z_]+)` \|", line)
        if row:
            above = f"{line} {above}" if "as above" in line else line
            found[row[1]] = above
    return found


def test_every_key_of_a_message_is_explained(watch: Watch) -> None:
    """In the table of fields, or in the row of its type; those of its summary in the row."""
    with watch.store.reading() as tx:
        payloads = [json.loads(event.body) for event in tx.outbox.events()]
    told = {payload["type"] for payload in payloads}
    assert told >= {
        "milestone.observed",
        "countdown.projected",
        "milestone.reached",
        "countdown.started",
        "countdown.marked",
        "watcher.degraded",
        "watcher.recovered",
        "watcher.heartbeat",
    }
    for payload in payloads:
        row = rows()[payload["type"]]
        data = payload["data"]
        for key in data:
            assert f"`data.{key}`" in page("docs/webhooks.md") or f"`{key}`" in row, (payload["type"], key)
        for key in data.get("evidence", {}).get("summary", {}):
            assert f"`{key}`" in row, (payload["type"], key)


def test_every_key_of_the_json_that_commands_print_is_named(watch: Watch) -> None:
    """Scripts are written from docs/commands.md."""
    with watch.store.reading() as tx:
        known = tx.state.load()
        assert known is not None
        now = int(watch.clock.now().timestamp())
        printed = {
            "status": status(watch.program, tx, EXPECTED, now).figures,
            "apps": roster(watch.program, from_json(watch.program, json.loads(known.payload)))[0],
        }
    for command, figures in printed.items():
        [row] = [
            line for line in by_hand("docs/commands.md").splitlines() if line.startswith(f"| `{command}` |")
        ]
        assert [key for key in figures if f"`{key}`" not in row] == []
