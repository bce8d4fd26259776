"""A world in which everything that metrics measure happens, and a program that measures all of it.

The program has every metric and every aggregate, in a few combinations, with bars near what the world reads.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from string import Template

from tests.stages.world import APPS, START, USED, USERS
from watcher.abi import parse_signature
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.metrics.app_fees import ANSWER_UPDATED
from watcher.testing.fake_blocks import FakeLog, FakeTx, address, create, log, tx
from watcher.testing.fake_chain import FakeChain

TOKEN, FEED, VAULT, TREASURY, COLLECTOR = (
    address(name) for name in ("token", "feed", "vault", "treasury", "collector")
)
ZERO = "0x" + "0" * 40
FEE = parse_signature("FeePaid(address indexed user, uint256 amount)").topic0
TRANSFER = parse_signature("Transfer(address indexed from, address indexed to, uint256 value)").topic0
ASSETS = bytes.fromhex("01e1d114")
"""The selector of totalAssets()."""

STEPS = (0, 1, 1, 2, 60, 700, 3_600, 9_000, 90_000)
"""Seconds between blocks: equal timestamps, busy minutes, skipped hours and skipped days."""

_PARTS = {
    "fees": 'kind = "app_fees", basis = "user_paid", '
    'event = "FeePaid(address indexed user, uint256 amount)", argument = "amount", '
    f'token = "{TOKEN}", decimals = 1',
    "day": 'window = { days = 1, kind = "rolling" }',
    "days": 'window = { days = 2, kind = "complete_days" }',
    "event": "FeePaid(address indexed user, uint256 amount)",
    "revenue": f'kind = "app_fees", basis = "protocol_revenue", token = "{TOKEN}", decimals = 1, '
    f'recipients = {{ alpha = ["{COLLECTOR}"] }}',
    "held": f'holders = ["{VAULT}"], percent_of_supply = true',
    "token": TOKEN,
    "feed": FEED,
    "vault": VAULT,
    "treasury": TREASURY,
    "collector": COLLECTOR,
    "alpha": APPS[0],
}
"""What the KPIs name by a word with a dollar sign."""

KPIS = """
[[kpi]]
id = "live"
metric = { kind = "live_apps" }
at_least = 1

[[kpi]]
id = "live-mostly"
metric = { kind = "live_apps" }
aggregate = { kind = "time_weighted_mean", $day }
at_least = "0.4"

[[kpi]]
id = "live-always"
metric = { kind = "live_apps" }
aggregate = { kind = "minimum", $day }
at_least = 1

[[kpi]]
id = "actions"
metric = { kind = "app_actions" }
aggregate = { kind = "sum", $day }
at_least = 12

[[kpi]]
id = "actions-a-day"
metric = { kind = "app_actions" }
aggregate = { kind = "mean", $days }
at_least = 2

[[kpi]]
id = "actors"
metric = { kind = "app_actors", $day }
at_least = 6

[[kpi]]
id = "actors-mostly"
metric = { kind = "app_actors", $days }
aggregate = { kind = "time_weighted_mean", $day }
at_least = "1.5"

[[kpi]]
id = "fees"
metric = { $fees, rate = "0.5" }
aggregate = { kind = "percentile", percent = 50, $days }
at_least = 1

[[kpi]]
id = "fees-priced"
metric = { $fees, price = { feed = "$feed", decimals = 1, max_age = "20h" } }
at_least = 9

[[kpi]]
id = "fee-apps"
at_least = 1
[kpi.metric]
kind = "apps_where"
metric = { $fees }
aggregate = { kind = "consecutive_days", days = 2 }
more_than = 1

[[kpi]]
id = "fee-apps-more"
at_least = 1
[kpi.metric]
kind = "apps_where"
metric = { $fees }
aggregate = { kind = "consecutive_days", days = 2 }
more_than = 3

[[kpi]]
id = "revenue"
metric = { $revenue }
aggregate = { kind = "sum", $day }
at_least = 2

[[kpi]]
id = "uses"
metric = { kind = "event_count", event = "$event" }
at_least = 20

[[kpi]]
id = "volume"
metric = { kind = "event_sum", event = "$event", argument = "amount", emitters = ["$alpha"] }
aggregate = { kind = "maximum", $days }
at_least = 30

[[kpi]]
id = "supply"
metric = { kind = "token_supply", token = "$token", decimals = 1, exclude = ["$treasury"] }
aggregate = { kind = "time_weighted_mean", $day }
more_than = 40

