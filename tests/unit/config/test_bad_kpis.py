"""KPIs that mean nothing, of metrics that cannot be read: the error names file, key and remedy."""

from pathlib import Path

import pytest

from tests.unit.config.givens import PROGRAM, refusal_of, written
from watcher.config.program import load_program

TOKEN = f"0x{'c1':0>40}"
EVENT = "Paid(address indexed user, uint256 amount, int256 change)"
LIVE = 'metric = { kind = "live_apps" }\nat_least = 1\n'
ROLLING = 'window = { days = 2, kind = "rolling" }'
WHOLE = 'window = { days = 2, kind = "complete_days" }'

AGGREGATES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is wrong: the metric, the aggregate, what the error has to say
    "a fold without its window": (
        '"live_apps"',
        'kind = "mean"',
        ("aggregate.window", "is missing", '"mean"'),
    ),
    "an instant with a window": ('"live_apps"', ROLLING, ("aggregate.window", "of no use", '"instant"')),
    "days of a mean": (
        '"live_apps"',
        f'kind = "mean", {ROLLING}, days = 2',
        ("aggregate.days", "of no use", "leave it out"),
    ),
    "a streak without days": (
        '"app_actions"',
        'kind = "consecutive_days"',
        ("aggregate.days", "is missing", '"consecutive_days"'),
    ),
    "a streak with a window": (
        '"app_actions"',
        f'kind = "consecutive_days", days = 2, {WHOLE}',
        ("aggregate.window", "of no use"),
    ),
    "a percentile of nothing": (
        '"block_gas"',
        f'kind = "percentile", {ROLLING}',
        ("aggregate.percent", "is missing"),
    ),
    "a percentile of zero": (
        '"block_gas"',
        f'kind = "percentile", percent = 0, {ROLLING}',
        ("aggregate.percent", "more than 0 and at most 100"),
    ),
    "a percentile above all": (
        '"block_gas"',
        f'kind = "percentile", percent = "100.5", {ROLLING}',
        ("aggregate.percent", "more than 0 and at most 100"),
    ),
    "a percent of a mean": (
        '"block_gas"',
        f'kind = "mean", percent = 50, {ROLLING}',
        ("aggregate.percent", "of no use"),
    ),
    "a full window of a sum": (
        '"app_actions"',
        f'kind = "sum", {ROLLING}, require_full_window = false',
        ("aggregate.require_full_window", "of no use", '"sum"'),
    ),
    "a fold that nobody knows": ('"live_apps"', f'kind = "median", {ROLLING}', ("aggregate.kind", "median")),
    "a window without a kind": ('"live_apps"', 'kind = "mean", window = { days = 2 }', ("window.kind",)),
    "a window of no days": (
        '"live_apps"',
        'kind = "mean", window = { days = 0, kind = "rolling" }',
        ("window.days",),
    ),
    "a window of ages": (
        '"live_apps"',
        'kind = "mean", window = { days = 3_661, kind = "rolling" }',
        ("window.days",),
    ),
    "the sum of a level": (
        '"live_apps"',
        f'kind = "sum", {ROLLING}',
        ("aggregate.kind", "does not fit live_apps", "write mean or time_weighted_mean"),
    ),
    "time on the scales of a flow": (
        '"app_actions"',
        f'kind = "time_weighted_mean", {ROLLING}',
        ("aggregate.kind", "does not fit app_actions", "write mean or sum"),
    ),
    "time on the scales of blocks": (
        '"block_gas"',
        f'kind = "time_weighted_mean", {ROLLING}',
        ("aggregate.kind", "does not fit block_gas", "write mean"),
    ),
    "a running day among whole ones": (
        '"app_actions"',
        f'kind = "minimum", {ROLLING}',
        ("aggregate.kind", "goes by whole days", '"complete_days"'),
    ),
    "a running day among closing levels": (
        '"live_apps"',
        f'kind = "percentile", percent = 5, {ROLLING}',
        ("aggregate.kind", "goes by whole days", '"complete_days"'),
    ),
}


