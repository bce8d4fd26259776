"""A changed program: its ledger is that of a fresh database, the old one stays, nothing is told twice."""

import itertools
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.databases import everything, query
from tests.stages.test_kills import killing
from tests.stages.world import (
    APPS,
    OWNER,
    START,
    USERS,
    Watch,
    busy,
    definition,
    fresh_store,
    open_for_business,
    use,
)
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.errors import DatabaseMismatch, EndpointUnavailable, StoreError, UsageError
from watcher.stages.adopting import ROWS, Planned, adopt, plan_adoption, read_missing
from watcher.stages.identity import check_definition
from watcher.store.database import Store
from watcher.testing.fake_blocks import create, log, tx
from watcher.testing.fake_chain import FakeChain

STEPS = (0, 1, 60, 3_600, 30_000, 100_000)
PING = "0x" + keccak(text="Ping()").hex()

DELTA = f"""
[[app]]
id = "delta"
[[app.contract]]
address = "{APPS[3]}"
"""

PINGS = f"""
[[kpi]]
id = "pings"
metric = {{ kind = "event_count", event = "Ping()", emitters = ["{APPS[2]}"] }}
at_least = 3
"""

OTHER_FIRST_BLOCK = "UPDATE block SET hash = parent_hash WHERE number = 1"

Edit = Callable[[str], str]


def adding(text: str) -> Edit:
    """Add tables at the end."""
    return lambda program: program + text


def putting(old: str, new: str) -> Edit:
    """Write something else in one place."""

    def edit(program: str) -> str:
        assert old in program
        return program.replace(old, new)

    return edit


def delisting(program: str) -> str:
    """Take beta out of the program."""
    before, _, rest = program.partition('[[app]]\nid = "beta"')
    return (before + rest[rest.index("[[app]]") :]).replace("at_least = 3", "at_least = 1")


EDITS: dict[str, tuple[Edit, str]] = {
    "a bar": (putting("min_actions = 4", "min_actions = 2"), "what was read serves"),
    "a window": (putting("days = 1,", "days = 2,"), "what was read serves"),
    "a countdown": (putting('duration = "7d"', 'duration = "2h"'), "what was read serves"),
    "a KPI's bar": (putting("at_least = 3", "at_least = 1"), "what was read serves"),
    "an app added": (adding(DELTA), "read for app delta alone"),
    "an app removed": (delisting, "what was read serves"),
    "an app that lists another contract": (putting(APPS[1], APPS[3]), "read for app beta alone"),
    "a metric added": (adding(PINGS), "read for KPI pings alone"),
    "a metric of every block": (
        adding('[[kpi]]\nid = "gas"\nmetric = { kind = "block_gas" }\nat_least = 30_000\n'),
        "read for KPI gas alone",
    ),
    "an app and a metric": (adding(DELTA + PINGS), "read for app delta, KPI pings alone"),
    "what counts": (putting('reach = "direct"', 'reach = "touched"'), "all of the history is read again"),
    "finality": (putting("depth = 3", "depth = 5"), "all of the history is read again"),
}


def changed(folder: Path, edit: Edit) -> Definition:
    """Load the world's program as somebody edited it."""
    folder.mkdir(parents=True, exist_ok=True)
    definition(folder)
    file = folder / "world.toml"
    file.write_text(edit(file.read_text(encoding="utf-8")), encoding="utf-8")
    return load_program(file).definition


