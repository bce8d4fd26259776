"""The oracle's recount of what is attested as of a block: by brute force, from every admitted statement."""

from collections.abc import Iterator, Sequence

from watcher.core.attestations import Attestation
from watcher.core.definition import Definition


def word(
    definition: Definition, admitted: Sequence[Attestation], subject: str, claim: str, time: int
) -> str | None:
    """Find what is attested of a subject as of a block of that time; None: nothing that holds.

    It holds where so many signers say it as the program requires, and so many do not say something else.
    """
    policy = definition.attestations
    if policy is None:
        return None
    last = [_last(admitted, signer, subject, claim, time) for signer in policy.signers]
    said = [value for value in last if value is not None]
    held = [value for value in dict.fromkeys(said) if said.count(value) >= policy.required]
    return held[0] if len(held) == 1 else None


def recorded(admitted: Sequence[Attestation], times: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Give each statement's id, and which block it acts from: the first at or after both of its instants."""
    for each in admitted:
        reached = [place for place, time in enumerate(times) if _begun(each, time)]
        if reached:
            yield each.statement.id, reached[0]


def _begun(each: Attestation, time: int) -> bool:
    """Tell whether it was so by then, as is claimed, and was admitted: it never acts backdated."""
    return time >= each.statement.effective_from and time >= each.admitted_at


def _last(admitted: Sequence[Attestation], signer: str, subject: str, claim: str, time: int) -> str | None:
    """Find a signer's last word on it that neither is over nor was taken back by that signer."""
    begun = [each for each in admitted if each.statement.by == signer and _begun(each, time)]
    taken_back = [each.statement.revokes for each in begun]
    standing: list[tuple[int, int, str, str]] = []
    for each in begun:
        said = each.statement
        over = said.valid_for is not None and time >= said.effective_from + said.valid_for
        about = (said.subject, said.claim) == (subject, claim) and said.revokes is None
        if about and not over and said.id not in taken_back:
            since = max(each.admitted_at, said.effective_from)
            standing.append((since, each.admitted_at, said.id, said.value))
    return max(standing)[3] if standing else None
