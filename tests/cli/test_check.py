"""`check`: everything that a run will rest on, looked at before one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.faults.telling_node import KEY, telling_node
from tests.nodes import anvil
from tests.stages.world import APPS, Watch, definition
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.core.definition import Definition
from watcher.stages.index import Index
from watcher.store.database import Store
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_server import serve
from watcher.testing.manual_clock import ManualClock

GENESIS_TIME = 1_700_000_000


@dataclass
class Place:
    """A node, and the folder whose deployment points to it."""

    url: str
    folder: Path

    def deploy(self, *more: str, url: str | None = None) -> None:
        """Write the deployment file."""
        lines = ["schema = 1", 'database = "sqlite:///watcher.db"', "[[endpoint]]", 'id = "main"']
        text = "\n".join([*lines, f'url = "{url or self.url}"', *more])
        (self.folder / "watcher.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def place(folder: Path, program: Definition) -> Iterator[Place]:
    """Give a chain of sixty blocks, a minute apart, and a deployment that writes events to its log."""
    assert program.program_id == "world"
    devnet = Devnet(GENESIS_TIME)
    for number in range(60):
        if number % 3 == 0:
            devnet.transact(devnet.accounts[1], APPS[0])
        devnet.mine(GENESIS_TIME + 60 * (number + 1))
    with serve(devnet) as url:
        found = Place(url, folder)
        found.deploy("[[channel]]", 'id = "ops"', 'kind = "log"')
        yield found


def findings(watcher: Command, code: int) -> list[dict[str, Any]]:
    """Run the check and give what it found."""
    said = watcher("check", "--json")
    assert said.code == code, said.out + said.err
    [found] = said.objects
    assert found["verdict"] == {0: "warning", 1: "problem", 3: "unreachable"}[code]
    listed: list[dict[str, Any]] = found["findings"]
    return listed


def texts(watcher: Command, code: int, level: str) -> list[str]:
    """Give what was found of one level."""
    return [finding["text"] for finding in findings(watcher, code) if finding["level"] == level]


def test_what_is_in_order_is_told_line_by_line_and_nothing_is_made(watcher: Command, place: Place) -> None:
    """Program, endpoint, database, channel, cost; an old devnet head is the only remark."""
    said = watcher("check")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["level", "about", "found"]
    assert [line.split()[0] for line in lines[1:]].count("warning") == 1
    assert "is the node in sync?" in said.out
    assert "final (depth 3) is 57, 3m behind it" in said.out
    assert "the first `watcher run` or `watcher sync` makes them" in said.out
    assert "channel ops" in said.out
    assert lines[-1].split()[:2] == ["ok", "backfill"]
    assert sorted(path.name for path in place.folder.iterdir()) == ["watcher.toml", "world.toml"]


def test_the_cost_that_is_printed_is_what_a_backfill_takes(
    watcher: Command, place: Place, program: Definition
) -> None:
    """Billed calls are those of the batches' elements; reading takes at most a fifth more than was said."""
    [found] = watcher("check", "--json").objects
    said = found["backfill"]
    assert said["blocks"] == 57
    source = JsonRpcSource([EndpointSettings("main", place.url)], 31_337)
    store = Store.open(f"sqlite:///{place.folder / 'watcher.db'}", create=True)
    try:
        Index(program, source, store, ManualClock()).run("final")
    finally:
        source.close()
        store.close()
    [traffic] = source.traffic.values()
    assert said["calls"] / 1.2 < traffic.calls < 1.2 * said["calls"]
    assert said["size_bytes"] / 2 < traffic.bytes_read < 2 * said["size_bytes"]


def test_where_logs_determine_the_facts_both_ways_are_told(watcher: Command, place: Place) -> None:
    """How far back logs reach, how wide a range is taken, what either way costs, from when on KPIs count."""
    file = place.folder / "world.toml"
    text = file.read_text(encoding="utf-8").replace('reach = "direct"', 'reach = "touched"')
    deployer = text[text.index("[[app.discover]]") : text.index("[[kpi]]")]
    listed = f'[[app.contract]]\naddress = "{APPS[2]}"\n\n'
    file.write_text(text.replace(deployer, listed), encoding="utf-8")
    found = texts(watcher, 0, "ok")
    assert "has logs from block 1 on, takes ranges of 57 blocks" in found
    assert any(
        "decidable from 2023-11-14T22:14:20Z (block 1) on; its window of 1 day" in each for each in found
    )
    said = watcher("check", "--json").objects[0]["backfill"]
    assert (said["blocks"], said["by_logs"]) == (57, False)
    assert said["calls_other_way"] > 0
    assert "read by receipts without a sample" in said["why"]


def test_a_database_shortens_what_is_left_to_read(
    watcher: Command, place: Place, program: Definition
) -> None:
    """The check begins behind the checkpoint; when all is read it says so."""
    source = JsonRpcSource([EndpointSettings("main", place.url)], 31_337)
    store = Store.open(f"sqlite:///{place.folder / 'watcher.db'}", create=True)
    try:
        index = Index(program, source, store, ManualClock())
        index.run(40)
        assert "belongs to this definition, read up to block 40" in texts(watcher, 0, "ok")
        [found] = watcher("check", "--json").objects
        assert found["backfill"]["blocks"] == 17
        index.run("final")
        assert "everything final is read" in texts(watcher, 0, "ok")
        with store.writer_lock():
            assert any(text.startswith("is being written by pid ") for text in texts(watcher, 0, "ok"))
    finally:
        source.close()
        store.close()


