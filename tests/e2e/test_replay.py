"""Replay equality on a real node: block by block or at once, SQLite or PostgreSQL, the ledger is the same."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.databases import PostgreSQL
from tests.e2e.processes import Installation
from tests.e2e.story import Town, digest_of_a_clean_replay, installation, town
from watcher.stages.sync import catch_up

BLOCKS = 60
_DAY = 86_400


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Installation]]:
    """Give a chain that grew for days, with reorgs, and a watcher that followed it block by block."""
    with town("--timestamp", "1700000000") as place:
        watcher = installation(tmp_path_factory.mktemp("lived"), place)
        follow(watcher, place)
        yield place, watcher


def follow(watcher: Installation, place: Town) -> None:
    """Let the chain grow, and index and evaluate each block as it comes."""
    time = int(place.node.block("latest")["timestamp"], 16)
    with watcher.stages() as stages:
        for _ in range(BLOCKS):
            for app in range(len(place.apps)):
                place.use(app, users=random.randint(0, 4))
            time += random.choice((1, 600, 5_000, _DAY // 2))
            place.node.mine(time)
            if random.random() < 0.15:
                place.node.reorg(random.randint(1, 3))
                time = int(place.node.block("latest")["timestamp"], 16)
            catch_up(stages.index, stages.evaluate, "head")
        place.node.mine(time + 2 * _DAY)
        place.go_live(0, 1, 2)
        place.pass_blocks()
        catch_up(stages.index, stages.evaluate, "head")


def test_block_by_block_and_one_backfill_write_the_same_ledger(
    lived: tuple[Town, Installation], tmp_path: Path
) -> None:
    """A watcher that saw every block arrive, and every reorg, concludes what a late one concludes."""
    place, watcher = lived
    entries = watcher.objects("ledger")
    assert {"app.went_live", "app.went_dormant", "milestone.reached"} <= {each["type"] for each in entries}
    assert entries[-1]["digest"] == digest_of_a_clean_replay(tmp_path / "clean", place)


@pytest.mark.postgres
def test_postgresql_and_sqlite_hold_the_same_ledger(
    lived: tuple[Town, Installation], tmp_path: Path, postgresql: PostgreSQL
) -> None:
    """The database is a place to keep things: what is concluded does not depend on it."""
    place, watcher = lived
    with postgresql.empty() as url:
        on_server = installation(tmp_path, place)
        # The query names the server's socket file; a deployment's URL has to name a host all the same.
        named = make_url(url).set(drivername="postgresql+psycopg", host="localhost")
        on_server.write_deployment(place.node.url, database=named.render_as_string())
        on_server.say("sync")
        assert on_server.objects("ledger") == watcher.objects("ledger")


def test_a_pruned_node_gives_the_beginning_of_the_ledger_and_says_what_is_missing(tmp_path: Path) -> None:
    """It stands still before the first conclusion that needs lost state; nothing is taken for absent."""
    with town("--prune-history", "12") as place:
        early, late = (installation(tmp_path / name, place) for name in ("early", "late"))
        joining = place.pass_blocks(2) + 1
        for watcher in (early, late):
            watcher.write_program(place.apps, count_from=place.first, from_block=joining)
        place.go_live(0, 1, 2)
        place.pass_blocks()
        with early.stages() as stages:
            catch_up(stages.index, stages.evaluate)
        place.pass_blocks(20)
        with early.stages() as stages:
            catch_up(stages.index, stages.evaluate)
        stopped = late.watcher("sync")
        status = late.watcher("status").stdout
    assert stopped.returncode == 3
    assert "the ledger stands still" in stopped.stderr
    assert status.startswith("DEGRADED since ")
    assert f"stands still before block {joining}, which needs the state of contract " in status
    assert "add an endpoint with the whole history" in status
    whole, beginning = early.objects("ledger"), late.objects("ledger")
    assert "milestone.reached" in {entry["type"] for entry in whole}
    assert [entry["type"] for entry in beginning] == ["definition.adopted"]
    assert beginning == whole[:1]
