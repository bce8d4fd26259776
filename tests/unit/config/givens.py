"""What the tests of configuration are given: a small valid program and deployment, and files made of them."""

from pathlib import Path

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