[[kpi]]
id = "supply-close"
metric = { kind = "token_supply", token = "$token", decimals = 1 }
aggregate = { kind = "mean", $days }
more_than = 40

[[kpi]]
id = "deposited"
metric = { kind = "token_held_by", token = "$token", decimals = 1, $held }
at_least = 10

[[kpi]]
id = "vault"
metric = { kind = "contract_call", address = "$vault", function = "totalAssets() returns (uint256)" }
aggregate = { kind = "maximum", $day }
at_least = 5

[[kpi]]
id = "gas"
metric = { kind = "block_gas" }
aggregate = { kind = "sum", $day }
at_least = 300_000

[[kpi]]
id = "gas-median"
metric = { kind = "block_gas" }
aggregate = { kind = "percentile", percent = 50, $day }
at_least = 21_000

[[kpi]]
id = "no-pause"
metric = { kind = "block_interval" }
aggregate = { kind = "maximum", $day }
at_most = 8_000
"""

BY_LOGS = ("block_gas", "block_interval")
"""Metrics that are about every block, and so leave no choice how to read."""

PROGRAM = """
schema = 1
id = "measured"

[provenance]
authority = "observer"
source = "https://example.org/terms"

[chain]
id = 31337
family = "ethereum"
finality = { depth = 3 }
count_from = 1
%s

[liveness]
reach = "%s"
window = { days = 1, kind = "rolling" }
min_actions = 3

[[app]]
id = "alpha"
[[app.contract]]
address = "%s"

[[app]]
id = "beta"
[[app.contract]]
address = "%s"

%s

[[milestone]]
id = "first"
any_of = ["supply", { all_of = ["live", "uses"] }]

[[countdown]]
id = "tge"
after = "first"
duration = "2d"
on_regression = "pause"
"""


def definition(
    folder: Path, *, chain: str = "", reach: str = "touched", without: Sequence[str] = ()
) -> Definition:
    """Load the program, without the KPIs of some metrics."""
    tables = Template(KPIS).substitute(_PARTS).split("[[kpi]]")
    kpis = "[[kpi]]".join(table for table in tables if not any(kind in table for kind in without))
    file = folder / "measured.toml"
    file.write_text(PROGRAM % (chain, reach, APPS[0], APPS[1], kpis), encoding="utf-8")
    return load_program(file).definition


def begin(random: Random, blocks: int) -> FakeChain:
    """Make a chain of so many blocks, on which both apps have code from the first one on."""
    chain = FakeChain(genesis_time=START)
    chain.block(
        create(USERS[0], nonce=1),
        code={APPS[0]: b"\x60\x01", APPS[1]: b"\x60\x02"},
        answers={(VAULT, ASSETS): b""},
    )
    grow(chain, random, blocks)
    return chain


def grow(chain: FakeChain, random: Random, blocks: int = 1) -> None:
    """Let users pay, mint, burn and move, the feed answer, and the vault count."""
    for _ in range(blocks):
        made = [_made(random) for _ in range(random.choice((0, 0, 1, 2, 4)))]
        answers = {(VAULT, ASSETS): random.randrange(10).to_bytes(32)} if random.random() < 0.2 else None
        chain.block(*made, at=chain.head().timestamp + random.choice(STEPS), answers=answers)


def _made(random: Random) -> FakeTx:
    user, app = random.choice(USERS), random.choice(APPS[:3])
    logs: list[FakeLog] = [
        log(app, USED),
        log(app, FEE, _word(user), data=_word(random.randrange(30))),
        _transfer(random, ZERO, random.choice((user, TREASURY, VAULT))),
        _transfer(random, user, random.choice((VAULT, COLLECTOR, TREASURY, ZERO))),
        log(FEED, ANSWER_UPDATED, _word(random.choice((0, 5, 20))), _word(1), data=_word(0)),
    ]
    chosen = [each for each in logs if random.random() < 0.35]
    return tx(user, random.choice((app, TOKEN)), logs=chosen, ok=random.random() < 0.9)


def _transfer(random: Random, sender: str, receiver: str) -> FakeLog:
    amount = random.randrange(100) if sender == ZERO else random.randrange(12)
    return log(TOKEN, TRANSFER, _word(sender), _word(receiver), data=_word(amount))


def _word(value: int | str) -> str:
    return f"0x{value:064x}" if isinstance(value, int) else "0x" + value.removeprefix("0x").rjust(64, "0")
