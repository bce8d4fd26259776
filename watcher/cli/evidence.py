"""Print what a reached milestone rests on, for anyone to check."""

import json as json_text
import sys
from typing import Annotated

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption, SignedOption
from watcher.cli._output import print_json
from watcher.cli._table import print_lines
from watcher.core.evidence_text import evidence_lines
from watcher.core.ledger import EntryType
from watcher.core.signed import Kind, envelope
from watcher.errors import CannotTell
from watcher.stages.explaining import explain, milestone_id
from watcher.stages.lookback import as_of

app = new_app()

_NO = 1


@app.command()
def evidence(
    milestone: Annotated[str, typer.Argument(metavar="MILESTONE", help="the milestone's id")],
    *,
    signed: SignedOption = False,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Print a reached milestone's evidence; with --json the very bytes that its SHA-256 is of.

    With --signed it is JSON as well: the same in an envelope that the deployment's signing_key has signed.
    Exits with 1, and says how its condition stands, where the milestone is not reached.
    """
    files = bootstrap.load(program, config)
    name = milestone_id(files.definition, milestone)
    with bootstrap.reading(files) as store, store.reading() as tx:
        reached = tx.ledger.find(type=EntryType.MILESTONE_REACHED, subject=name)
        if not reached:
            found = as_of(files.definition, tx, None)
            [told] = [each for each in explain(files.definition, tx, found, name) if each.kind == "milestone"]
            typer.echo(f"{told.headline} as of {found.words()}: there is no evidence yet", err=True)
            for line in told.lines:
                typer.echo(line, err=True)
            raise typer.Exit(_NO)
        sha256 = reached[0]["evidence"]["bundle_sha256"]
        bundle = tx.ledger.bundle(sha256)
    if bundle is None:
        raise CannotTell(f"the bundle {sha256} is not kept in this database")
    if signed:
        print_json(envelope(Kind.BUNDLE, json_text.loads(bundle), bootstrap.signing_key(files)))
    elif json:
        sys.stdout.buffer.write(bundle)
    else:
        print_lines(evidence_lines(json_text.loads(bundle), sha256))
