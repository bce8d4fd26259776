"""The story replayed: the reference programme's 88 days, with real contracts on a real EVM."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.e2e.processes import Installation
from tests.e2e.timeline import Timeline, program, promised
from watcher.core.preflight import Level
from watcher.stages.sync import catch_up
from watcher.testing.devnet_server import serve


@pytest.fixture
def story() -> Timeline:
    """Set the stage; nothing has happened yet."""
    return Timeline()


@pytest.fixture
def node(story: Timeline) -> Iterator[str]:
    """Serve the chain like any node."""
    with serve(story.devnet) as url:
        yield url


def installed(folder: Path, story: Timeline, node: str) -> Installation:
    """Write the two files of a watcher."""
    folder.mkdir()
    (folder / "program.toml").write_text(program(story), encoding="utf-8")
    watcher = Installation(folder)
    watcher.write_deployment(node)
    return watcher


@pytest.mark.timeout(300)
def test_the_ledger_of_the_story_is_the_one_that_was_promised(
    tmp_path: Path, story: Timeline, node: str
) -> None:
    """Entry by entry, with its instant; whoever reads all of it at once afterwards writes the same bytes."""
    living = installed(tmp_path / "living", story, node)
    with living.stages() as stages:
        for _ in story.days():
            catch_up(stages.index, stages.evaluate)
        with stages.store.reading() as tx:
            entries = list(tx.ledger.entries())
    told = [(entry["type"], entry["subject"], entry["occurred_at"]) for entry in entries]
    assert told == promised()

    later = installed(tmp_path / "later", story, node)
    with later.stages() as stages:
        catch_up(stages.index, stages.evaluate)
    assert later.digest == living.digest


@pytest.mark.timeout(300)
def test_a_check_finds_nothing_to_correct_in_the_story(tmp_path: Path, story: Timeline, node: str) -> None:
    """The token is asked for its digits beforehand, and for its supply as of the last concluded block."""
    for _ in islice(story.days(), 2):
        pass
    watcher = installed(tmp_path / "watcher", story, node)
    token = f"token {story.usdm}"
    before = watcher.check()
    assert Level.PROBLEM not in [each.level for each in before]
    assert [each.text for each in before if each.about == token] == ["has 18 decimals"]
    with watcher.stages() as stages:
        catch_up(stages.index, stages.evaluate)
    after = watcher.check()
    assert Level.PROBLEM not in [each.level for each in after]
    supplies = [each.text for each in after if each.about == token and "supply" in each.text]
    assert [text.partition(" at block")[0] for text in supplies] == ["has a supply of 45000000"]
