"""The tables of docs/performance.md, below the text that is written by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
MARKER = "<!-- Made by `make bench`; do not edit below. -->"


Row = dict[str, Any]
"""One bar: `what`, `bar`, `measured`, `met` (None: not measured), `part`."""


def write_page(
    bars: Sequence[Row], clients: Sequence[tuple[str, dict[str, Any]]], loads: dict[str, float], versions: str
) -> None:
    """Replace what stands below the marker."""
    words = {True: "met", False: "**missed**", None: "not measured"}
    lines = [MARKER, "", f"Measured on {versions}.", "", _busy(loads), "", "### Bars", ""]
    lines += ["| what | bar | measured | | command |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['what']} | {row['bar']} | {row['measured']} | {words[row['met']]} "
        f"| `python benchmarks/suite.py {row['part']}` |"
        for row in bars
    ]
    lines += ["", "### Clients", ""]
    lines += [
        "| client | receipts/s | CPU s per 1M | peak MB | requests | MB read |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {found['rate']:,.0f} | {_shown(found, 'cpu_per_million')} | {_shown(found, 'peak_mb')} "
        f"| {found['requests']:,} | {found['answer_bytes'] / 1e6:,.0f} |"
        for name, found in clients
    ]
    by_hand, marker, _ = PAGE.read_text(encoding="utf-8").partition(MARKER)
    if not marker:
        raise ValueError(f"{PAGE.name} has no line {MARKER}")
    PAGE.write_text(by_hand + "\n".join(lines) + "\n", encoding="utf-8")


def _busy(loads: dict[str, float]) -> str:
    shown = ", ".join(f"{part} {load:.1f}" for part, load in loads.items())
    return f"Load average at the end of each part: {shown}. Above the number of cores, figures say little."


def _shown(found: dict[str, Any], name: str) -> str:
    return f"{found[name]:,.1f}" if name in found else "-"