def program(kpi: str) -> str:
    """Give the valid program with another KPI, of the id `live`."""
    before, _, rest = PROGRAM.partition("[[kpi]]")
    return f'{before}[[kpi]]\nid = "live"\n{kpi}\n{rest[rest.index("[[milestone]]") :]}'


def refused(folder: Path, kpi: str) -> str:
    """Give what is said of a program with this KPI, without the line breaks."""
    path = written(folder, program(kpi))
    message = refusal_of(path)
    assert message.startswith(f"{path}: ")
    return message


@pytest.mark.parametrize("wrong", AGGREGATES)
def test_an_aggregate_that_means_nothing_is_refused(wrong: str, tmp_path: Path) -> None:
    """The message says which key, and what to write."""
    kind, aggregate, said = AGGREGATES[wrong]
    message = refused(tmp_path, f"metric = {{ kind = {kind} }}\naggregate = {{ {aggregate} }}\nat_least = 1")
    assert [part for part in ("kpi[0].", *said) if part not in message] == [], message


FEES = f'kind = "app_fees", basis = "user_paid", token = "{TOKEN}", decimals = 1'
BY_EVENT = f'{FEES}, event = "{EVENT}", argument = "amount"'
CALL = f'kind = "contract_call", address = "{TOKEN}"'
PRICE = f'price = {{ feed = "{TOKEN}", decimals = 8, max_age = "1h" }}'
SUM = f'kind = "event_sum", event = "{EVENT}"'
COUNT = 'kind = "event_count"'
HELD = f'kind = "token_held_by", token = "{TOKEN}", decimals = 1, holders = ["{TOKEN}"]'

