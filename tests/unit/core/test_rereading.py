"""What a changed program needs that was not read for the old one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.rereading import rereading, restricted

ONE, TWO = "0x" + "01" * 20, "0x" + "02" * 20

PROGRAM = f"""
schema = 1
id = "p"
[provenance]
authority = "observer"
source = "https://example.org"
[chain]
id = 1
family = "ethereum"
finality = {{ depth = 3 }}
count_from = 1
[liveness]
unit = "transaction"
reach = "direct"
window = {{ days = 1, kind = "rolling" }}
min_actions = 1
[[app]]
id = "one"
[[app.contract]]
address = "{ONE}"
[[kpi]]
id = "live"
metric = {{ kind = "live_apps" }}
at_least = 1
[[kpi]]
id = "pings"
metric = {{ kind = "event_count", event = "Ping()", emitters = ["{ONE}"] }}
at_least = 1
[[kpi]]
id = "busy"
at_least = 1
[kpi.metric]
kind = "apps_where"
metric = {{ kind = "event_count", event = "Pong()" }}
at_least = 1
[[milestone]]
id = "m"
any_of = ["live"]
"""

ADDED = f"""
[[app]]
id = "two"
[[app.contract]]
address = "{TWO}"
"""

DEPLOYER = f'[[app.discover]]\nkind = "deployer"\naccounts = ["{TWO}"]\n'

Edit = Callable[[str], str]


def program(tmp_path: Path, edit: Edit = lambda text: text) -> Definition:
    """Load the program as somebody edited it."""
    file = tmp_path / "program.toml"
    file.write_text(edit(PROGRAM), encoding="utf-8")
    return load_program(file).definition


def test_bars_windows_and_milestones_ask_for_nothing(tmp_path: Path) -> None:
    """They conclude; what changed is named by table."""
    old = program(tmp_path).canonical
    new = program(
        tmp_path,
        lambda text: (
            text.replace("min_actions = 1", "min_actions = 2")
            .replace('any_of = ["live"]', 'any_of = ["pings"]')
            .replace("days = 1,", "days = 3,")
            + '[[milestone]]\nid = "n"\nany_of = ["live"]\n'
        ),
    )
    found = rereading(old, new)
    assert (found.history, found.dropped) == (False, frozenset())
    assert found.words() == "what was read serves: nothing of the history is read again"
    assert found.tables == ("[liveness]", "[[milestone]] m changed", "[[milestone]] n added")
    assert rereading(new.canonical, program(tmp_path)).tables[-1] == "[[milestone]] n removed"


def test_an_app_is_read_alone_with_the_metrics_that_go_by_app(tmp_path: Path) -> None:
    """Metrics of named emitters were read; those of every app were not, for this one."""
    new = program(tmp_path, lambda text: text + ADDED)
    found = rereading(program(tmp_path).canonical, new)
    assert (set(found.apps), set(found.dropped), set(found.listed)) == ({"two"}, set(), {TWO})
    part = restricted(new, found)
    assert (set(part.apps), set(part.kpis), part.milestones) == ({"two"}, {"busy"}, {})


def test_an_app_that_was_removed_is_dropped_and_asks_for_nothing(tmp_path: Path) -> None:
    """Its facts are left out of the rows."""
    old = program(tmp_path, lambda text: text + ADDED).canonical
    found = rereading(old, program(tmp_path))
    assert (found.history, set(found.apps), set(found.dropped)) == (False, set(), {"two"})


def test_a_metric_of_named_emitters_is_read_alone(tmp_path: Path) -> None:
    """No app has to be read for it."""
    metric = f'{{ kind = "event_count", event = "Pang()", emitters = ["{ONE}"] }}'
    text = f'[[kpi]]\nid = "more"\nmetric = {metric}\nat_least = 1\n'
    new = program(tmp_path, lambda old: old + text)
    found = rereading(program(tmp_path).canonical, new)
    assert (set(found.kpis), found.words()) == ({"more"}, "the history is read for KPI more alone")
    assert set(restricted(new, found).kpis) == {"more", "busy"}


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda text: text.replace("depth = 3", "depth = 4"), "[chain]"),
        (lambda text: text.replace('"direct"', '"touched"'), "counts other actions"),
        (lambda text: text.replace("Pong()", "Pung()"), "of every app"),
        (
            lambda text: text.replace(
                "[[app.contract]]",
                f"{DEPLOYER}[[app.contract]]",
            ),
            "contracts are found",
        ),
    ],
)
def test_some_changes_need_all_of_the_history(tmp_path: Path, edit: Edit, why: str) -> None:
    """What was read was read for another question; the sentence says for which."""
    found = rereading(program(tmp_path).canonical, program(tmp_path, edit))
    assert found.history
    assert why in found.words()


def test_another_schema_and_an_unknown_program_need_all_of_it(tmp_path: Path) -> None:
    """The rules mean something else, or nobody knows what was read."""
    new = program(tmp_path)
    body: dict[str, Any] = json.loads(new.canonical)
    other = replace(new, canonical=json.dumps({**body, "schema": 2}))
    assert "`schema`" in rereading(new.canonical, other).words()
    assert "does not know" in rereading(None, new).words()