def test_an_endpoint_that_is_down_is_the_outside_worlds_fault(watcher: Command, place: Place) -> None:
    """Exit 3, and no key is shown."""
    place.deploy(url="http://127.0.0.1:9/SECRETSECRET")
    assert texts(watcher, 3, "unreachable") == ["eth_chainId: connection refused: is the node running?"]
    assert "SECRET" not in watcher("check").out


def test_one_endpoint_of_two_is_enough_to_tell_the_cost(watcher: Command, place: Place) -> None:
    """The one that answers is read from."""
    place.deploy("[[endpoint]]", 'id = "other"', f'url = "{place.url}"', url="http://127.0.0.1:9")
    said = watcher("check", "--json")
    assert said.code == 3
    assert said.objects[0]["backfill"]["blocks"] == 57


def test_another_chain_and_another_programs_database_will_not_work(watcher: Command, place: Place) -> None:
    """Exit 1, with what to do."""
    file = place.folder / "world.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("id = 31337", "id = 4326"), encoding="utf-8")
    [problem] = texts(watcher, 1, "problem")
    assert "the program is about chain 4326: correct its URL" in problem
    assert watcher("check", "--json").objects[0]["backfill"] is None


def test_a_database_of_another_program_or_chain_is_a_problem(
    watcher: Command, watch: Watch, place: Place
) -> None:
    """What a run would refuse is told before one."""
    place.deploy()
    [genesis] = texts(watcher, 1, "problem")
    assert genesis.startswith("was made on a chain with genesis 0x")
    definition(place.folder, duration="9d")
    other, _ = texts(watcher, 1, "problem")
    assert f"belongs to program world, definition {watch.program.hash}" in other


def test_older_tables_and_no_channel_are_remarks(watcher: Command, store: Store, place: Place) -> None:
    """They stop nobody."""
    place.deploy()
    assert "is empty" in texts(watcher, 0, "ok")
    with store.writing() as tx:
        tx.facts._connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert texts(watcher, 0, "warning")[-2:] == [
        "has tables of an older release: the next run brings them up to date",
        "there is none: nobody is told of anything",
    ]


def test_a_receiver_that_may_not_be_reached_and_a_folder_that_is_not_there_are_problems(
    watcher: Command, place: Place
) -> None:
    """Nothing was sent to find out."""
    place.deploy(
        "[[channel]]",
        'id = "ops"',
        'kind = "webhook"',
        'url = "http://127.0.0.1:9/hook"',
        'secrets = [{ env = "OPS_SECRET" }]',
    )
    file = place.folder / "watcher.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("watcher.db", "nowhere/watcher.db"), encoding="utf-8"
    )
    folder, receiver = texts(watcher, 1, "problem")
    assert "is no folder: make it" in folder
    assert receiver.startswith("127.0.0.1 is at 127.0.0.1, a loopback address")


def test_a_chain_on_which_nothing_is_final_has_no_cost_yet(watcher: Command, place: Place) -> None:
    """It is a remark: it will become final."""
    definition(place.folder, finality='tag = "finalized"')
    assert any("nothing is final yet (finalized)" in text for text in texts(watcher, 0, "warning"))
    assert watcher("check", "--json").objects[0]["backfill"] is None


def test_a_declared_gap_costs_nothing(watcher: Command, place: Place) -> None:
    """Nobody reads it."""
    definition(place.folder, chain='[[chain.gap]]\nfirst = 20\nlast = 29\nreason = "lost"')
    assert watcher("check", "--json").objects[0]["backfill"]["blocks"] == 47


def test_files_that_are_wrong_are_told_as_everywhere(watcher: Command, place: Place) -> None:
    """Exit 2, before anybody is asked."""
    place.deploy("colour = 1")
    said = watcher("check")
    assert said.code == 2
    assert "colour" in said.err
    assert said.out == ""


def test_a_real_node_that_forgets_its_history_is_found_out(watcher: Command, folder: Path) -> None:
    """Anvil keeps ten blocks of state and every receipt: a remark, since plain code can be proven."""
    definition(folder)
    with anvil("--prune-history", "10", "--timestamp", str(GENESIS_TIME)) as node:
        for number in range(60):
            node.mine(GENESIS_TIME + 100 * (number + 1))
        Place(node.url, folder).deploy("[[channel]]", 'id = "ops"', 'kind = "log"')
        found = findings(watcher, 0)
    [state] = [each for each in found if each["text"].startswith("has state from block ")]
    assert state["level"] == "warning"
    assert int(state["text"].split()[4].rstrip(":")) > 40
    assert {"has blocks and receipts from block 1 on", "nothing stands in the way; nothing was sent"} <= {
        each["text"] for each in found
    }


def test_an_endpoint_that_tells_of_new_heads_is_asked_for_them(watcher: Command, place: Place) -> None:
    """A run does without, so what is wrong is a warning; the key in the URL is not shown."""
    with telling_node() as node:
        place.deploy(f'websocket = "{node.url}"')
        said = watcher("check")
        assert said.code == 0
        assert f"new heads of main (ws://127.0.0.1:{node.port})" in said.out
        assert "the subscription is taken" in said.out
    assert any("at its next poll, not at once" in text for text in texts(watcher, 0, "warning"))
    assert KEY not in watcher("check").out
