"""The definition hash: one for everything that means the same, another for everything that does not.

The golden hashes stand in golden/definitions.json. A hash that changes there changed the meaning of a shipped
program, or of every program: then `schema` has to rise.
"""

import json
import re
import tomllib
from pathlib import Path
from random import Random
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.config.givens import RICH, edited, written
from watcher.config.program import LoadedProgram, load_program
from watcher.shipped import shipped

GOLDEN = Path(__file__).parent / "golden" / "definitions.json"
RICH_DATA = tomllib.loads(RICH)
DEFAULTS: dict[tuple[str, ...], dict[str, Any]] = {
    # what may be spelled out without changing anything, by table
    ("milestone",): {"title": "Said in other words", "description": "…"},
    ("kpi",): {"title": "Live"},
    ("chain",): {"name": "Any name"},
}


def _same_in_other_words(value: Any, rng: Random, at: tuple[str, ...] = ()) -> str:  # noqa: ANN401, PLR0911  # TOML
    """Write a TOML value again: other order, other spelling, defaults spelled out, the same meaning."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return rng.choice([str(value), f"{value:_}"])
        case str() if value.startswith("0x"):
            return json.dumps(rng.choice([value.lower(), to_checksum_address(value)]))
        case "1.50":
            return json.dumps(rng.choice(["1.5", "1.50", "001.500"]))
        case "53.3":
            return json.dumps(rng.choice(["53.3", "53.30"]))
        case "7d":
            return json.dumps(rng.choice(["7d", "168h", "6d24h", "604800s"]))
        case str():
            return json.dumps(value)
        case list():
            items = [_same_in_other_words(item, rng, at) for item in value]
            rng.shuffle(items)
            return f"[{', '.join(items)}]"
        case _:
            pairs = [f"{key} = {item}" for key, item in _pairs(value, rng, at)]
            return f"{{ {', '.join(pairs)} }}"


def _pairs(table: dict[str, Any], rng: Random, at: tuple[str, ...]) -> list[tuple[str, str]]:
    spelled = {**table, **(DEFAULTS.get(at, {}) if rng.random() < 0.5 else {})}
    pairs = [(key, _same_in_other_words(item, rng, (*at, key))) for key, item in spelled.items()]
    rng.shuffle(pairs)
    return pairs


def _load(folder: Path, text: str) -> LoadedProgram:
    return load_program(written(folder, text))


@settings(max_examples=30)
@given(rng=st.randoms(use_true_random=False))
def test_saying_the_same_in_other_words_changes_nothing(
    rng: Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither the order of tables, keys and sets, nor spelling, comments, texts or defaults spelled out."""
    folder = tmp_path_factory.getbasetemp()
    lines = [f"{key} = {value}  # a comment" for key, value in _pairs(RICH_DATA, rng, ())]
    again, plain = _load(folder, "\n\n".join(lines)), _load(folder, RICH)
    assert again.canonical == plain.canonical
    assert again.definition.hash == plain.definition.hash
    assert list(again.definition.apps) == list(plain.definition.apps)
    assert again.definition.countdowns == plain.definition.countdowns
    assert again.definition.kpis == plain.definition.kpis
    assert [item.condition for item in again.definition.milestones.values()] == [
        item.condition for item in plain.definition.milestones.values()
    ]
    assert [app.discoveries for app in again.definition.apps.values()] == [
        app.discoveries for app in plain.definition.apps.values()
    ]


SAME = {
    # what may be added to the rich program without changing its meaning
    "no unit, as it is the default": ('unit = "transaction"\n', ""),
    "a bar for live apps that is the bar itself": (
        "min_active_days = 2 }",
        "min_active_days = 2, min_actors = 5 }",
    ),
    "another title": ('title = "Rich"', 'title = "Poor"'),
    "no description": ('description = "A game."\n', ""),
    "another source": ("example.org/terms", "example.org/other"),
    "another quote": ("at least 1 app", "one app or more"),
    "another name of the chain": ('name = "MegaETH"', 'name = "the chain"'),
}
PLAIN = edited(edited(RICH, 'role = "router"\n', ""), "from_block = 10\n", "")


@pytest.mark.parametrize("what", SAME)
def test_what_is_no_part_of_the_definition_does_not_change_it(what: str, tmp_path: Path) -> None:
    """Texts, names and defaults that are spelled out are left out of the canonical form."""
    old, new = SAME[what]
    assert _load(tmp_path, edited(RICH, old, new)).canonical == _load(tmp_path, RICH).canonical