METRICS: dict[str, tuple[str, tuple[str, ...]]] = {
    # what is wrong: the metric, what the error has to say
    "fees of no source": (FEES, ("metric", "exactly one of event, recipients")),
    "fees of two sources": (
        f'{BY_EVENT}, recipients = {{ kumbaya = ["{TOKEN}"] }}',
        ("metric", "exactly one of event, recipients"),
    ),
    "two conversions": (f'{BY_EVENT}, rate = "2", {PRICE}', ("metric.price", "rate", "one rule")),
    "an argument without its event": (
        f'{FEES}, recipients = {{ kumbaya = ["{TOKEN}"] }}, argument = "amount"',
        ("metric.argument", "needs an event"),
    ),
    "an event without its argument": (f'{FEES}, event = "{EVENT}"', ("metric.argument", "is missing")),
    "a fee that is no argument": (
        BY_EVENT.replace('"amount"', '"amunt"'),
        ("metric.argument", "is no argument of the event", "user, amount, change"),
    ),
    "a fee that may be negative": (
        BY_EVENT.replace('"amount"', '"change"'),
        ("metric.argument", "int256", "unsigned"),
    ),
    "a fee that is an account": (BY_EVENT.replace('"amount"', '"user"'), ("metric.argument", "address")),
    "fees of nobody": (f'{BY_EVENT}, app = "showdwn"', ("metric.app", "no app here", "showdown")),
    "fees to nobody's accounts": (
        f'{FEES}, recipients = {{ showdwn = ["{TOKEN}"] }}',
        ("metric.recipients", "no app here", "showdown"),
    ),
    "fees of an app without recipients": (
        f'{FEES}, recipients = {{ kumbaya = ["{TOKEN}"] }}, app = "showdown"',
        ("metric.recipients", 'none of "showdown"', "list its accounts"),
    ),
    "fees to no account": (f"{FEES}, recipients = {{ showdown = [] }}", ("metric.recipients.showdown",)),
    "fees of no basis": (BY_EVENT.replace("user_paid", "net"), ("metric.basis", "net")),
    "a rate that is no amount": (f"{BY_EVENT}, rate = 0.5", ("metric.rate", "decimal in quotes")),
    "a price of any age": (
        f"{BY_EVENT}, {PRICE.replace('1h', '0s')}",
        ("metric.price.max_age", "at least one second"),
    ),
    "an event that cannot be read": (f'{COUNT}, event = "Paid"', ("metric.event", "as in Solidity")),
    "an event that is no text": (f"{COUNT}, event = 7", ("metric.event", "is not text")),
    "an event of an unknown type": (f'{COUNT}, event = "Paid(money all)"', ("metric.event", '"money"')),
    "an event with too many topics": (
        f'{COUNT}, event = "P(bool indexed a, bool indexed b, bool indexed c, bool indexed d)"',
        ("metric.event", "more than 3 indexed"),
    ),
    "a sum of nothing": (SUM, ("metric.argument",)),
    "a sum that may fall": (f'{SUM}, argument = "change"', ("metric.argument", "int256", "unsigned")),
    "a sum of what has no name": (
        'kind = "event_sum", event = "P(uint256)", argument = "x"',
        ("metric.argument", "name it in the event"),
    ),
    "nobody believed": (f'{SUM}, argument = "amount", emitters = []', ("metric.emitters", "at least 1")),
    "one app's logs of listed contracts": (
        f'{SUM}, argument = "amount", emitters = ["{TOKEN}"], app = "showdown"',
        ("metric.app", "emitters", "leave one out"),
    ),
    "one app's count of listed contracts": (
        f'{COUNT}, event = "{EVENT}", emitters = ["{TOKEN}"], app = "showdown"',
        ("metric.app", "emitters", "leave one out"),
    ),
    "no function": (f'{CALL}, function = "totalAssets"', ("metric.function", "as in Solidity")),
    "a function of an unknown type": (
        f'{CALL}, function = "f(money) returns (uint256)"',
        ("metric.function", "money"),
    ),
    "a function that returns nothing": (f'{CALL}, function = "f() returns ()"', ("metric.result", "()")),
    "a result that is not there": (
        f'{CALL}, function = "f() returns (uint256)", result = 1',
        ("metric.result", "(uint256)", "count from 0"),
    ),
    "a result that may be negative": (
        f'{CALL}, function = "f() returns (uint256, int256)", result = 1',
        ("metric.result", "no unsigned number"),
    ),
    "a result that is many": (
        f'{CALL}, function = "f() returns (uint256[])"',
        ("metric.result", "no unsigned number", "uint256[]"),
    ),
    "too few arguments": (
        f'{CALL}, function = "f(uint256) returns (uint256)"',
        ("metric.arguments", "(uint256)", "one for each"),
    ),
    "an argument of another type": (
        f'{CALL}, function = "f(uint8) returns (uint256)", arguments = [256]',
        ("metric.arguments", "(uint8)"),
    ),
    "an initial supply of no share": (
        f"{HELD}, initial_supply = 5",
        ("metric.initial_supply", "percent_of_supply"),
    ),
    "an exclusion from no share": (
        f'{HELD}, exclude = ["{TOKEN}"]',
        ("metric.exclude", "percent_of_supply = true"),
    ),
    "impossible decimals": (HELD.replace("decimals = 1", "decimals = 256"), ("metric.decimals",)),
    "actions of nobody": ('kind = "app_actions", app = "kumbya"', ("metric.app", "no app here", "kumbaya")),
    "actors without a window": ('kind = "app_actors"', ("metric.window",)),
    "a number that nobody signs": (
        'kind = "attested_value", subject = "downloads"',
        ("metric", "needs signers", "[attestations]"),
    ),
}


@pytest.mark.parametrize("wrong", METRICS)
def test_a_metric_that_cannot_be_read_is_refused(wrong: str, tmp_path: Path) -> None:
    """Before anything runs, and by the key that is wrong."""
    metric, said = METRICS[wrong]
    message = refused(tmp_path, f"metric = {{ {metric} }}\nat_least = 1")
    assert [part for part in ("kpi[0].", *said) if part not in message] == [], message


