"""Show one person's grant: what is vested, what is at risk, what comes next."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._moment import AtOption, moment
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json
from watcher.cli._table import print_table
from watcher.config.grant import load_grant
from watcher.core.grants import Part, Performance, standing
from watcher.core.ledger import EntryType
from watcher.core.types import MilestoneId, TrancheId, iso_utc
from watcher.core.vesting import Schedule
from watcher.core.wording import cut_text
from watcher.stages.lookback import as_of

app = new_app()


@app.command()
def grant(
    file: Annotated[Path, typer.Argument(help="the grant file", metavar="FILE")],
    *,
    at: AtOption = None,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Show a grant as of the last concluded block, or of an earlier one; the file is kept nowhere."""
    when = moment(at)
    files = bootstrap.load(program, config)
    definition = files.definition
    name, parts = load_grant(file, definition)
    with bootstrap.reading(files) as store, store.reading() as tx:
        found = as_of(definition, tx, when)
        met = {
            entry["subject"]
            for entry in tx.ledger.find(type=EntryType.KPI_MET)
            if entry["block_number"] <= found.number
        }

    def unlocked(performance: Performance) -> Fraction:
        match performance.kind:
            case "kpi":
                return Fraction(performance.id in met)
            case "milestone":
                return Fraction(MilestoneId(performance.id) in found.state.milestones)
            case _:
                status = found.state.tranches.get(TrancheId(performance.id))
                whole = definition.tranches[TrancheId(performance.id)].amount
                return Fraction(0) if status is None else status.amount / whole

    now = found.block.timestamp
    stands = standing(parts, unlocked, now)
    figures = {
        "vested": cut_text(stands.vested),
        "at_risk": cut_text(stands.at_risk),
        "by_time_later": cut_text(stands.by_time_later),
        "next_at": None if stands.next_at is None else iso_utc(stands.next_at),
        "next_amount": cut_text(stands.next_amount),
    }
    rows = [_row(part, unlocked, now) for part in parts]
    if json:
        print_json({"block": found.number, "name": name, **figures, "parts": rows})
        return
    typer.echo(f"{name or file.name} as of {found.words()}")
    print_table(("amount", "waits for", "vested"), [tuple(row.values()) for row in rows])
    typer.echo(f"vested     {figures['vested']}")
    typer.echo(f"at risk    {figures['at_risk']}, until what it waits for is reached")
    later = f"{figures['by_time_later']} more by time"
    if stands.next_at is not None:
        later += f", the next {figures['next_amount']} by {figures['next_at']}"
    typer.echo(f"next       {later}")


def _row(part: Part, unlocked: Callable[[Performance], Fraction], now: int) -> dict[str, str]:
    waits_for = part.waits_for
    if isinstance(waits_for, Schedule):
        words = f"time: {waits_for.kind} from {iso_utc(waits_for.start)} to {iso_utc(waits_for.end)}"
        vested = waits_for.unlocked(now)
    else:
        words = f"{waits_for.kind} {waits_for.id}"
        vested = part.amount * unlocked(waits_for)
    return {"amount": cut_text(part.amount), "waits_for": words, "vested": cut_text(vested)}
