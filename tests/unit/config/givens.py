"""What the tests of configuration are given: a small valid program and deployment, and files made of them."""

from pathlib import Path

import pytest

from watcher.config.program import load_program
from watcher.errors import ConfigurationError

PROGRAM = """\
schema = 1
id = "tge"

[provenance]
authority = "observer"
source = "https://example.org/terms"
quotes = { live = "1 app live" }

[chain]
id = 31337
family = "ethereum"
finality = { tag = "finalized" }
count_from = 10

[token]
symbol = "MEGA"
decimals = 18
total_supply = 10_000

[liveness]
window = { days = 30, kind = "rolling" }
min_actions = 100
exclude = [{ kind = "deployers" }]

[[app]]
id = "kumbaya"
[[app.contract]]
address = "0x00000000000000000000000000000000000000a1"
[[app.discover]]
kind = "registry"
address = "0x00000000000000000000000000000000000000b1"
app = "kumbaya"

[[app]]
id = "showdown"
[[app.contract]]
address = "0x00000000000000000000000000000000000000a2"

[[kpi]]
id = "live"
metric = { kind = "live_apps" }
at_least = 1

[[milestone]]
id = "first"
any_of = ["live"]

[[countdown]]
id = "clock"
after = "first"
duration = "7d"
marks = ["1d", "1h"]
"""

RICH = """\
schema = 1
id = "rich"
title = "Rich"
description = "Everything that a program can say."
[provenance]
authority = "issuer"
source = "https://example.org/terms"
quotes = { live = "at least 1 app", few = "fewer than 2 apps" }
[chain]
id = 4326
name = "MegaETH"
family = "megaeth"
finality = { depth = 0 }
count_from = 0
state_every = "6h"
[[chain.gap]]
first = 300
last = 400
reason = "lost"
[[chain.gap]]
first = 100
last = 200
reason = "lost too"
[token]
symbol = "MEGA"
decimals = 18
total_supply = 10_000_000_000
kpi_share = "53.3"
[liveness]
unit = "transaction"
reach = "touched"
window = { days = 7, kind = "complete_days" }
min_actions = 100
min_actors = 5
min_active_days = 3
max_actions_per_actor = 1_000
exclude = [
  { kind = "listed", addresses = ["0x00000000000000000000000000000000000000eE"] },
  { kind = "deployers" },
]
not_paused = true
leave_below = { min_actions = 80, min_active_days = 2 }
dormant_after = "1d12h"
[[app]]
id = "silent"
[[app]]
id = "game"
title = "Game"
description = "A game."
required = ["0x00000000000000000000000000000000000000a1"]
[[app.contract]]
address = "0x00000000000000000000000000000000000000a1"
role = "router"
from_block = 10
until_block = 20
[[app.discover]]
kind = "registry"
address = "0x00000000000000000000000000000000000000b1"
app = "game"
[[app.discover]]
kind = "deployer"
accounts = ["0x00000000000000000000000000000000000000d2", "0x00000000000000000000000000000000000000d1"]
[[kpi]]
id = "live"
metric = { kind = "live_apps" }
at_least = 1
[[kpi]]
id = "few"
metric = { kind = "live_apps" }
less_than = "1.50"
[[milestone]]
id = "m2"
title = "Second"
all_of = ["live", { any_of = ["live", "few"] }, "few"]
[[milestone]]
id = "m1"
any_of = ["live"]
[[countdown]]
id = "c"
after = "m2"
duration = "7d"
marks = ["1h", "3d", "30m"]
on_regression = "cancel"
rearm = true
"""
"""Everything that a program can say."""

DEPLOYMENT = """\
schema = 1
database = "sqlite:///watcher.db"

[[endpoint]]
id = "main"
url = "http://127.0.0.1:8545"
"""


def written(folder: Path, text: str, name: str = "file.toml") -> Path:
    """Write a file and give its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def edited(text: str, old: str, new: str) -> str:
    """Replace what stands exactly once in a file's text."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    return text.replace(old, new)


def refusal_of(path: Path) -> str:
    """Load a program that has to be refused, and give the message."""
    with pytest.raises(ConfigurationError) as refused:
        load_program(path)
    assert refused.value.exit_code == 2
    return str(refused.value)
