"""Print the ledger's entries, or the digest of the last one."""

import json as json_text
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption, SignedOption
from watcher.cli._output import print_json
from watcher.cli._table import print_table
from watcher.core.heads import head_of
from watcher.core.signed import Kind, envelope
from watcher.errors import CannotTell, UsageError
from watcher.store.database import Tx

app = new_app()

_COLUMNS = ("no.", "time", "block", "type", "subject", "digest", "summary")
_DIGEST_SHOWN = 12


@app.command()
def ledger(
    *,
    digest: Annotated[bool, typer.Option("--digest", help="only the digest of the last entry")] = False,
    head: Annotated[bool, typer.Option("--head", help="only how far it has come, as JSON")] = False,
    signed: SignedOption = False,
    generation: Annotated[
        int | None,
        typer.Option(metavar="N", help="a generation that a rewind closed; default: the present one"),
    ] = None,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Print the ledger's entries in their order, or the digest of the last one.

    With --head it is the sequence, digest and block of the last entry, for others to keep; --signed has it
    signed, so that nobody can show a second ledger to somebody else: `watcher verify heads`.
    """
    if signed and not head:
        raise UsageError("--signed: what is signed is the head, so write --head as well")
    files = bootstrap.load(program, config)
    with bootstrap.reading(files) as store, store.reading() as tx:
        _refuse_unknown(tx, generation)
        entries = list(tx.ledger.entries(generation=generation))
    if head:
        found = head_of(_last(entries))
        print_json(envelope(Kind.HEAD, found, bootstrap.signing_key(files)) if signed else found)
    elif digest:
        _print_digest(entries, json=json)
    elif json:
        for entry in entries:
            print_json(entry)
    else:
        print_table(_COLUMNS, [_row(entry) for entry in entries])


def _refuse_unknown(tx: Tx, generation: int | None) -> None:
    present = tx.ledger.generation()
    if generation is not None and not 1 <= generation <= present:
        raise UsageError(f"there is no generation {generation} of the ledger: write 1 to {present}")


def _print_digest(entries: Sequence[Mapping[str, Any]], *, json: bool) -> None:
    last = _last(entries)
    if json:
        print_json({"sequence": last["sequence"], "digest": last["digest"]})
    else:
        typer.echo(last["digest"])


def _last(entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not entries:
        raise CannotTell("the ledger has no entry yet: its first comes with the first concluded block")
    return entries[-1]


def _row(entry: Mapping[str, Any]) -> tuple[object, ...]:
    summary = entry["evidence"]["summary"]
    said = ", ".join(f"{key} {_text(value)}" for key, value in summary.items() if value is not None)
    return (
        entry["sequence"],
        entry["occurred_at"],
        entry["block_number"],
        entry["type"],
        entry["subject"],
        entry["digest"][:_DIGEST_SHOWN],
        said,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json_text.dumps(value)
