"""Show each tranche: locked or unlocked, how much, since when, by which evidence."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._moment import AtOption, moment
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json
from watcher.cli._picture import canvas
from watcher.cli._table import print_table
from watcher.core.drawing import draw
from watcher.core.ledger import EntryType, decimal_text
from watcher.core.types import iso_utc
from watcher.core.unlocked import sums_words, tranche_rows, tranche_sums
from watcher.core.unlocks import Point, curve
from watcher.core.wording import cut_text, number_words, whole_text
from watcher.stages.lookback import as_of

app = new_app()

_TABLE_ROWS = 20
_PICTURE_POINTS = 400

_COLUMNS = ("tranche", "amount", "waits for", "state", "unlocked", "block", "time", "evidence")


@app.command()
def tranches(
    *,
    at: AtOption = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="draw performance against time, into a .svg or .png file"),
    ] = None,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Show what is unlocked and what is still locked, as of the last concluded block or of an earlier one.

    Beneath stands what performance has unlocked beside what time alone unlocks by the [[vesting]] tables.
    """
    when = moment(at)
    draw_into = None if picture is None else canvas(picture)
    files = bootstrap.load(program, config)
    with bootstrap.reading(files) as store, store.reading() as tx:
        found = as_of(files.definition, tx, when)
        entries: dict[str, Any] = {
            entry["subject"]: entry for entry in tx.ledger.find(type=EntryType.TRANCHE_UNLOCKED)
        }
    rows = tranche_rows(files.definition, found.state, entries)
    sums = tranche_sums(files.definition, found.state)
    now, vesting = found.block.timestamp, files.program.vesting
    begin = now if found.state.meter.begin is None else found.state.meter.begin
    steps = [(begin, Fraction(0))]
    steps += [(status.block.timestamp, status.amount) for status in found.state.tranches.values()]
    symbol = sums.get("symbol", "")
    if draw_into is not None:
        draw_into(draw(curve(steps, vesting, now, _PICTURE_POINTS), symbol, now=now))
    points = curve(steps, vesting, now, _TABLE_ROWS) if vesting else []
    if json:
        print_json(
            {
                "block": found.number,
                "sums": sums,
                "tranches": rows,
                "against_time": [_row(each, now) for each in points],
            }
        )
        return
    if rows:
        typer.echo(f"as of {found.words()}")
        print_table(_COLUMNS, [tuple(_shown(row, key) for key in _KEYS) for row in rows])
        typer.echo(sums_words(sums))
    else:
        typer.echo("this program has no [[tranche]]")
    if points:
        typer.echo("")
        dated = [(f"{iso_utc(each.at)[:10]}", *_amounts(each, now)) for each in points]
        print_table(("date", "by performance", "by time"), dated)


def _shown(row: Mapping[str, Any], key: str) -> str:
    value = row[key]
    if value is None:
        return ""
    return number_words(Fraction(value)) if key in _AMOUNTS else str(value)


def _amounts(point: Point, now: int) -> tuple[str, str]:
    """Give both amounts; what performance will unlock later nobody knows."""
    return whole_text(point.by_performance) if point.at <= now else "", whole_text(point.by_time)


def _row(point: Point, now: int) -> dict[str, str | None]:
    return {
        "time": iso_utc(point.at),
        "by_performance": decimal_text(point.by_performance) if point.at <= now else None,
        "by_time": cut_text(point.by_time),
    }


_AMOUNTS = ("amount", "unlocked")
_KEYS = ("id", "amount", "waits_for", "state", "unlocked", "block_number", "occurred_at", "bundle_sha256")
