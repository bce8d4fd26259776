"""What the demo promised, held against what was really seen; whatever differs is named.

Scene, messages ─▶ unkept;    Script's facts, Findings ─▶ broken ─▶ exit code
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watcher.core.events import NoticeType
from watcher.core.ledger import EntryType, sha256_hex
from watcher.core.types import LiveVerdict, iso_utc
from watcher.testing.demo.cast import CAST, COUNTING
from watcher.testing.demo.script import Scene
from watcher.testing.demo.watch import Rows
from watcher.testing.receiver import Received


@dataclass(frozen=True, slots=True)
class Findings:
    """What the watcher concluded and what the receiver got, when all is over."""

    apps_then: Rows
    """As of the block of the milestone."""
    apps_now: Rows
    entries: Rows
    replayed: Rows
    evidence: bytes
    requests: Sequence[Received]


def subject(request: Received) -> tuple[str, str]:
    """Name a message by type and subject; what is not verified has neither."""
    return (request.type, str(_data(request).get("subject", "")))


def unkept(scene: Scene, requests: Sequence[Received]) -> Iterator[str]:
    """Name what a scene promised and did not bring, and what it brought and did not promise."""
    promised = [(str(kind), name) for kind, name in scene.promised]
    came = [subject(request) for request in requests]
    lacking, surplus = Counter(promised) - Counter(came), Counter(came) - Counter(promised)
    for kind, name in lacking.elements():
        yield f"{scene.when}: {kind} {name} did not arrive"
    for kind, name in surplus.elements():
        yield f"{scene.when}: {kind or 'a request without a valid signature'} {name} arrived unexpectedly"
    if not lacking and not surplus and came != promised:
        yield f"{scene.when}: messages arrived in the order {came}, not {promised}"


def broken(found: Findings, *, milestone_block: int, deadline: datetime) -> Iterator[str]:
    """Name everything in which the end differs from what was done to the chain."""
    yield from _apps(found)
    yield from _ledger(found, milestone_block, deadline)
    yield from _messages(found)


def _apps(found: Findings) -> Iterator[str]:
    for when, rows in (("at the milestone", found.apps_then), ("in the end", found.apps_now)):
        live = {row["id"] for row in rows if row["verdict"] == LiveVerdict.LIVE}
        if live != set(COUNTING):
            yield f"{when} the live apps are {sorted(live)}, not {sorted(COUNTING)}"
    kinds = {
        row["id"]: {each["kind"] for each in row["contracts"] if each["kind"]} for row in found.apps_then
    }
    for candidate in CAST:
        seen = kinds.get(candidate.id, set())
        if seen != {str(candidate.code)}:
            yield f"the code of {candidate.id} was taken for {sorted(seen)}, it is {candidate.code}"


def _ledger(found: Findings, milestone_block: int, deadline: datetime) -> Iterator[str]:
    reached, elapsed = (
        [entry for entry in found.entries if entry["type"] == kind]
        for kind in (EntryType.MILESTONE_REACHED, EntryType.COUNTDOWN_ELAPSED)
    )
    blocks = [entry["block_number"] for entry in reached]
    if blocks != [milestone_block]:
        yield f"the milestone was reached at blocks {blocks}, not at {milestone_block} alone"
    ends = [entry["occurred_at"] for entry in elapsed]
    end = iso_utc(int(deadline.timestamp()))
    if ends != [end]:
        yield f"the countdown ended at {ends}, not at {end} alone"
    if [entry["evidence"]["bundle_sha256"] for entry in reached] != [sha256_hex(found.evidence)]:
        yield "the milestone's evidence is not what its ledger entry names"
    if not found.entries or found.entries != found.replayed:
        yield (
            f"a replay gives another ledger: {digest(found.replayed)} after {len(found.replayed)} entries, "
            f"not {digest(found.entries)} after {len(found.entries)}"
        )


def _messages(found: Findings) -> Iterator[str]:
    refused = [request.id for request in found.requests if not (request.verified and request.taken)]
    if refused:
        yield f"the receiver could not verify {len(refused)} of {len(found.requests)} requests: {refused}"
    digests = [data["digest"] for data in map(_data, found.requests) if "digest" in data]
    if digests != [entry["digest"] for entry in found.entries]:
        yield "the entries that were delivered are not the ledger's, each once and in its order"
    observed = [_data(request)["id"] for request in _of_type(found, NoticeType.MILESTONE_OBSERVED)]
    retracted = [_data(request)["observation"] for request in _of_type(found, NoticeType.MILESTONE_RETRACTED)]
    if not observed or retracted != observed[:1]:
        yield f"the observations {retracted} were retracted, not the first of {observed}"


def digest(entries: Rows) -> str:
    """Give the digest of the last entry, empty where there is none."""
    return str(entries[-1]["digest"]) if entries else ""


def _of_type(found: Findings, kind: NoticeType) -> list[Received]:
    return [request for request in found.requests if request.type == kind]


def _data(request: Received) -> Mapping[str, Any]:
    return request.payload["data"] if request.payload else {}
