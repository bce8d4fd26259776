"""Bad values in a program file: each error names the file, the key, the value and the remedy."""

from pathlib import Path

import pytest

from tests.unit.config.givens import PROGRAM, edited, refusal_of, written

A1 = "0x00000000000000000000000000000000000000a1"
MARKED = f"event = 'Done(address who, bool ok)', emitters = ['0x{'a1' * 20}']"

BAD: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is wrong: what stands in the valid file, what stands there instead, what the error has to say
    "unknown key": (
        'id = "tge"',
        'id = "tge"\ntitel = "TGE"',
        ("titel", '"TGE"', "unknown key", 'did you mean "title"?'),
    ),
    "unknown key in a table": (
        "min_actions = 100",
        "min_action = 100",
        ("liveness.min_action", "100", "unknown key", 'did you mean "min_actions"?'),
    ),
    "unknown key unlike any": (
        "decimals = 18",
        "decimals = 18\nxyz = 1",
        ("token.xyz", "write one of decimals, kpi_share, symbol, total_supply"),
    ),
    "unknown key of a kind": (
        'app = "kumbaya"',
        'app = "kumbaya"\nadress = 1',
        ("app[0].discover[0].adress", 'did you mean "address"?'),
    ),
    "unknown key of a metric": (
        'metric = { kind = "live_apps" }',
        'metric = { kind = "live_apps", unit = 1 }',
        ("kpi[0].metric.unit", "unknown key", "there is none, leave it out"),
    ),
    "what later versions know": (
        '[[kpi]]\nid = "live"',
        '[[epoch]]\nid = "t"\n[[kpi]]\nid = "live"',
        ("epoch", "unknown key", "milestone, provenance"),
    ),
    "a later schema": ("schema = 1", "schema = 2", ("schema", "2", "write 1")),
    "missing finality": (
        'finality = { tag = "finalized" }\n',
        "",
        ("chain.finality", "is missing", "{ depth = 64 }"),
    ),
    "missing window": (
        'window = { days = 30, kind = "rolling" }\n',
        "",
        ("liveness.window", "is missing", "{ days = 30"),
    ),
    "missing provenance": (
        '[provenance]\nauthority = "observer"\nsource = "https://example.org/terms"\n',
        "[x]\n",
        ("provenance", "is missing", "authority and source"),
    ),
    "missing kind": (
        'kind = "registry"\n',
        "",
        ("app[0].discover[0].kind", "missing", "deployer, factory_event"),
    ),
    "missing key of a kind": ('app = "kumbaya"\n', "", ("app[0].discover[0].app", "is missing")),
    "text for a number": ("decimals = 18", 'decimals = "18"', ("token.decimals", '"18"', "without quotes")),
    "a float for a count": (
        "count_from = 10",
        "count_from = 10.0",
        ("chain.count_from", "10.0", "whole number"),
    ),
    "a boolean for a count": (
        "count_from = 10",
        "count_from = true",
        ("chain.count_from", "true", "a boolean"),
    ),
    "a number for text": ('id = "showdown"', "id = 7", ("app[1].id", "7", "text in quotes")),
    "a table for a list": (
        "[[countdown]]",
        "[countdown]",
        ("countdown", "is a table", "write a list", "[[tables]]"),
    ),
    "a list for a table": ("[token]", "[[token]]", ("token", "is a list", "write a table")),
    "text for a boolean": (
        "min_actions = 100",
        'min_actions = 100\nnot_paused = "yes"',
        ("liveness.not_paused", '"yes"', "true or false"),
    ),
    "a date": ("total_supply = 10_000", "total_supply = 2026-01-01", ("token.total_supply", "2026-01-01")),
    "a date for text": ('symbol = "MEGA"', "symbol = 2026-01-01", ("token.symbol", "is a date or time")),
    "a float amount": ("at_least = 1", "at_least = 1.0", ("kpi[0].at_least", "1.0", "a decimal in quotes")),
    "a boolean amount": (
        "at_least = 1",
        "at_least = true",
        ("kpi[0].at_least", "true", "a decimal in quotes"),
    ),
    "an amount with an exponent": (
        "at_least = 1",
        'at_least = "1e3"',
        ("kpi[0].at_least", '"1e3"', "write digits"),
    ),
    "a negative amount": ("at_least = 1", "at_least = -1", ("kpi[0].at_least", "-1", "write digits")),
    "an endless amount": ("at_least = 1", f'at_least = "{"1" * 101}"', ("kpi[0].at_least", "11…")),
    "a count too large for JSON": (
        "count_from = 10",
        "count_from = 9007199254740992",
        ("chain.count_from", "9007199254740992", "write 9007199254740991 or less"),
    ),
    "a negative count": ("count_from = 10", "count_from = -1", ("chain.count_from", "-1", "write 0 or more")),
    "an empty text": ('symbol = "MEGA"', 'symbol = " "', ("token.symbol", "is empty", "write something")),
    "an id with blanks": ('id = "tge"', 'id = "T G E"', ("id", '"T G E"', "write lowercase letters, digits")),
    "an id without end": ('id = "tge"', f'id = "{"x" * 101}"', ("id", "write at most 100 characters")),
    "no URL": ('"https://example.org/terms"', '"the web"', ("provenance.source", '"the web"', "https://")),
    "unknown authority": (
        '"observer"',
        '"someone"',
        ("provenance.authority", '"someone"', "write 'issuer' or 'observer'"),
    ),
    "unknown unit": (
        "min_actions = 100",
        'min_actions = 100\nunit = "intent"',
        ("liveness.unit", '"intent"', "write 'transaction' or 'action'"),
    ),
    "actions that are sent nowhere": (
        "min_actions = 100",
        'min_actions = 100\nunit = "action"',
        ("liveness.unit", '"action"', 'write reach = "touched"'),
    ),
    "markers of transactions": (
        "min_actions = 100",
        f"min_actions = 100\nmarker = [{{ {MARKED} }}]",
        ("liveness.marker", 'needs unit = "action"'),
    ),
    "a marker whose actor is no account": (
        "min_actions = 100",
        f"min_actions = 100\nmarker = [{{ {MARKED}, actor = 'ok' }}]",
        ("liveness.marker[0].actor", "name one of the type address"),
    ),
    "a marker without that argument": (
        "min_actions = 100",
        f"min_actions = 100\nmarker = [{{ {MARKED}, success = 'did' }}]",
        ("liveness.marker[0].success", "write one of who, ok"),
    ),
    "a marker that says twice how it ended": (
        "min_actions = 100",
        f"min_actions = 100\nmarker = [{{ {MARKED}, success = 'ok', fails = true }}]",
        ("liveness.marker[0].fails", "does not go with success"),
    ),
    "an actor where nothing is closed": (
        "min_actions = 100",
        f"min_actions = 100\nmarker = [{{ {MARKED}, actor = 'who', opens = true }}]",
        ("liveness.marker[0].actor", "leave it out"),
    ),
    "unknown family": (
        '"ethereum"',
        '"etherum"',
        ("chain.family", '"etherum"', "write one of arbitrum, ethereum, megaeth, op-stack"),
    ),
    "unknown kind of discovery": (
        'kind = "registry"',
        'kind = "registri"',
        (
            "app[0].discover[0].kind",
            '"registri"',
            'did you mean "registry"?',
            "The known ones are deployer, factory_event, open, registry",
        ),
    ),
    "unknown kind of metric": (
        'kind = "live_apps"',
        'kind = "token_suply"',
        ("kpi[0].metric.kind", '"token_suply"', 'did you mean "token_supply"?', "live_apps"),
    ),
    "a kind that is no text": ('kind = "registry"', "kind = 1", ("app[0].discover[0].kind", "1", "registry")),
    "curated contracts as a discovery": (
        'kind = "registry"',
        'kind = "curated"',
        ("app[0].discover[0].kind", '"curated"', "[[app.contract]]"),
    ),
    "a metric that is no table": (
        'metric = { kind = "live_apps" }',
        'metric = "live_apps"',
        ("kpi[0].metric", '"live_apps"', "is not a table", "{ kind = … }"),
    ),
    "an address that is none": (A1, "0xa1", ("app[0].contract[0].address", '"0xa1"', "40 hex digits")),
    "an address that is a number": (f'"{A1}"', "161", ("app[0].contract[0].address", "161", "in quotes")),
    "a bad checksum": (
        A1,
        "0x68b34591f662508076927803c567Cc8006988a08",
        ("app[0].contract[0].address", '(app "kumbaya")', "0x68b34591F662508076927803C567cc8006988a08"),
    ),
    "the zero address": (A1, "0x" + "0" * 40, ("app[0].contract[0].address", "zero address")),
}


@pytest.mark.parametrize("wrong", BAD)
def test_the_error_names_file_key_value_and_remedy(wrong: str, tmp_path: Path) -> None:
    """Whoever reads the message can mend the file without looking anything up."""
    old, new, said = BAD[wrong]
    path = written(tmp_path, edited(PROGRAM, old, new))
    message = refusal_of(path)
    assert message.startswith(f"{path}: ")
    assert [part for part in said if part not in message] == [], message


def test_all_problems_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    """One a line, below the file's name: nobody mends a file one error a run."""
    text = edited(edited(PROGRAM, "min_actions = 100", "min_actions = 1.5"), '"ethereum"', '"base"')
    path = written(tmp_path, text)
    first, *rest = refusal_of(path).splitlines()
    assert first == f"{path}: 2 problems"
    assert [line.split()[0] for line in rest] == ["chain.family", "liveness.min_actions"]


def test_a_list_with_a_wrong_item_is_not_called_short(tmp_path: Path) -> None:
    """The item is what is wrong."""
    assert "at least" not in refusal_of(
        written(tmp_path, edited(PROGRAM, 'any_of = ["live"]', "any_of = [7]"))
    )
