"""Say how the watcher is, and where KPIs, milestones and countdowns stand."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json, stdout
from watcher.cli._table import print_lines, print_table
from watcher.clock import SystemClock
from watcher.core.health import Standing
from watcher.core.readings import Reading
from watcher.core.types import BlockRef, Comparator, iso_utc
from watcher.core.wording import comparator_words, number_words, reading_words
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
        _show(found)
    if found.health.standing is not Standing.OK:
        raise typer.Exit(1)


def _show(found: Status) -> None:
    figures = found.figures
    stdout().print(str(found.health), style=_COLOURS[found.health.standing], markup=False, soft_wrap=True)
    print_lines([f"{name:<14}{value}" for name, value in _facts(found)])
    typer.echo()
    print_kpis(figures["kpis"])
    if figures["milestones"]:
        typer.echo()
        print_table(
            ["milestone", "state", "block"],
            [[each["id"], each["state"], each["block_number"]] for each in figures["milestones"]],
        )
    if figures["countdowns"]:
        typer.echo()
        print_table(
            ["countdown", "state", "deadline", "remaining"],
            [
                [each["id"], each["state"], each["deadline"], _duration(each["remaining_seconds"])]
                for each in figures["countdowns"]
            ],
        )


def _facts(found: Status) -> Iterator[tuple[str, str]]:
    figures = found.figures
    yield "program", f"{figures['program_id']}, chain {figures['chain_id']}"
    yield "definition", figures["definition_hash"]
    yield "read", _block(found.checkpoint)
    if figures["ahead"] is not None:
        yield (
            "read ahead",
            "blocks {first} to {last}; concluded once what is between is read".format(**figures["ahead"]),
        )
    yield "concluded", _block(found.concluded)
    if figures["final"] is not None:
        yield "final", f"block {figures['final']}"
    if figures["head"] is not None:
        yield "head", f"block {figures['head']}"
    if figures["lag_seconds"] is not None:
        yield "lag", f"{figures['lag_seconds']} s of chain time"
    if figures["stalled"]:
        yield "stands still", figures["stalled"]


def print_kpis(figures: Sequence[Mapping[str, Any]]) -> None:
    """Print KPIs, in the form that `watcher status --json` gives, as a table."""
    print_table(
        ["KPI", "reading", "bar", "verdict"],
        [[kpi["id"], _reading(kpi), _bar(kpi), kpi["verdict"]] for kpi in figures],
    )


def _reading(kpi: Mapping[str, Any]) -> str | None:
    low, high = kpi["low"], kpi["high"]
    if low is None:
        return None
    return reading_words(Reading(Fraction(low), None if high is None else Fraction(high)))


def _bar(kpi: Mapping[str, Any]) -> str:
    return f"{comparator_words(Comparator(kpi['comparator']))} {number_words(Fraction(kpi['bar']))}"


def _block(block: BlockRef | None) -> str:
    return f"block {block.number}, {iso_utc(block.timestamp)}" if block else "nothing yet"


def _duration(seconds: int | None) -> str | None:
    return None if seconds is None else str(timedelta(seconds=seconds))
