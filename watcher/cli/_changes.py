"""What `diff` and `what-if` have in common: two ledgers compared, and how that is printed."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from watcher.cli._output import print_json
from watcher.cli._table import print_table
from watcher.core.ledger_changes import Change

OfflineOption = Annotated[
    bool, typer.Option("--offline", help="ask no endpoint; exit with 4 where something was never read")
]


def show(
    old: str,
    new: str,
    tables: Sequence[str],
    changes: Sequence[Change],
    *,
    json: bool,
    further: Mapping[str, Any],
) -> None:
    """Print what differs between two definitions, by hash; leave with 0 where nothing does, else with 1."""
    if json:
        entries = [each.as_json() for each in changes]
        print_json({"old": old, "new": new, "changed": list(tables), "entries": entries, **further})
    else:
        typer.echo(f"old {old}\nnew {new}")
        for table in tables:
            typer.echo(f"  {table}")
        if changes:
            columns = ("entry", "subject", "differs", "old block", "new block", "why")
            print_table(columns, [_row(each) for each in changes])
        else:
            typer.echo("no ledger entry differs")
    raise typer.Exit(1 if changes else 0)


def _row(change: Change) -> tuple[object, ...]:
    return (
        change.type,
        change.subject,
        str(change.standing).replace("_", " "),
        "" if change.old is None else change.old["block_number"],
        "" if change.new is None else change.new["block_number"],
        "; ".join(change.why),
    )
