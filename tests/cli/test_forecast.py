"""`forecast`: when a KPI may be met, how that is known, and what is said where it is not."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.stages.world import APPS, START, Watch, definition, use
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.store.database import Store
from watcher.testing.fake_chain import FakeChain

DAY = 86_400


def days_of_use(program: Definition, store: Store, days: int) -> None:
    """Let both listed apps be used daily, from the first day on and from the fourth."""
    chain = FakeChain(genesis_time=START)
    chain.block(at=START + 1, code={APPS[0]: b"\x60\x01", APPS[1]: b"\x60\x02"})
    for day in range(days):
        second = use(APPS[1], 0, 1, 2, 3) if day >= 3 else []
        chain.block(*use(APPS[0], 0, 1, 2, 3), *second, at=START + 2 + day * DAY)
    chain.empty_blocks(3)
    Watch(program, chain, store).sync()


def test_a_kpi_that_is_met_is_told_since_when_and_another_with_its_method(
    watcher: Command, program: Definition, store: Store
) -> None:
    """The bar of three is out of reach: so it is said, with how far was looked and how well that works."""
    days_of_use(program, store, 40)
    said = watcher("forecast")
    assert said.code == 0, said.err
    *told, note = said.out.splitlines()
    assert told == [
        "KPI three-live: 2, at least 3",
        "when       not up to 2024-01-10, which is as far as the history allows to look",
        "method     naive, the best of its back-tests: mean absolute error 0",
        "           29 back-tests of up to 19 days; the range holds 80 % of their errors",
        "history    39 days, 2023-11-14 to 2023-12-22",
        "",
        "KPI two-live: 2, at least 2",
        "when       it is met since block 5, 2023-11-17T22:13:22Z",
        "history    39 days, 2023-11-14 to 2023-12-22",
        "",
    ]
    assert note.startswith("As of block 41, 2023-12-23T22:13:22Z. A forecast goes on with the past.")


def test_one_object_a_kpi_is_printed_as_json(watcher: Command, program: Definition, store: Store) -> None:
    """Only those asked for; nothing else is on stdout."""
    days_of_use(program, store, 40)
    [found] = watcher("forecast", "three-live", "--json").objects
    assert found["answer"] == "outlook"
    assert (found["earliest"], found["likely"], found["latest"]) == (None, None, None)
    assert (found["method"], found["bar"], found["low"]) == ("naive", "3", "2")
    assert found["history"] == {"days": 39, "first": "2023-11-14", "last": "2023-12-22", "inexact_days": 0}
    [met] = watcher("forecast", "two-live", "--json").objects
    assert (met["answer"], met["since_block"], met["as_of"]) == ("met", 5, {"block_number": 41})


def test_a_window_that_is_not_full_holds_the_forecast_back(watcher: Command, folder: Path) -> None:
    """The mean is high enough already; it cannot be met before its window is full."""
    file = folder / "world.toml"
    definition(folder)
    mean = 'at_least = 1\naggregate = { kind = "mean", window = { days = 50, kind = "complete_days" } }'
    file.write_text(file.read_text(encoding="utf-8").replace("at_least = 3", mean), encoding="utf-8")
    store = Store.open(f"sqlite:///{folder / 'watcher.db'}", create=True)
    days_of_use(load_program(file).definition, store, 40)
    store.close()
    said = watcher("forecast", "three-live")
    assert "\nwhen       on 2024-01-04\n" in said.out
    assert "a window that does not begin before block 1: from 2024-01-04T00:00:00Z on" in (
        watcher("explain", "three-live").out
    )


def test_with_too_little_history_the_answer_is_that_nobody_can_tell(
    watcher: Command, program: Definition, store: Store
) -> None:
    """Exit code 4, with what there is and what it takes."""
    days_of_use(program, store, 6)
    said = watcher("forecast", "three-live")
    assert said.code == 4
    assert "cannot tell: 5 days of history, and a back-test needs 28 that are over" in said.out
    assert watcher("forecast").code == 0, "the other one is met"
    assert json.loads(watcher("forecast", "three-live", "--json").out)["answer"] == "too_short"


@pytest.mark.usefixtures("store")
def test_before_the_first_conclusion_there_is_nothing_to_go_by(watcher: Command) -> None:
    """The question is a fair one; the remedy is named."""
    said = watcher("forecast")
    assert (said.code, said.out) == (4, "")
    assert "watcher sync" in said.err


@pytest.mark.usefixtures("program")
def test_an_unknown_kpi_is_refused_with_a_suggestion(watcher: Command) -> None:
    """As everywhere."""
    said = watcher("forecast", "two-lives")
    assert said.code == 2
    assert '"two-lives" is no KPI of this program: did you mean "two-live"?' in said.err


def test_without_the_extra_it_is_named(
    watcher: Command, program: Definition, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where a method is needed: what is met is told without."""
    days_of_use(program, store, 40)
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.holtwinters", None)
    assert watcher("forecast", "two-live").code == 0
    said = watcher("forecast", "three-live")
    assert (said.code, said.out) == (2, "")
    assert "pip install 'watcher[forecast]'" in said.err
