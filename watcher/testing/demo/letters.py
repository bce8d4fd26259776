"""What a webhook says, in a few words: the demo shows each as it arrives."""

from collections.abc import Mapping
from typing import Any

from watcher.core.events import NoticeType
from watcher.core.ledger import EntryType
from watcher.core.wording import mark_words

_ACTIVITY = "{actions} actions by {actors} actors on {active_days} days"
_READING = "{low} of {bar}"

_WORDS: Mapping[str, str] = {
    EntryType.DEFINITION_ADOPTED: "definition {definition_hash:.12} counts from block {block_number} on",
    EntryType.APP_WENT_LIVE: _ACTIVITY,
    EntryType.APP_WENT_DORMANT: _ACTIVITY,
    EntryType.KPI_MET: _READING,
    EntryType.MILESTONE_REACHED: "at block {block_number}, {occurred_at}",
    EntryType.COUNTDOWN_STARTED: "ends {deadline}",
    EntryType.COUNTDOWN_ELAPSED: "at {occurred_at} exactly; block {block_number} proves it",
    NoticeType.KPI_PROGRESSED: _READING,
    NoticeType.MILESTONE_OBSERVED: "at block {block_number}, provisional",
    NoticeType.MILESTONE_RETRACTED: "block {block_number}: {reason}",
    NoticeType.COUNTDOWN_PROJECTED: "would end {deadline}, provisional",
    NoticeType.COUNTDOWN_MARKED: "{name}, ends {deadline}, at risk: {at_risk}",
}
"""The types that the demo brings about; of any other the message's own statement is shown."""


def words(payload: Mapping[str, Any]) -> str:
    """Say what matters of a message."""
    data = payload["data"]
    summary = data.get("evidence", {}).get("summary", {})
    name = mark_words(data["remaining_seconds"]) if "remaining_seconds" in data else ""
    at_risk = "yes" if data.get("at_risk") else "no"
    said = {**summary, **data, "name": name, "at_risk": at_risk}
    return _WORDS.get(payload["type"], "{statement}").format_map(said)