INNER: dict[str, tuple[str, tuple[str, ...]]] = {
    # what is wrong: what stands beside the kind of apps_where, what the error has to say
    "apps by a metric that knows none": (
        'metric = { kind = "block_gas" }, at_least = 1',
        ("metric.metric", "block_gas does not go by app", "choose one that does"),
    ),
    "apps by listed contracts": (
        f'metric = {{ {COUNT}, event = "{EVENT}", emitters = ["{TOKEN}"] }}, at_least = 1',
        ("metric.metric", "event_count does not go by app"),
    ),
    "every app of one": (
        'metric = { kind = "app_actions", app = "showdown" }, at_least = 1',
        ("metric.metric.app", "of no use", "leave it out"),
    ),
    "apps by apps": (
        'metric = { kind = "apps_where", metric = { kind = "app_actions" }, at_least = 1 }, at_least = 1',
        ("metric.metric.kind", "one of the other metrics"),
    ),
    "an inner aggregate that does not fit": (
        f'metric = {{ kind = "app_actions" }}, aggregate = {{ kind = "maximum", {ROLLING} }}, at_least = 1',
        ("metric.aggregate.kind", "goes by whole days"),
    ),
    "no inner bar": ('metric = { kind = "app_actions" }', ("metric", "exactly one of at_least")),
    "two inner bars": (
        'metric = { kind = "app_actions" }, at_least = 1, at_most = 2',
        ("metric", "exactly one of at_least"),
    ),
    "recipients of nobody": (
        f'metric = {{ {FEES}, recipients = {{ nobody = ["{TOKEN}"] }} }}, at_least = 1',
        ("metric.metric.recipients", "no app here"),
    ),
}


@pytest.mark.parametrize("wrong", INNER)
def test_apps_where_takes_what_can_be_asked_of_each_app(wrong: str, tmp_path: Path) -> None:
    """Both bars are checked, the inner one and the one for the number of apps."""
    inner, said = INNER[wrong]
    message = refused(tmp_path, f'metric = {{ kind = "apps_where", {inner} }}\nat_least = 1')
    assert [part for part in ("kpi[0].", *said) if part not in message] == [], message


@pytest.mark.parametrize(
    ("metric", "aggregate", "bar", "said"),
    [
        ('"apps_where", metric = { kind = "app_actions" }, at_least = 1', "", "at_least = 3", "never holds"),
        ('"app_actions"', "", "less_than = 0", "never holds"),
        ('"app_actions"', f'aggregate = {{ kind = "sum", {ROLLING} }}', "at_least = 0", "always holds"),
        ('"live_apps"', f'aggregate = {{ kind = "mean", {WHOLE} }}', 'more_than = "2"', "never holds"),
    ],
)
def test_a_bar_that_decides_nothing_is_refused(
    metric: str, aggregate: str, bar: str, said: str, tmp_path: Path
) -> None:
    """No fold leads out of what can be read, but a sum can be as large as it likes."""
    message = refused(tmp_path, f"metric = {{ kind = {metric} }}\n{aggregate}\n{bar}")
    assert said in message
    assert bar.partition(" ")[0] in message


WITHOUT_APPS = PROGRAM.partition("[[app]]")[0] + PROGRAM[PROGRAM.index("[[kpi]]") :]


@pytest.mark.parametrize(
    "metric",
    [
        '"live_apps"',
        '"app_actions"',
        f'"event_count", event = "{EVENT}"',
        '"apps_where", metric = { kind = "app_actions" }, at_least = 1',
    ],
)
def test_a_metric_about_apps_needs_an_app(metric: str, tmp_path: Path) -> None:
    """In a program without apps it could only ever read zero."""
    text = WITHOUT_APPS.replace('kind = "live_apps"', f"kind = {metric}")
    assert "is about apps, and there is none: add an [[app]]" in refusal_of(written(tmp_path, text))


@pytest.mark.parametrize(
    "metric",
    ['"block_gas"', f'"event_count", event = "{EVENT}", emitters = ["{TOKEN}"]', HELD.partition("= ")[2]],
)
def test_a_program_may_be_about_no_app_at_all(metric: str, tmp_path: Path) -> None:
    """What a chain, a token or listed contracts do can be a KPI by itself."""
    text = WITHOUT_APPS.replace('kind = "live_apps"', f"kind = {metric}")
    assert not load_program(written(tmp_path, text)).definition.apps