def history(random: Random, blocks: int = 50) -> FakeChain:
    """Make a chain of some weeks on which apps come and go, those too that no program lists yet."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(create(USERS[0], nonce=7), code={APPS[2]: b"\x60\x03", APPS[3]: b"\x60\x04"})
    for _ in range(blocks // 5):
        busy(chain, random, 4, lambda: random.choice(STEPS))
        others = [tx(random.choice(USERS), APPS[3]) for _ in range(random.choice((0, 3, 6)))]
        pings = [tx(USERS[1], APPS[2], logs=[log(APPS[2], PING)]) for _ in range(random.choice((0, 1)))]
        chain.block(*others, *pings, at=chain.head().timestamp + random.choice(STEPS))
    return chain


def go_over(watch: Watch, new: Definition, folder: Path, *, rows: int = ROWS) -> Planned:
    """Adopt a program as the command does."""
    planned = plan_adoption(new, watch.store)
    with fresh_store(folder) as beside:
        read_missing(planned, watch.chain, beside, watch.clock)
        adopt(planned, watch.store, watch.clock, beside, rows=rows)
    return planned


def under(watch: Watch, program: Definition) -> Watch:
    """Start the watcher anew with another program, on the same chain and store."""
    return Watch(program, watch.chain, watch.store, watch.clock)


def fresh_ledger(watch: Watch, program: Definition, folder: Path) -> list[dict[str, Any]]:
    """Give what a fresh watcher concludes under a program."""
    with fresh_store(folder) as store:
        fresh = Watch(program, watch.chain.clone(), store)
        fresh.sync()
        return fresh.entries()


def messages(store: Store, event_type: str) -> list[dict[str, Any]]:
    """Give the data of what was addressed to the channel, oldest first."""
    with store.reading() as tx:
        waiting = tx.outbox.pending("ops")
    return [json.loads(each.body)["data"] for each in waiting if each.event_type == event_type]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("edit", EDITS)
def test_the_ledger_after_an_adoption_is_that_of_a_fresh_database(
    store: Store, tmp_path: Path, edit: str, seed: int
) -> None:
    """To the byte, whatever changed and whatever had to be read for it; the old ledger stays as it was."""
    change, words = EDITS[edit]
    watch = Watch(definition(tmp_path), history(Random(seed)), store)
    watch.sync()
    old = watch.entries()
    new = changed(tmp_path / "new", change)
    planned = go_over(watch, new, tmp_path / "beside")
    assert words in planned.rereading.words()
    watch = under(watch, new)
    watch.sync()
    assert watch.entries() == fresh_ledger(watch, new, tmp_path / "fresh")
    with store.reading() as tx:
        assert list(tx.ledger.entries(generation=1)) == old
        assert [each.definition_hash for each in tx.adoptions.all()] == [old[0]["definition_hash"], new.hash]
        assert all(tx.ledger.bundle(entry["evidence"]["bundle_sha256"]) for entry in old)


def test_what_comes_later_is_concluded_under_the_new_program(store: Store, tmp_path: Path) -> None:
    """Adopted in the middle of a history, the ledger goes on like a fresh watcher's."""
    random = Random(11)
    watch = Watch(definition(tmp_path), history(random), store)
    watch.sync()
    new = changed(tmp_path / "new", EDITS["an app and a metric"][0])
    go_over(watch, new, tmp_path / "beside")
    watch = under(watch, new)
    watch.sync()
    busy(watch.chain, random, 30, lambda: random.choice(STEPS))
    watch.sync()
    assert watch.entries() == fresh_ledger(watch, new, tmp_path / "fresh")


@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("edit", ["an app and a metric", "an app that lists another contract"])
def test_how_many_rows_are_merged_at_a_time_is_of_no_account(tmp_path: Path, edit: str, rows: int) -> None:
    """What was read before and what was read beside have rows at other blocks, and one of them more."""
    with fresh_store(tmp_path / "store") as store:
        watch = Watch(definition(tmp_path), history(Random(rows)), store)
        watch.sync()
        new = changed(tmp_path / "new", EDITS[edit][0])
        go_over(watch, new, tmp_path / "beside", rows=rows)
        watch = under(watch, new)
        watch.sync()
        assert watch.entries() == fresh_ledger(watch, new, tmp_path / "fresh")


def test_what_was_read_beside_has_to_be_of_the_same_blocks(tmp_path: Path) -> None:
    """An endpoint that showed another one, and the same end, is told; nothing has changed then."""
    with fresh_store(tmp_path / "store") as store, fresh_store(tmp_path / "beside") as beside:
        watch = settled(tmp_path, store)
        planned = plan_adoption(changed(tmp_path / "new", EDITS["an app added"][0]), store)
        read_missing(planned, watch.chain, beside, watch.clock)
        query(f"sqlite:///{tmp_path / 'beside' / 'watcher.db'}", OTHER_FIRST_BLOCK)
        before = everything(f"sqlite:///{tmp_path / 'store' / 'watcher.db'}")
        with pytest.raises(EndpointUnavailable, match="another block 1 than was read before"):
            adopt(planned, store, watch.clock, beside)
        assert everything(f"sqlite:///{tmp_path / 'store' / 'watcher.db'}") == before