@pytest.mark.parametrize("line", ['role = "core"', "from_block = 0"])
def test_defaults_of_a_contract_may_be_spelled_out(line: str, tmp_path: Path) -> None:
    """The default role, and a membership that begins where counting begins."""
    text = edited(PLAIN, "until_block = 20", f"until_block = 20\n{line}")
    assert _load(tmp_path, text).canonical == _load(tmp_path, PLAIN).canonical


DIFFERENT = {
    "another id": ('id = "rich"', 'id = "richer"'),
    "another authority": ('"issuer"', '"observer"'),
    "another chain": ("id = 4326", "id = 4327"),
    "another family": ('"megaeth"', '"op-stack"'),
    "another depth": ("{ depth = 0 }", "{ depth = 1 }"),
    "a tag for a depth": ("{ depth = 0 }", '{ tag = "safe" }'),
    "another start": ("count_from = 0", "count_from = 1"),
    "another sampling": ('state_every = "6h"', 'state_every = "12h"'),
    "another gap": ("last = 400", "last = 401"),
    "another token": ("total_supply = 10_000_000_000", "total_supply = 10_000_000_001"),
    "another share": ('"53.3"', '"53.31"'),
    "another reach": ('reach = "touched"', 'reach = "direct"'),
    "another unit": ('unit = "transaction"', 'unit = "action"'),
    "another window": ("days = 7", "days = 8"),
    "another kind of window": ('"complete_days"', '"rolling"'),
    "another bar": ("min_actions = 100\n", "min_actions = 101\n"),
    "one criterion less": ("min_actors = 5\n", ""),
    "another cap": ("max_actions_per_actor = 1_000", "max_actions_per_actor = 1_001"),
    "somebody else excluded": ("00000000eE", "00000000ea"),
    "no deployers excluded": ('{ kind = "deployers" },', ""),
    "paused apps may count": ("not_paused = true", "not_paused = false"),
    "another lower bar": ("min_actions = 80", "min_actions = 81"),
    "another patience": ('"1d12h"', '"1d"'),
    "another app": ('id = "silent"', 'id = "silenced"'),
    "one app more": ('[[app]]\nid = "silent"\n', '[[app]]\nid = "silent"\n[[app]]\nid = "third"\n'),
    "another required contract": ('required = ["0x00000000000000000000000000000000000000a1"]\n', ""),
    "another role": ('role = "router"', 'role = "core"'),
    "another beginning": ("from_block = 10", "from_block = 11"),
    "another end": ("until_block = 20", "until_block = 21"),
    "another name in the registry": ('app = "game"', 'app = "games"'),
    "one deployer less": (', "0x00000000000000000000000000000000000000d1"', ""),
    "another KPI bar": ("at_least = 1", 'at_least = "1.5"'),
    "another comparator": ("at_least = 1", "more_than = 1"),
    "another condition": ('any_of = ["live", "few"]', 'all_of = ["live", "few"]'),
    "a flatter condition": ('{ any_of = ["live", "few"] }, ', ""),
    "another trigger": ('after = "m2"', 'after = "m1"'),
    "another duration": ('"7d"', '"8d"'),
    "one mark less": (', "30m"', ""),
    "another policy": ("rearm = true", "rearm = false"),
}


def test_every_change_of_meaning_changes_the_hash(tmp_path: Path) -> None:
    """And no two of them to the same."""
    hashes = {"nothing": _load(tmp_path, RICH).definition.hash}
    for what, (old, new) in DIFFERENT.items():
        hashes[what] = _load(tmp_path, edited(RICH, old, new)).definition.hash
    by_hash: dict[str, list[str]] = {}
    for what, value in hashes.items():
        by_hash.setdefault(value, []).append(what)
    assert [names for names in by_hash.values() if len(names) > 1] == []


