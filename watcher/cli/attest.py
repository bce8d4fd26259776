"""Attest what no RPC can tell: make a key, sign, admit, list."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._explorer import chosen_explorer
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json
from watcher.cli._table import print_table
from watcher.clock import SystemClock
from watcher.core.attestations import FALSE, TRUE, Statement
from watcher.core.definition import Definition
from watcher.core.types import iso_utc
from watcher.errors import AttestationRefused, UsageError
from watcher.fields import parse_instant, parse_positive_duration
from watcher.signing import PrivateKey, new_key, read_private_key, sign, write_private_key
from watcher.stages.attesting import admit as admit_text
from watcher.stages.attesting import admitted, check_attestation, exported, statements_in
from watcher.stages.lookback import as_of
from watcher.stages.source import CLAIM, sources

app = new_app()

KeyOption = Annotated[Path, typer.Option("--key-file", help="the file of the private key", metavar="FILE")]
ValidOption = Annotated[
    str | None,
    typer.Option("--valid-for", help='how long from then on, such as "90d"', metavar="DURATION"),
]

_COLUMNS = ("subject", "claim", "value", "by", "acts from", "expires", "revokes", "id")


@app.command()
def key(key_file: Annotated[Path, typer.Argument(help="where the private key goes", metavar="FILE")]) -> None:
    """Make a key pair: the private key into a new file that only you can read, the public one on stdout."""
    made = new_key()
    write_private_key(key_file, made)
    typer.echo(made.public)


@app.command("sign")
def sign_(
    subject: Annotated[
        str, typer.Argument(help="the app, or the name of an attested value", metavar="SUBJECT")
    ],
    claim: Annotated[str, typer.Argument(help='what is claimed, or "value"', metavar="CLAIM")],
    value: Annotated[
        str, typer.Argument(help='"true", "false", or the number of a value', metavar="[VALUE]")
    ] = TRUE,
    *,
    key_file: KeyOption,
    effective_from: Annotated[
        str | None, typer.Option("--from", help="since when it is so; default: now", metavar="INSTANT")
    ] = None,
    valid_for: ValidOption = None,
    link: Annotated[str, typer.Option("--link", help="where a reader finds the grounds", metavar="URL")] = "",
    revokes: Annotated[
        str | None, typer.Option("--revokes", help="the id of an earlier statement of yours to take back")
    ] = None,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Sign a statement and print it as a file for `watcher attest admit`, or for the folder of a daemon."""
    definition = bootstrap.load(program, config).definition
    private = read_private_key(key_file)
    statement = Statement(
        program_id=definition.program_id,
        chain_id=definition.chain.id,
        by=private.public,
        subject=subject,
        claim=claim,
        value=value,
        effective_from=_now() if effective_from is None else _read("--from", effective_from, parse_instant),
        valid_for=_seconds(valid_for),
        link=link,
        revokes=revokes,
    )
    _print_signed(definition, private, statement)


@app.command("verified-source")
def verified_source(
    *,
    explorer: Annotated[
        str, typer.Option("--explorer", help="blockscout, etherscan or sourcify", metavar="KIND")
    ],
    url: Annotated[
        str | None, typer.Option("--url", help="where its API stands; needed for blockscout", metavar="URL")
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option("--api-key", help="the environment variable with a key of the API", metavar="NAME"),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--app", help="ask about this app alone; again for more", metavar="ID")
    ] = None,
    valid_for: ValidOption = None,
    key_file: KeyOption,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Ask a block explorer whether the source of apps is verified, and sign its answers, one a line.

    An app is source-verified where all its required contracts are, and what stands behind their proxies.
    Exits with 3 where the explorer does not say: then nothing is signed of that app.
    """
    files = bootstrap.load(program, config)
    definition, private, lasting = files.definition, read_private_key(key_file), _seconds(valid_for)
    asked = chosen_explorer(explorer, url, api_key, definition.chain.id)
    with bootstrap.reading(files) as store, store.reading() as tx:
        state = as_of(definition, tx, None).state
    for found in sources(definition, state, asked, only or ()):
        typer.echo(
            f"{found.app}: {len(found.asked) - len(found.unverified)} of {len(found.asked)} are verified"
            + "".join(f"; {address} is not" for address in found.unverified),
            err=True,
        )
        statement = Statement(
            program_id=definition.program_id,
            chain_id=definition.chain.id,
            by=private.public,
            subject=found.app,
            claim=CLAIM,
            value=FALSE if found.unverified else TRUE,
            effective_from=_now(),
            valid_for=lasting,
            link=found.page,
        )
        _print_signed(definition, private, statement)


@app.command()
def admit(
    files: Annotated[list[Path], typer.Argument(help="signed files", metavar="FILE...")],
    *,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Admit signed files: they act from then on, and the watcher takes them in at its next run."""
    loaded = bootstrap.load(program, config)
    with bootstrap.reading(loaded, create=True) as store:
        for path in files:
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise UsageError(f"{path} cannot be read: {error}") from None
            for statement in statements_in(text):
                try:
                    kept = admit_text(loaded.definition, store, statement)
                except AttestationRefused as error:
                    raise AttestationRefused(f"{path}: {error}") from None
                typer.echo(f"{path}: acts from {iso_utc(kept.acts_from)} on, id {kept.statement.id}")


@app.command("list")
def list_(
    *, json: JsonOption = False, program: ProgramOption = PROGRAM, config: ConfigOption = CONFIG
) -> None:
    """List what was admitted; with --json each line is a file that another watcher admits as it stands."""
    files = bootstrap.load(program, config)
    with bootstrap.reading(files) as store, store.reading() as tx:
        found = admitted(files.definition, tx)
    if json:
        for each in found:
            print_json(exported(each))
        return
    rows = [
        (
            each.statement.subject,
            each.statement.claim,
            each.statement.value,
            each.statement.by[:16],
            iso_utc(each.acts_from),
            "" if each.expires is None else iso_utc(each.expires),
            (each.statement.revokes or "")[:16],
            each.statement.id[:16],
        )
        for each in found
    ]
    print_table(_COLUMNS, rows)


def _print_signed(definition: Definition, private: PrivateKey, statement: Statement) -> None:
    signature = sign(private, statement.signed())
    check_attestation(definition, statement, signature)
    print_json({"statement": statement.body(), "signature": signature})


def _seconds(valid_for: str | None) -> int | None:
    return None if valid_for is None else _read("--valid-for", valid_for, parse_positive_duration)


def _now() -> int:
    return int(SystemClock().now().timestamp())


def _read(option: str, text: str, parse: Callable[[object], int]) -> int:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r} {error}") from None
