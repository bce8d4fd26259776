"""Admitting attestations: a signed file is checked, gets its place in chain time, and is kept.

    file ─▶ statement, signature ─▶ whose word counts? about what? ─▶ admitted_at ─▶ store ─▶ evaluate

`admitted_at` is set once, later than every block that the ledger has concluded. A file that carries one (as
`watcher attest list --json` prints it) is admitted under that very instant, so that another watcher comes to
the same ledger, unless its own ledger has passed it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import structlog

from watcher.core.attestations import FALSE, TRUE, VALUE, Attestation, Statement
from watcher.core.definition import Definition
from watcher.core.ledger import decimal_text
from watcher.core.metering import needs_of
from watcher.core.types import iso_utc
from watcher.errors import AttestationRefused
from watcher.fields import parse_amount
from watcher.log import STAGES
from watcher.signing import verified
from watcher.store.database import Store, Tx

_log = structlog.get_logger(STAGES)

_Whole = Annotated[int, msgspec.Meta(ge=0)]


class _Statement(msgspec.Struct, forbid_unknown_fields=True):
    program_id: str
    chain_id: _Whole
    by: str
    subject: str
    claim: str
    value: str
    effective_from: _Whole
    valid_for: Annotated[int, msgspec.Meta(ge=1)] | None = None
    link: str = ""
    revokes: str | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    statement: _Statement
    signature: str
    admitted_at: _Whole | None = None
    id: str = ""


_decoder = msgspec.json.Decoder(_File)


def statements_in(text: str) -> list[str]:
    """Take a file's attestations apart: one, or one a line as `watcher attest list` prints."""
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    return lines if lines and all(line[0] == "{" and line[-1] == "}" for line in lines) else [text]


def read_attestation(text: str) -> tuple[Statement, str, int | None]:
    """Read a file's statement, signature and, where it carries one, the time of admission.

    AttestationRefused where it has another form.
    """
    try:
        file = _decoder.decode(text)
        statement = Statement(**msgspec.structs.asdict(file.statement))
        statement.signed()  # integers that JSON readers would round are refused here
    except (msgspec.DecodeError, ValueError) as error:
        raise AttestationRefused(
            f"this is no attestation ({error}): one is an object with statement and signature, as "
            "`watcher attest sign` writes it"
        ) from None
    return statement, file.signature, file.admitted_at


def check_attestation(definition: Definition, statement: Statement, signature: str) -> None:
    """Make sure that a statement counts for this program; AttestationRefused says why not."""
    _check_statement(definition, statement)
    if not verified(statement.by, signature, statement.signed()):
        raise AttestationRefused(
            f"the signature is not {statement.by}'s of this statement: have it signed anew"
        )


def _check_statement(definition: Definition, statement: Statement) -> None:
    policy = definition.attestations
    if policy is None:
        raise AttestationRefused("this program takes no attestations: it has no [attestations] with signers")
    if (statement.program_id, statement.chain_id) != (definition.program_id, definition.chain.id):
        raise AttestationRefused(
            f"it is about program {statement.program_id} on chain {statement.chain_id}: this is "
            f"{definition.program_id} on chain {definition.chain.id}"
        )
    if statement.by not in policy.signers:
        raise AttestationRefused(
            f"{statement.by} is no signer of this program: its [attestations] names them"
        )
    if statement.revokes is None:
        _check_claim(definition, statement)


def admitted(definition: Definition, tx: Tx) -> tuple[Attestation, ...]:
    """Give the attestations that count, in their order.

    What was admitted under an earlier program stays, and counts only where this program would admit it, so
    that a fresh watcher which is given the same files comes to the same ledger.
    """
    found = tx.attestations.all()
    if not found or tx.adoptions.replaced() is None:
        return found
    return tuple(each for each in found if _counts(definition, each))


def _counts(definition: Definition, attestation: Attestation) -> bool:
    try:
        _check_statement(definition, attestation.statement)  # whoever admitted it checked the signature
    except AttestationRefused:
        return False
    return True


