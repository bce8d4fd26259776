"""Show each tranche: locked or unlocked, how much, since when, by which evidence."""

from typing import Any

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._moment import AtOption, moment
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json
from watcher.cli._table import print_table
from watcher.core.ledger import EntryType
from watcher.core.unlocked import tranche_rows, tranche_sums
from watcher.stages.lookback import as_of

app = new_app()

_COLUMNS = ("tranche", "amount", "waits for", "state", "unlocked", "block", "time", "evidence")


@app.command()
def tranches(
    *,
    at: AtOption = None,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Show what is unlocked and what is still locked, as of the last concluded block or of an earlier one."""
    when = moment(at)
    files = bootstrap.load(program, config)
    with bootstrap.reading(files) as store, store.reading() as tx:
        found = as_of(files.definition, tx, when)
        entries: dict[str, Any] = {
            entry["subject"]: entry for entry in tx.ledger.find(type=EntryType.TRANCHE_UNLOCKED)
        }
    rows = tranche_rows(files.definition, found.state, entries)
    sums = tranche_sums(files.definition, found.state)
    if json:
        print_json({"block": found.number, "sums": sums, "tranches": rows})
        return
    if not rows:
        typer.echo("this program has no [[tranche]]")
        return
    typer.echo(f"as of {found.words()}")
    print_table(_COLUMNS, [tuple(row[key] or "" for key in _KEYS) for row in rows])
    symbol = sums["symbol"]
    typer.echo(
        f"{sums['unlocked']} {symbol} unlocked, {sums['locked']} locked, {sums['expired']} expired, "
        f"{sums['unassigned']} unassigned, {sums['share']} in all"
    )


_KEYS = ("id", "amount", "waits_for", "state", "unlocked", "block_number", "occurred_at", "bundle_sha256")
