"""Events: what channels get. Ledger entries, and notices about what is not (or not yet) in the ledger.

The types of notices stand here and nowhere else; a test holds docs/webhooks.md to this list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from watcher.core.definition import Definition
from watcher.core.ledger import Entry, EntryType
from watcher.core.types import iso_utc


class NoticeType(StrEnum):
    """Every type of notice."""

    MILESTONE_OBSERVED = "milestone.observed"
    MILESTONE_RETRACTED = "milestone.retracted"
    COUNTDOWN_PROJECTED = "countdown.projected"
    COUNTDOWN_MARKED = "countdown.marked"
    KPI_PROGRESSED = "kpi.progressed"
    KPI_UNKNOWN = "kpi.unknown"
    LEDGER_STALLED = "ledger.stalled"
    LEDGER_BROKEN = "ledger.broken"
    LEDGER_RESTATED = "ledger.restated"
    WATCHER_DEGRADED = "watcher.degraded"
    WATCHER_RECOVERED = "watcher.recovered"
    WATCHER_HEARTBEAT = "watcher.heartbeat"
    ENDPOINT_DISABLED = "endpoint.disabled"


EVENT_TYPES: tuple[str, ...] = (*EntryType, *NoticeType)
"""Every type that a channel's `events` patterns can select."""

FINAL_ONLY = frozenset(str(entry_type) for entry_type in EntryType)
"""What a channel with `finality = "final"` gets."""

PROVISIONAL = frozenset(
    {NoticeType.MILESTONE_OBSERVED, NoticeType.MILESTONE_RETRACTED, NoticeType.COUNTDOWN_PROJECTED}
)
"""What is said of blocks that are not final yet; any other event that names a block is about a final one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to be minted: written once under `key`, whatever how often it is offered.

    `occurred_at` is Unix seconds: the block's time, or the instant of a mark. `countdown` names the group of
    messages that have to keep their order, None: unordered.
    """

    type: NoticeType
    subject: str
    key: str
    occurred_at: int
    data: Mapping[str, Any] = field(default_factory=dict)
    countdown: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One message as channels get it: the bytes are made once, from `payload`, and never change.

    `id` is the `webhook-id`; `countdown` names the ordered group it belongs to, None: unordered.
    """

    id: str
    type: str
    occurred_at: int
    payload: Mapping[str, Any]
    countdown: str | None = None


def wanted(event_type: str, patterns: tuple[str, ...], *, final_only: bool) -> bool:
    """Tell whether a channel asked for this type, by shell patterns such as `milestone.*`."""
    if final_only and event_type not in FINAL_ONLY:
        return False
    return any(fnmatchcase(event_type, pattern) for pattern in patterns)


def entry_event(definition: Definition, entry: Entry, operator: str) -> Event:
    """Make the message that tells of a ledger entry; its id is the entry's."""
    countdown = entry.subject if entry.type.startswith("countdown.") else None
    data = {key: value for key, value in entry.body.items() if key != "type"}
    data["digest"] = entry.digest
    return Event(
        id=entry.id,
        type=str(entry.type),
        occurred_at=entry.occurred_at,
        payload=_payload(definition, str(entry.type), entry.occurred_at, data, operator),
        countdown=countdown,
    )


def notice_event(
    definition: Definition, notice: Notice, notice_id: str, head: Mapping[str, Any], operator: str
) -> Event:
    """Make the message that tells of a notice; `head` says where the ledger stood: sequence and digest."""
    data = {
        "id": notice_id,
        "subject": notice.subject,
        "chain_id": definition.chain.id,
        "program_id": definition.program_id,
        "definition_hash": definition.hash,
        "ledger": dict(head),
        **notice.data,
    }
    return Event(
        id=notice_id,
        type=str(notice.type),
        occurred_at=notice.occurred_at,
        payload=_payload(definition, str(notice.type), notice.occurred_at, data, operator),
        countdown=notice.countdown,
    )


def _payload(
    definition: Definition, event_type: str, occurred_at: int, data: Mapping[str, Any], operator: str
) -> dict[str, Any]:
    return {
        "type": event_type,
        "timestamp": iso_utc(occurred_at),
        "data": {
            **data,
            "authority": definition.provenance.authority,
            "source": definition.provenance.source,
            "statement": statement(definition, event_type, data, operator),
        },
    }


def statement(definition: Definition, event_type: str, data: Mapping[str, Any], operator: str) -> str:
    """Say in one fixed sentence what was concluded and what does not follow from it."""
    where = f"on chain {definition.chain.id} under definition {definition.hash}"
    what = f"{event_type} {data['subject']}"
    when = ""
    if "block_number" in data:
        finality = definition.chain.finality
        kind = finality.tag or f"depth {finality.depth}"
        certainty = f"provisional: not yet {kind}" if event_type in PROVISIONAL else kind
        time = f"{data['occurred_at']}, " if "occurred_at" in data else ""
        when = f" at block {data['block_number']} ({time}{certainty})"
    return (
        f"Observed {where}: {what}{when}. Computed from public data by operator {operator}; "
        "no launch, allocation, unlock or price follows from it."
    )
