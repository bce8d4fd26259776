"""What a seed measures beside live apps: metrics over time, tranches that wait for them, and what they read.

    seed ─▶ draw() ─▶ tables of the program file · logs and answers that the simulated chain gets besides

All of it is drawn from a stream of its own, so that it changes nothing else of a seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from watcher.abi import parse_signature
from watcher.core.types import Address
from watcher.metrics.app_fees import ANSWER_UPDATED
from watcher.testing.fake_blocks import FakeLog, FakeTx, address, log

ID = "m-"
"""How the ids begin of all that is drawn here."""

TOKEN, FEED, VAULT, TREASURY = (address(name) for name in ("token", "feed", "vault", "treasury"))
ZERO = "0x" + "0" * 40
_PAID = "FeePaid(address indexed user, uint256 amount)"
PAID = parse_signature(_PAID).topic0
MOVED = parse_signature("Transfer(address indexed from, address indexed to, uint256 value)").topic0
ASSETS = bytes.fromhex("01e1d114")
"""The selector of totalAssets()."""

_FLOW = ("instant", "sum", "mean", "minimum", "maximum", "percentile", "consecutive_days")
_LEVEL = ("instant", "mean", "minimum", "maximum", "percentile", "time_weighted_mean", "consecutive_days")
_BLOCK = ("sum", "mean", "minimum", "maximum", "percentile", "consecutive_days")
_OF_DAYS = {
    _FLOW: ("mean", "minimum", "maximum", "percentile"),
    _LEVEL: ("mean", "percentile"),
    _BLOCK: (),
}
_FULL = ("mean", "minimum", "percentile", "time_weighted_mean")


@dataclass(frozen=True, slots=True)
class _Metric:
    name: str
    table: str
    folds: tuple[str, ...]
    bars: tuple[str, ...]
    """From about what one block reads to about what a day does."""


_METRICS = (
    _Metric("uses", f'kind = "event_count", event = "{_PAID}"', _FLOW, ("1", "3", "9")),
    _Metric("plain-uses", f'kind = "event_count", event = "{_PAID}", emitters = ["$it"]', _FLOW, ("1", "4")),
    _Metric(
        "volume",
        f'kind = "event_sum", event = "{_PAID}", argument = "amount", decimals = 1, emitters = ["$it"]',
        _FLOW,
        ('"0.5"', "2", "6"),
    ),
    _Metric("actions", 'kind = "app_actions"', _FLOW, ("2", "5", "12")),
    _Metric("proxy-actions", 'kind = "app_actions", app = "proxy"', _FLOW, ("1", "4")),
    _Metric(
        "actors", 'kind = "app_actors", window = { days = 1, kind = "rolling" }', _LEVEL, ("2", "4", "6")
    ),
    _Metric(
        "late-actors",
        'kind = "app_actors", app = "late", window = { days = 2, kind = "complete_days" }',
        _LEVEL,
        ("1", "3"),
    ),
    _Metric(
        "supply",
        f'kind = "token_supply", token = "{TOKEN}", decimals = 1, exclude = ["{TREASURY}"]',
        _LEVEL,
        ("5", "30", '"60.5"'),
    ),
    _Metric(
        "held",
        f'kind = "token_held_by", token = "{TOKEN}", decimals = 1, holders = ["{VAULT}"], '
        "percent_of_supply = true",
        _LEVEL,
        ("5", "33", "60"),
    ),
    _Metric("live", 'kind = "live_apps"', _LEVEL, ('"0.4"', "1", '"1.5"')),
    _Metric(
        "vault",
        f'kind = "contract_call", address = "{VAULT}", function = "totalAssets() returns (uint256)"',
        _LEVEL,
        ("2", "5"),
    ),
    _Metric(
        "fees",
        f'kind = "app_fees", basis = "user_paid", event = "{_PAID}", argument = "amount", token = "{TOKEN}", '
        f'decimals = 1, price = {{ feed = "{FEED}", decimals = 1, max_age = "20h" }}',
        _FLOW,
        ("1", "4"),
    ),
    _Metric(
        "paying-apps",
        f'kind = "apps_where", metric = {{ kind = "event_count", event = "{_PAID}" }}, '
        'aggregate = { kind = "consecutive_days", days = 1 }, at_least = 1',
        _LEVEL,
        ("1", "2"),
    ),
    _Metric("gas", 'kind = "block_gas"', _BLOCK, ("20_000", "60_000", "400_000")),
    _Metric("pause", 'kind = "block_interval"', _BLOCK, ("100", "4_000", "30_000")),
)
_EVERY_BLOCK = ("gas", "pause")
"""Leave no choice how the chain is read, and are drawn less often for that."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was drawn; without `tables` nothing is measured, and the chain is as it would be."""

    tables: str
    random: Random

    def more(self, made: FakeTx, apps: list[Address]) -> FakeTx:
        """Let a transaction that succeeds pay, mint, burn and move tokens, and a price be said, sometimes."""
        if not self.tables or not made.ok:
            return made
        user, random = made.sender, self.random
        logs = [
            log(random.choice(apps), PAID, _word(user), data=_word(random.randrange(30))),
            log(random.choice(apps), PAID, data=_word(3)),  # another event's topics: not the one asked for
            _moved(ZERO, random.choice((user, TREASURY, VAULT)), random.randrange(200)),
            _moved(user, random.choice((VAULT, TREASURY, ZERO)), random.randrange(12)),
            log(FEED, ANSWER_UPDATED, _word(random.choice((0, 5, 20))), _word(1), data=_word(0)),
        ]
        chances = (0.4, 0.05, 0.2, 0.3, 0.2)
        chosen = [each for each, chance in zip(logs, chances, strict=True) if random.random() < chance]
        return replace(made, logs=(*made.logs, *chosen))

    def answers(self) -> Mapping[tuple[Address, bytes], bytes | None]:
        """Say what the vault answers from this block on, where that changes; it may revert."""
        if not self.tables or self.random.random() > 0.2:
            return {}
        return {(VAULT, ASSETS): self.random.choice((None, *(_number(each) for each in range(9))))}