def _check_claim(definition: Definition, statement: Statement) -> None:
    subject, claim, value = statement.subject, statement.claim, statement.value
    if claim == VALUE:
        subjects = needs_of(definition).attested
        if subject not in subjects:
            known = ", ".join(subjects) or "none"
            raise AttestationRefused(
                f'no KPI reads an attested value "{subject}": those that are read are {known}'
            )
        try:
            amount = parse_amount(value)
        except ValueError as error:
            raise AttestationRefused(f'the value "{value}" {error}') from None
        if value != decimal_text(amount):
            raise AttestationRefused(
                f'the value "{value}" is written "{decimal_text(amount)}", so that signers who mean the same '
                "say the same"
            )
        return
    if claim not in definition.liveness.attested:
        known = ", ".join((*definition.liveness.attested, VALUE))
        raise AttestationRefused(f'no rule of this program asks for "{claim}": what is asked for is {known}')
    if subject not in definition.apps and definition.open_rule is None:
        raise AttestationRefused(f'"{subject}" is no app of this program')
    if value not in (TRUE, FALSE):
        raise AttestationRefused(f'the value "{value}" of a claim is neither "true" nor "false"')


def admit(definition: Definition, store: Store, text: str) -> Attestation:
    """Admit one file's attestation and give it as it is kept; one that is kept already stays as it was.

    AttestationRefused where it does not count, or comes too late for the time that it carries.
    """
    statement, signature, admitted_at = read_attestation(text)
    check_attestation(definition, statement, signature)
    with store.writing() as tx:
        for known in tx.attestations.all():
            if known.statement.id == statement.id:
                return known
        present, head = tx.state.concluded(), tx.state.head()
        concluded = -1 if present is None else present.timestamp
        if admitted_at is None:
            admitted_at = max(concluded + 1, 0 if head is None else head.timestamp)
        elif admitted_at <= concluded:
            raise AttestationRefused(
                f"it was admitted elsewhere at {iso_utc(admitted_at)}, and the ledger here has concluded "
                f"{iso_utc(concluded)} already: begin a new database with it, or take admitted_at out of the "
                "file to admit it now"
            )
        attestation = Attestation(statement, signature, admitted_at)
        tx.attestations.add(attestation)
    return attestation


def exported(attestation: Attestation) -> Mapping[str, Any]:
    """Give an attestation as a file that another watcher admits under the same time."""
    return {
        "id": attestation.statement.id,
        "statement": attestation.statement.body(),
        "signature": attestation.signature,
        "admitted_at": attestation.admitted_at,
    }


class Folder:
    """Admits the files of a folder as they come; keep one a process, it remembers what it has looked at."""

    def __init__(self, definition: Definition, store: Store, folder: Path) -> None:
        self._definition = definition
        self._store = store
        self._folder = folder
        self._seen: dict[Path, tuple[int, int]] = {}
        self._unreadable: set[Path] = set()
        self._missing = False

    def run(self) -> int:
        """Admit what is new, by file name; return how many were. What is refused is named once."""
        missing = not self._folder.is_dir()
        if missing and not self._missing:
            _log.warning("no folder of attestations", folder=str(self._folder))
        self._missing = missing
        return sum(map(self._look_at, sorted(self._folder.glob("*.json"))))

    def _look_at(self, path: Path) -> int:
        try:
            about = path.stat()
            mark = (about.st_mtime_ns, about.st_size)
            if self._seen.get(path) == mark:
                return 0
            texts = statements_in(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return 0  # taken away since the folder was listed
        except (OSError, UnicodeDecodeError) as error:
            if path not in self._unreadable:
                _log.warning("attestation unreadable", file=path.name, why=str(error))
            self._unreadable.add(path)
            return 0
        admitted = sum(self._admit(path, text) for text in texts)
        self._seen[path] = mark
        self._unreadable.discard(path)
        return admitted

    def _admit(self, path: Path, text: str) -> bool:
        try:
            admit(self._definition, self._store, text)
        except AttestationRefused as error:
            _log.warning("attestation refused", file=path.name, why=str(error))
            return False
        return True
