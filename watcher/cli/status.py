"""Say how the watcher is, and where KPIs, milestones and countdowns stand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json, stdout
from watcher.clock import SystemClock
from watcher.core.health import Standing
from watcher.core.types import BlockRef, iso_utc
from watcher.stages.status import Status
from watcher.stages.status import status as read_status

app = new_app()

_COLOURS = {
    Standing.OK: "green",
    Standing.BEHIND: "yellow",
    Standing.DEGRADED: "red",
    Standing.BLIND: "red",
}


@app.command()
def status(
    *, json: JsonOption = False, program: ProgramOption = PROGRAM, config: ConfigOption = CONFIG
) -> None:
    """Say how the watcher is, and where KPIs, milestones and countdowns stand.

    Ends with 0 when the first word is OK, else with 1.
    """
    files = bootstrap.load(program, config)
    now = int(SystemClock().now().timestamp())
    with bootstrap.reading(files) as store, store.reading() as tx:
        found = read_status(files.definition, tx, bootstrap.expected(files.deployment), now)
    if json:
        print_json(found.figures)
    else:
        _show(stdout(), found)
    if found.health.standing is not Standing.OK:
        raise typer.Exit(1)


def _show(console: Console, found: Status) -> None:
    figures = found.figures
    console.print(str(found.health), style=_COLOURS[found.health.standing], markup=False, soft_wrap=True)
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(found):
        facts.add_row(name, escape(value))
    console.print(facts, soft_wrap=True)
    _table(console, "KPI", ["reading", "bar", "verdict"], [_kpi_row(kpi) for kpi in figures["kpis"]])
    _table(
        console,
        "milestone",
        ["state", "block"],
        [[row["id"], row["state"], _text(row["block_number"])] for row in figures["milestones"]],
    )
    _table(
        console,
        "countdown",
        ["state", "deadline", "remaining"],
        [
            [row["id"], row["state"], _text(row["deadline"]), _duration(row["remaining_seconds"])]
            for row in figures["countdowns"]
        ],
    )


def _facts(found: Status) -> Iterator[tuple[str, str]]:
    figures = found.figures
    yield "program", f"{figures['program_id']}, chain {figures['chain_id']}"
    yield "definition", figures["definition_hash"]
    yield "read", _block(found.checkpoint)
    yield "concluded", _block(found.concluded)
    yield "final", _text(figures["final"])
    yield "head", _text(figures["head"])
    if figures["lag_seconds"] is not None:
        yield "lag", f"{figures['lag_seconds']} s of chain time"
    if figures["stalled"]:
        yield "stands still", figures["stalled"]


def _table(console: Console, what: str, columns: list[str], rows: list[list[str]]) -> None:
    if not rows:
        return
    table = Table(what, *columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print()
    console.print(table)


def _kpi_row(kpi: dict[str, Any]) -> list[str]:
    low, high = kpi["low"], kpi["high"]
    if low is None:
        reading = "-"
    elif low == high:
        reading = low
    else:
        reading = f"{low} to {high}" if high is not None else f"{low} or more"
    return [kpi["id"], reading, f"{kpi['comparator'].replace('_', ' ')} {kpi['bar']}", kpi["verdict"]]


def _block(block: BlockRef | None) -> str:
    return f"{block.number}, {iso_utc(block.timestamp)}" if block else "-"


def _text(value: object) -> str:
    return "-" if value is None else str(value)


def _duration(seconds: int | None) -> str:
    return "-" if seconds is None else str(timedelta(seconds=seconds))
