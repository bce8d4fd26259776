"""Attestations: what no RPC can tell, said and signed by somebody whom the program names.

    signed statement ─▶ admitted, once ─▶ acts from a block on ─▶ claims that hold as of a block

Admission checks the signature (`watcher.stages.attesting`); here only who said what, and from when to when.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watcher.core.definition import AttestationPolicy
from watcher.core.ledger import canonical, sha256_hex

VALUE = "value"
"""The claim that gives a subject of `attested_value` its number; its subject is no app."""

TRUE, FALSE = "true", "false"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one signer says of one subject; instants in Unix seconds.

    `value` is "true" or "false" of a claim about an app, a decimal of a `value`. `valid_for` seconds after
    `effective_from` it expires; None: never. `revokes` takes an earlier statement of the same signer back.
    """

    program_id: str
    chain_id: int
    by: str
    subject: str
    claim: str
    value: str
    effective_from: int
    valid_for: int | None = None
    link: str = ""
    revokes: str | None = None

    def body(self) -> dict[str, Any]:
        """Give what is signed, in the types that JSON gets."""
        return {name: getattr(self, name) for name in self.__slots__}

    def signed(self) -> bytes:
        """Give the bytes that are signed."""
        return canonical(self.body())

    @property
    def id(self) -> str:
        """Name the statement by its content."""
        return sha256_hex(self.signed())


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement that was admitted: at a chain time that the ledger had not concluded yet, set once."""

    statement: Statement
    signature: str
    admitted_at: int

    @property
    def acts_from(self) -> int:
        """Give the instant from which on it counts: never backdated."""
        return max(self.statement.effective_from, self.admitted_at)

    @property
    def expires(self) -> int | None:
        """Give the instant from which on it does not count any more; None: never."""
        valid_for = self.statement.valid_for
        return None if valid_for is None else self.statement.effective_from + valid_for

    def instants(self) -> Iterator[int]:
        """Give the instants at which what holds may change by it."""
        yield self.acts_from
        if self.expires is not None:
            yield self.expires

    @property
    def order(self) -> tuple[int, int, str]:
        """Give its place: by when it acts, when it was admitted, and then by content."""
        return self.acts_from, self.admitted_at, self.statement.id


Claims = Mapping[tuple[str, str], str]
"""What holds, by subject and claim; nothing where nobody says so, or where those who count differ."""


def claims_at(
    policy: AttestationPolicy, admitted: Iterable[Attestation], timestamp: int
) -> dict[tuple[str, str], str]:
    """Give what holds as of a block of that time.

    Of each signer the last word counts, unless it is revoked or has expired. A value holds when as many
    signers as required say so, and no other value has as many.
    """
    acting = sorted((each for each in admitted if each.acts_from <= timestamp), key=lambda each: each.order)
    revoked = {(each.statement.by, each.statement.revokes) for each in acting if each.statement.revokes}
    words: dict[tuple[str, str], dict[str, str]] = {}
    for each in acting:
        said = each.statement
        lapsed = each.expires is not None and each.expires <= timestamp
        if said.revokes is None and not lapsed and (said.by, said.id) not in revoked:
            words.setdefault((said.subject, said.claim), {})[said.by] = said.value
    held = {}
    for about, by_signer in words.items():
        values = list(by_signer.values())
        enough = {value for value in values if values.count(value) >= policy.required}
        if len(enough) == 1:
            held[about] = enough.pop()
    return held