def test_only_what_was_never_read_is_read(store: Store, tmp_path: Path) -> None:
    """A changed bar asks the chain for no block of the history, an added app for its receipts alone."""
    watch = Watch(definition(tmp_path), history(Random(3)), store)
    watch.sync()
    with store.reading() as tx:
        before = tx.facts.refs(0)
    go_over(watch, changed(tmp_path / "new", EDITS["a bar"][0]), tmp_path / "beside")
    with store.reading() as tx:
        assert tx.facts.refs(0) == before


def settled(folder: Path, store: Store) -> Watch:
    """Let two apps go live: the milestone is reached at block 4, final, and told."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    chain.block(*use(APPS[0], 0, 1, 2, 3))
    chain.block(*use(APPS[1], 0, 1))
    chain.block(*use(APPS[1], 0, 1))
    chain.empty_blocks(8)
    watch = Watch(definition(folder), chain, store)
    watch.sync()
    assert ("milestone.reached", "first", 4) in watch.story()
    return watch


def test_entries_that_are_equal_are_not_sent_again_and_others_are_restated_once(
    store: Store, tmp_path: Path
) -> None:
    """Equal in type, subject and block hash: told already. No longer so: ledger.restated, with what is so."""
    watch = settled(tmp_path, store)
    told = len(messages(store, "app.went_live"))
    new = changed(tmp_path / "new", putting("min_actions = 4", "min_actions = 2"))
    go_over(watch, new, tmp_path / "beside")
    watch = under(watch, new)
    watch.sync()
    watch.sync()
    assert ("milestone.reached", "first", 3) in watch.story()
    # alpha went live at the same block, beta at an earlier one
    assert len(messages(store, "app.went_live")) == told + 1
    restated = {
        (each["entry"]["type"], each["subject"]): (
            each["standing"],
            each["entry"]["block_number"],
            each["now"]["block_number"],
        )
        for each in messages(store, "ledger.restated")
    }
    assert restated == {
        ("app.went_live", "beta"): ("moved", 4, 3),
        ("kpi.met", "two-live"): ("moved", 4, 3),
        ("milestone.reached", "first"): ("moved", 4, 3),
        ("countdown.started", "tge"): ("moved", 4, 3),
    }
    assert len(messages(store, "ledger.restated")) == 4


def test_what_is_not_in_the_new_ledger_is_restated_as_absent(store: Store, tmp_path: Path) -> None:
    """Nothing stands in its place; and nothing is said of what was never told."""
    watch = settled(tmp_path, store)
    new = changed(tmp_path / "new", putting("min_actions = 4", "min_actions = 400"))
    go_over(watch, new, tmp_path / "beside")
    watch = under(watch, new)
    watch.sync()
    restated = messages(store, "ledger.restated")
    assert {(each["standing"], each["now"]) for each in restated} == {("absent", None)}
    assert {each["entry"]["type"] for each in restated} == {
        "app.went_live",
        "kpi.met",
        "milestone.reached",
        "countdown.started",
    }


def test_nothing_is_restated_to_channels_that_heard_nothing(store: Store, tmp_path: Path) -> None:
    """Entries without a delivery were not announced."""
    watch = settled(tmp_path, store)
    with fresh_store(tmp_path / "silent") as silent:
        quiet = Watch(watch.program, watch.chain, silent)
        quiet.announcer._subscriptions = ()
        quiet.sync()
        new = changed(tmp_path / "new", putting("min_actions = 4", "min_actions = 400"))
        go_over(quiet, new, tmp_path / "beside")
        under(quiet, new).sync()
        assert messages(silent, "ledger.restated") == []


def test_going_back_to_the_old_program_gives_the_old_ledger_again(store: Store, tmp_path: Path) -> None:
    """A third ledger, equal to the first to the byte."""
    watch = Watch(definition(tmp_path), history(Random(9)), store)
    watch.sync()
    old, first = watch.entries(), watch.program
    new = changed(tmp_path / "new", EDITS["an app added"][0])
    go_over(watch, new, tmp_path / "beside")
    under(watch, new).sync()
    go_over(watch, first, tmp_path / "beside again")
    watch = under(watch, first)
    watch.sync()
    assert watch.entries() == old
    with store.reading() as tx:
        assert tx.ledger.generation() == 3


def test_a_changed_program_is_refused_until_it_is_adopted(store: Store, tmp_path: Path) -> None:
    """Going over is a deliberate act; the message names both ways to go on."""
    watch = settled(tmp_path, store)
    new = changed(tmp_path / "new", EDITS["a bar"][0])
    with pytest.raises(DatabaseMismatch, match=r"what-if.*database adopt"):
        check_definition(new, store)
    go_over(watch, new, tmp_path / "beside")
    check_definition(new, store)
    with pytest.raises(UsageError, match="already"):
        plan_adoption(new, store)


def test_what_cannot_be_adopted_says_why(store: Store, tmp_path: Path) -> None:
    """An empty database, one of another chain, one that was changed meanwhile, an endpoint on a fork."""
    new = changed(tmp_path / "new", EDITS["an app added"][0])
    with pytest.raises(UsageError, match="is empty"):
        plan_adoption(new, store)
    watch = settled(tmp_path, store)
    with pytest.raises(DatabaseMismatch, match="chain 31337"):
        plan_adoption(replace(new, chain=replace(new.chain, id=5)), store)
    planned = plan_adoption(new, store)
    with fresh_store(tmp_path / "beside") as beside, pytest.raises(StoreError, match="meanwhile"):
        adopt(replace(planned, replaces="0" * 64), store, watch.clock, beside)
    watch.chain.reorg(8)
    watch.chain.empty_blocks(9)
    with (
        fresh_store(tmp_path / "beside") as beside,
        pytest.raises(EndpointUnavailable, match="does not show"),
    ):
        read_missing(planned, watch.chain, beside, watch.clock)


def test_a_contract_that_was_found_for_another_app_makes_all_be_read(store: Store, tmp_path: Path) -> None:
    """Listed claims come first: whose facts its blocks hold would change in between."""
    watch = Watch(definition(tmp_path), history(Random(2)), store)
    watch.sync()
    gamma = create(OWNER, nonce=1).contract
    new = changed(tmp_path / "new", adding(DELTA.replace(APPS[3], str(gamma))))
    assert plan_adoption(new, store).rereading.everything is not None
    go_over(watch, new, tmp_path / "beside")
    watch = under(watch, new)
    watch.sync()
    assert watch.entries() == fresh_ledger(watch, new, tmp_path / "fresh")


def test_a_kill_at_any_write_of_the_adoption_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """Before its commit nothing has changed, after it everything has; the same command goes on."""
    watch_folder = tmp_path / "watch"
    with fresh_store(watch_folder) as store:
        watch = settled(tmp_path, store)
    new = changed(tmp_path / "new", EDITS["an app and a metric"][0])
    expected = fresh_ledger(watch, new, tmp_path / "fresh")
    for at in itertools.count(1):
        folder = tmp_path / f"kill {at}"
        shutil.copytree(watch_folder, folder)
        with fresh_store(folder) as store, fresh_store(tmp_path / "beside") as beside:
            hit = Watch(watch.program, watch.chain, store, watch.clock)
            planned = plan_adoption(new, store)
            read_missing(planned, watch.chain, beside, watch.clock)
            with killing(at) as killer:
                adopt(planned, store, watch.clock, beside)
                under(hit, new).evaluate.run()
            with store.reading() as tx:
                known = tx.state.identity()
            assert known is not None
            if known.definition_hash != new.hash:
                assert hit.entries()[0]["definition_hash"] == watch.program.hash
                adopt(plan_adoption(new, store), store, watch.clock, beside)
            after = under(hit, new)
            after.sync()
            assert after.entries() == expected
            restated = [each["entry"]["id"] for each in messages(store, "ledger.restated")]
            assert len(restated) == len(set(restated))
        if not killer.struck:
            break
