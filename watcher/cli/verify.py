"""Recount a milestone's bundle from another RPC, and say whether it is right."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from threading import Event
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from watcher import bootstrap
from watcher.chain.endpoint import EndpointSettings
from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM, JsonOption, ProgramOption
from watcher.cli._output import print_json
from watcher.cli._progress import shown_progress
from watcher.cli._table import print_lines
from watcher.clock import SystemClock
from watcher.config.program import load_program
from watcher.core.claim import Claim, read_claim
from watcher.core.comparison import Absent, Difference
from watcher.core.definition import Definition
from watcher.errors import CannotTell, UsageError
from watcher.stages.backfill import BackfillPlan
from watcher.stages.recounting import plan_recount, refuse_other_definition

app = new_app()

_SHOWN = 120
"""So much of a value is shown to people; --json has all of it."""

_EQUAL, _DIFFERS, _CANNOT_TELL = "equal", "differs", "cannot_tell"
_EXIT_CODES = {_EQUAL: 0, _DIFFERS: 1, _CANNOT_TELL: 4}


@dataclass
class _Answer:
    """What `--json` prints, filled in on the way."""

    verdict: str = _CANNOT_TELL
    why: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    differences: Sequence[Difference] = ()

    def as_json(self) -> dict[str, Any]:
        """Give all of it as one object."""
        differences = [each.as_json() for each in self.differences]
        return {"verdict": self.verdict, "why": self.why, **self.figures, "differences": differences}

    def lines(self) -> list[str]:
        """Give the verdict, and under it each place that differs, for people."""
        return [
            f"{self.verdict.replace('_', ' ')}: {self.why}",
            *(
                f"  {each.words}: {_text(each.bundle)} in the bundle, {_text(each.recount)} in the recount"
                for each in self.differences
            ),
        ]


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what `watcher evidence --json` printed")],
    *,
    rpc: Annotated[
        str, typer.Option(metavar="URL", envvar="WATCHER_RPC", help="the endpoint to recount it from")
    ],
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="the bundle_sha256 that was announced")
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="where what is read is kept; default: FILE.work, beside it"),
    ] = None,
    proof: Annotated[
        bool, typer.Option("--proof/--no-proof", help="prove receipts and headers by their hashes")
    ] = True,
    calls_per_minute: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="ask the endpoint no faster than this")
    ] = None,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    _config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="taken as by every command, and not read")
    ] = CONFIG,
) -> None:
    """Recount a milestone's bundle on a fresh database, through an RPC endpoint of your own.

    Exits with 0 where the recount is equal, with 1 where it differs, naming where, and with 4 where it cannot
    be told, naming why. What is read is kept: started again, it goes on from there.
    """
    definition, claim = load_program(program).definition, read_claim(_read(file), str(file))
    endpoint = EndpointSettings("rpc", _checked(rpc), calls_per_minute)
    with _answered(json=json) as answer:
        answer.figures = {
            "milestone": claim.milestone,
            "definition_hash": claim.definition_hash,
            "block_number": claim.block_number,
            "block_hash": claim.block_hash,
            "bundle_sha256": claim.sha256,
            "recount_sha256": None,
            "proven": proof,
            "cost": None,
        }
        if sha256 is not None and sha256.lower() != claim.sha256:
            answer.verdict, answer.why = _DIFFERS, f"the file's SHA-256 is {claim.sha256}, not {sha256}"
            return
        refuse_other_definition(definition, claim)
        _recount(
            definition, claim, endpoint, work or file.with_name(f"{file.name}.work"), answer, proof=proof
        )


def _recount(
    definition: Definition,
    claim: Claim,
    endpoint: EndpointSettings,
    work: Path,
    answer: _Answer,
    *,
    proof: bool,
) -> None:
    """Say what it will cost, recount, and fill in what came out."""
    _make(work)
    with (
        shown_progress() as progress,
        bootstrap.recounting(
            definition, claim, endpoint, work, proving=proof, progress=progress
        ) as recounter,
    ):
        block = recounter.block()
        other = recounter.other_block(block)
        if other is not None:
            answer.verdict, answer.differences = _DIFFERS, [other]
            answer.why = (
                f"block {block.number} of that endpoint is another one: another chain, or branch of it"
            )
            return
        first = recounter.first
        plan = plan_recount(
            definition, endpoint, SystemClock(), Event().wait, first=first, block=block, proving=proof
        )
        _tell(plan, first, block.number, work)
        answer.figures["cost"] = None if plan is None else plan.as_json()
        recount = recounter.run(block)
    answer.figures["recount_sha256"] = recount.sha256
    answer.differences = recount.differences
    answer.verdict = _DIFFERS if recount.differences else _EQUAL
    answer.why = (
        f"the recount gives another bundle, sha256 {recount.sha256}"
        if recount.differences
        else f"the recount gives the same bundle, sha256 {recount.sha256}"
    )


@contextmanager
def _answered(*, json: bool) -> Iterator[_Answer]:
    """Print what came out in the end, and leave with its exit code."""
    answer = _Answer()
    try:
        yield answer
    except CannotTell as error:
        answer.why = str(error)
    if json:
        print_json(answer.as_json())
    else:
        print_lines(answer.lines())
    raise typer.Exit(_EXIT_CODES[answer.verdict])


def _tell(plan: BackfillPlan | None, first: int, last: int, work: Path) -> None:
    """Say before it is paid what the recount will cost."""
    if plan is None:
        typer.echo(f"everything up to block {last} is read already, in {work}", err=True)
        return
    typer.echo(plan.words(first, last), err=True)
    typer.echo(f"it is kept in {work}: started again, the recount goes on behind what is there", err=True)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None


def _make(work: Path) -> None:
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--work {work}: cannot be made ({error.strerror}); name another folder") from None


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("--rpc is not the URL of an endpoint: write https://host/path")
    return url


def _text(value: object) -> str:
    if isinstance(value, Absent):
        return str(value.value)
    text = value if isinstance(value, str) else dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