def test_the_canonical_form_is_what_the_specification_says(tmp_path: Path) -> None:
    """No texts, no defaults, tables by id, sets sorted, lowercase addresses, decimal amounts, seconds."""
    data = json.loads(_load(tmp_path, RICH).canonical)
    assert data["schema"] == 1
    assert data["provenance"] == {"authority": "issuer"}
    assert "title" not in data
    assert "name" not in data["chain"]
    assert data["chain"]["state_every"] == 21_600
    assert [gap["first"] for gap in data["chain"]["gap"]] == [100, 300]
    assert data["token"]["kpi_share"] == "53.3"
    assert "unit" not in data["liveness"]
    assert data["liveness"]["exclude"][0] == {"addresses": [f"0x{'ee':0>40}"], "kind": "listed"}
    assert [app["id"] for app in data["app"]] == ["game", "silent"]
    assert [found["kind"] for found in data["app"][0]["discover"]] == ["deployer", "registry"]
    assert data["kpi"][0] == {"id": "few", "less_than": "1.5", "metric": {"kind": "live_apps"}}
    assert data["countdown"][0]["marks"] == [1_800, 3_600, 259_200]
    assert data["milestone"][1]["all_of"] == ["few", "live", {"any_of": ["few", "live"]}]


def test_the_hashes_of_the_shipped_programs_are_golden() -> None:
    """A ledger of a shipped program is continued only under the same hash."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = {
        path.name: load_program(path).definition.hash
        for path in sorted(shipped("config", "programs").glob("*.toml"))
    }
    assert found == golden


MEASURED = edited(PLAIN, 'metric = { kind = "live_apps" }\nat_least = 1\n', "MEASURED\n")
FEES = (
    'metric = { kind = "app_fees", basis = "user_paid", decimals = 6, token = "0xcc", '
    'recipients = { silent = ["0xB2"], game = ["0xA1", "0xa2"] } }\nat_least = 5'
)


def _measured(folder: Path, kpi: str) -> str:
    """Give the canonical form of the rich program with another KPI `live`; 0xNN stands for an address."""
    full = re.sub(r'"0x(\w\w)"', lambda found: f'"0x{found[1].lower():0>40}"', kpi)
    return _load(folder, MEASURED.replace("MEASURED", full)).canonical.decode()


BLOCKS = 'metric = { kind = "block_gas" }\nat_least = 1\naggregate = '
COUNTED = 'metric = { kind = "event_count", event = "%s" }\nat_least = 1'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FEES, FEES + '\naggregate = { kind = "instant" }'),
        (FEES, FEES + "\naggregate = {}"),
        (FEES, FEES.replace('silent = ["0xB2"], game', "game").replace("] } }", '], silent = ["0xB2"] } }')),
        (FEES, FEES.replace('"0xA1", "0xa2"', '"0xa2", "0xa1"')),
        (FEES, FEES.replace("5", '"5.0"')),
        (
            COUNTED % "event  Paid( address  indexed user,uint amount );",
            COUNTED % "Paid(address indexed user, uint256 amount)",
        ),
        (
            BLOCKS + '{ kind = "mean", window = { days = 1, kind = "rolling" } }',
            BLOCKS + '{ require_full_window = true, window = { kind = "rolling", days = 1 }, kind = "mean" }',
        ),
    ],
    ids=["an instant", "no aggregate", "apps", "recipients", "a bar", "an event", "a full window"],
)
def test_a_measured_kpi_said_in_other_words_is_the_same(one: str, other: str, tmp_path: Path) -> None:
    """Defaults spelled out, sets in another order, an event as it stands in Solidity."""
    assert _measured(tmp_path, one) == _measured(tmp_path, other)


def test_every_part_of_a_measured_kpi_is_part_of_the_definition(tmp_path: Path) -> None:
    """What is measured, of whom, in which unit, how it is folded, and the bar."""
    told = [
        FEES,
        FEES.replace("user_paid", "protocol_revenue"),
        FEES.replace("decimals = 6", "decimals = 7"),
        FEES.replace("0xcc", "0xcd"),
        FEES.replace('"0xA1", ', ""),
        FEES.replace("decimals = 6", 'decimals = 6, rate = "2"'),
        FEES.replace("decimals = 6", 'decimals = 6, app = "game"'),
        FEES.replace("5", "6"),
        *(
            FEES + f"\naggregate = {{ {text} }}"
            for text in (
                'kind = "sum", window = { days = 1, kind = "rolling" }',
                'kind = "sum", window = { days = 2, kind = "rolling" }',
                'kind = "sum", window = { days = 1, kind = "complete_days" }',
                'kind = "mean", window = { days = 1, kind = "complete_days" }',
                'kind = "mean", window = { days = 1, kind = "complete_days" }, require_full_window = false',
                'kind = "consecutive_days", days = 2',
            )
        ),
    ]
    assert len({_measured(tmp_path, each) for each in told}) == len(told)