def draw(random: Random, plain: Address, genesis: int) -> Measured:
    """Draw what is measured; some seeds measure nothing."""
    if random.random() < 0.2:
        return Measured("", random)
    pool = [each for each in _METRICS if each.name not in _EVERY_BLOCK or random.random() < 0.3]
    chosen = random.sample(pool, random.choice((2, 3, 4)))
    kpis = [_kpi(random, each).replace("$it", plain) for each in chosen]
    names = [ID + each.name for each in chosen]
    parts = random.sample(names, 2)
    word = random.choice(("any_of", "all_of"))
    milestone = f'[[milestone]]\nid = "{ID}grown"\n{word} = ["{parts[0]}", "{parts[1]}"]\n'
    tranches = [_tranche(random, each, genesis) for each in chosen]
    rest = 1_000 - 100 * (1 + len(tranches))
    token = (
        '[token]\nsymbol = "SIM"\ndecimals = 2\ntotal_supply = 10_000\nkpi_share = "10"\n'
        f"unassigned = {rest}\n"
    )
    by_milestone = f'[[tranche]]\nid = "{ID}grown"\nmilestone = "{ID}grown"\namount = 100\n'
    return Measured("\n".join([*kpis, milestone, *tranches, by_milestone, token]), random)


def _kpi(random: Random, metric: _Metric) -> str:
    fold = random.choice(metric.folds)
    days = random.choice((1, 1, 2))
    kind = "complete_days" if fold in _OF_DAYS[metric.folds] else random.choice(("rolling", "complete_days"))
    window = f', window = {{ days = {days}, kind = "{kind}" }}'
    if fold == "instant":
        window = ""
    elif fold == "consecutive_days":
        window = f", days = {days}"
    elif fold == "percentile":
        window += f", percent = {random.choice((25, 50, 90))}"
    if fold in _FULL and random.random() < 0.3:
        window += ", require_full_window = false"
    comparator = random.choice(("at_least", "at_least", "at_least", "more_than", "at_most", "less_than"))
    return (
        f'[[kpi]]\nid = "{ID}{metric.name}"\nmetric = {{ {metric.table} }}\n'
        f'aggregate = {{ kind = "{fold}"{window} }}\n{comparator} = {random.choice(metric.bars)}\n'
    )


def _tranche(random: Random, metric: _Metric, genesis: int) -> str:
    """Give a hundred tokens for a KPI: whenever, until an instant, or in part at an instant."""
    table = f'[[tranche]]\nid = "{ID}{metric.name}"\nkpi = "{ID}{metric.name}"\namount = 100\n'
    kind = random.choice(("whenever", "until", "part"))
    if kind == "whenever":
        return table
    until = datetime.fromtimestamp(genesis, UTC) + timedelta(hours=random.randint(1, 240))
    table += f'expiry = "{until:%Y-%m-%dT%H:%M:%SZ}"\n'
    if kind == "until":
        return table
    bounds = random.choice(("lower = 0, upper = 7", 'lower = 1, upper = "3.5", minimum = "12.25"'))
    return f"{table}partial = {{ {bounds} }}\n"


def _moved(sender: str, receiver: str, amount: int) -> FakeLog:
    return log(TOKEN, MOVED, _word(sender), _word(receiver), data=_word(amount))


def _word(value: int | str) -> str:
    return f"0x{value:064x}" if isinstance(value, int) else "0x" + value.removeprefix("0x").rjust(64, "0")


def _number(value: int) -> bytes:
    return value.to_bytes(32)
