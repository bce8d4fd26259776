"""Recount a milestone's bundle from another RPC, or look whether signed ledger heads are of one ledger."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from typer.core import TyperGroup

from watcher import bootstrap
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.proof import Proof
from watcher.cli._app import new_app
from watcher.cli._options import (
    CONFIG,
    PROGRAM,
    JsonOption,
    ProgramOption,
    UnreadConfigOption,
    UnreadProgramOption,
)
from watcher.cli._progress import shown_progress
from watcher.cli._verdict import Answer, answered, is_signed, read_json, read_json_lines
from watcher.clock import SystemClock
from watcher.config.program import load_program
from watcher.core.claim import Claim, claim_of
from watcher.core.definition import Definition
from watcher.core.heads import contradiction, read_head
from watcher.core.signed import Kind, opened
from watcher.errors import CannotTell, UsageError
from watcher.stages.attesting import statements_in
from watcher.stages.backfill import BackfillPlan
from watcher.stages.recounting import plan_recount, refuse_other_definition

KeyOption = Annotated[
    str | None, typer.Option("--key", metavar="PUBLIC_KEY", help="the key that has to have signed it")
]


class _BundleUnlessNamed(TyperGroup):
    """Takes `watcher verify FILE` for `watcher verify bundle FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  # typer's own click
        """Put the command in front where none is named."""
        if args and args[0] not in {*self.commands, "-h", "--help"}:
            args = ["bundle", *args]
        return super().parse_args(ctx, args)


app = new_app(_BundleUnlessNamed)


@app.command()
def bundle(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what `watcher evidence --json` printed")],
    *,
    rpc: Annotated[
        str, typer.Option(metavar="URL", envvar="WATCHER_RPC", help="the endpoint to recount it from")
    ],
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="the bundle_sha256 that was announced")
    ] = None,
    key: KeyOption = None,
    work: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="where what is read is kept; default: FILE.work, beside it"),
    ] = None,
    no_proof: Annotated[
        bool, typer.Option("--no-proof", help="believe the endpoint, as the watcher itself does")
    ] = False,
    receipts_only: Annotated[
        bool,
        typer.Option("--receipts-only", help="believe who sent a transaction and to whom; prove the rest"),
    ] = False,
    calls_per_minute: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="ask the endpoint no faster than this")
    ] = None,
    attestations: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="what `watcher attest list --json` printed, or a folder of such files"
        ),
    ] = None,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    _config: UnreadConfigOption = CONFIG,
) -> None:
    """Recount a milestone's bundle on a fresh database, through an RPC endpoint of your own.

    `watcher verify FILE` is the same. Exits with 0 where the recount is equal, with 1 where it differs, and
    says where, and with 4 where it cannot be told, and says why. What is read is kept: started again, it goes
    on behind that.
    """
    definition, found = (
        load_program(program).definition,
        opened(read_json(file), Kind.BUNDLE),
    )
    claim = claim_of(found.content, str(file))
    proof = _proof(no_proof=no_proof, receipts_only=receipts_only)
    endpoint = EndpointSettings("rpc", _checked(rpc), calls_per_minute)
    with answered(json=json) as answer:
        answer.figures = {
            "milestone": claim.milestone,
            "definition_hash": claim.definition_hash,
            "block_number": claim.block_number,
            "block_hash": claim.block_hash,
            "bundle_sha256": claim.sha256,
            "signed_by": found.signer if found.valid else None,
            "recount_sha256": None,
            "proven": str(proof),
            "cost": None,
        }
        if sha256 is not None and sha256.lower() != claim.sha256:
            answer.differ(f"the file's SHA-256 is {claim.sha256}, not {sha256}")
        elif is_signed(file, found, key, answer):
            refuse_other_definition(definition, claim)
            folder = work or file.with_name(f"{file.name}.work")
            words = () if attestations is None else _attestations(attestations)
            _recount(definition, claim, endpoint, folder, answer, proof=proof, attestations=words)


@app.command()
def heads(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="what `watcher ledger --head --signed` printed"),
    ],
    *,
    key: Annotated[
        str, typer.Option("--key", metavar="PUBLIC_KEY", help="the operator's key, which has to have signed")
    ],
    ledger: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="the operator's ledger: what `watcher ledger --json` printed"),
    ] = None,
    json: JsonOption = False,
    _program: UnreadProgramOption = PROGRAM,
    _config: UnreadConfigOption = CONFIG,
) -> None:
    """Look whether ledger heads that one operator signed are of one ledger.

    Exits with 0 where all of them are, with 1 where two of them, or one and the ledger, contradict each
    other, and with 4 where it cannot be told from what is given.
    """
    with answered(json=json) as answer:
        found = []
        for file in files:
            head = opened(read_json(file), Kind.HEAD)
            found.append(read_head(head.content, str(file)))
            if not is_signed(file, head, key, answer):
                raise CannotTell(str(answer.why))
        entries = None if ledger is None else read_json_lines(ledger)
        against = contradiction(found, entries)
        if against is None:
            answer.agree("all of these heads are of one ledger")
        else:
            answer.differ(against)


def _recount(
    definition: Definition,
    claim: Claim,
    endpoint: EndpointSettings,
    work: Path,
    answer: Answer,
    *,
    proof: Proof,
    attestations: Sequence[tuple[str, str]],
) -> None:
    """Say what it will cost, recount, and fill in what came out."""
    _make(work)
    with (
        shown_progress() as progress,
        bootstrap.recounting(
            definition, claim, endpoint, work, proof=proof, attestations=attestations, progress=progress
        ) as recounter,
    ):
        block = recounter.block()
        other = recounter.other_block(block)
        if other is not None:
            text = f"block {block.number} is another one there: the bundle is of another chain or branch"
            answer.differ(text, [other])
            return
        first = recounter.first
        plan = plan_recount(
            definition, endpoint, SystemClock(), Event().wait, first=first, block=block, proof=proof
        )
        _tell(plan, first, block.number, work)
        answer.figures["cost"] = None if plan is None else plan.as_json()
        recount = recounter.run(block)
    answer.figures["recount_sha256"] = recount.sha256
    if recount.differences:
        answer.differ(f"the recount gives another bundle, sha256 {recount.sha256}", recount.differences)
    else:
        answer.agree(f"the recount gives the same bundle, sha256 {recount.sha256}")


def _attestations(path: Path) -> list[tuple[str, str]]:
    """Give the name of each attestation's file and its text."""
    try:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        found = [
            (file.name, each) for file in files for each in statements_in(file.read_text(encoding="utf-8"))
        ]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--attestations {path} cannot be read: {error}") from None
    if not found:
        raise UsageError(f"--attestations {path}: no *.json is in that folder")
    return found


def _tell(plan: BackfillPlan | None, first: int, last: int, work: Path) -> None:
    """Say before it is paid what the recount will cost."""
    if plan is None:
        typer.echo(f"everything up to block {last} is read already, in {work}", err=True)
        return
    typer.echo(plan.words(first, last), err=True)
    typer.echo(f"it is kept in {work}: started again, the recount goes on behind what is there", err=True)


def _proof(*, no_proof: bool, receipts_only: bool) -> Proof:
    if no_proof and receipts_only:
        raise UsageError("--no-proof and --receipts-only: choose one of them")
    if no_proof:
        return Proof.NOTHING
    return Proof.RECEIPTS if receipts_only else Proof.TRANSACTIONS


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
