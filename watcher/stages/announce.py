"""Announcing: ledger entries and notices become outbox rows, in the transaction that wrote them.

Entry, Notice ─▶ Event (bytes made once) ─▶ one pending delivery for each channel that asked for it
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from watcher.clock import Clock
from watcher.core.definition import Definition
from watcher.core.events import Event, Notice, NoticeType, entry_event, notice_event, wanted
from watcher.core.ledger import NAMESPACE, Entry
from watcher.store.database import Tx


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which events one channel asked for; `final_only` channels get ledger entries and nothing else."""

    channel: str
    patterns: tuple[str, ...]
    final_only: bool = False


@dataclass(frozen=True, slots=True)
class Minted:
    """The id of a notice, and whether it was written just now."""

    id: str
    new: bool


class Announcer:
    """Writes events into the outbox; the same entry or notice key is written once, however often offered."""

    def __init__(
        self,
        definition: Definition,
        clock: Clock,
        subscriptions: Sequence[Subscription] = (),
        *,
        operator: str = "unnamed",
        deliver_history: bool = False,
    ) -> None:
        """Take who asked for what; without `deliver_history` nothing older than the database is sent."""
        self._definition = definition
        self._clock = clock
        self._subscriptions = tuple(subscriptions)
        self._operator = operator
        self._deliver_history = deliver_history

    def entries(self, tx: Tx, entries: Iterable[Entry]) -> None:
        """Announce ledger entries in their order.

        After a rewind by hand an entry can come again. About the same block, it was announced. About another
        one it carries the id of the entry that it replaces (the n-th of its type and subject); receivers drop
        what they have seen, so this message gets an id of its own. Under a changed program an entry that is
        equal in type, subject and block hash to one that was told is noted, and not sent again.
        """
        for entry in entries:
            event = entry_event(self._definition, entry, self._operator)
            key = f"entry/{entry.id}"
            before = tx.outbox.event_by_key(key)
            if before is not None:
                if json.loads(before.body)["data"]["block_hash"] == entry.block_hash:
                    continue
                key = f"{key}/{entry.block_hash}"
                event = replace(event, id=str(uuid.uuid5(NAMESPACE, key)))
            twins = tx.ledger.twins(entry.type, entry.subject, entry.block_hash)
            known = any(told(tx, twin, entry.block_hash) for twin in twins if twin != entry.id)
            channels = [] if known else self._channels(tx, event)
            tx.outbox.mint(key, event, channels, self._clock.now())

    def notice(self, tx: Tx, notice: Notice) -> Minted:
        """Announce a notice unless its key was announced before; return the id of the one there is."""
        known = tx.outbox.event_by_key(notice.key)
        if known is not None:
            return Minted(known.id, new=False)
        last = tx.ledger.last()
        head = {"sequence": last[0], "digest": last[1]} if last else {"sequence": 0, "digest": None}
        notice_id = str(uuid.uuid4())
        # A channel that was switched off is the last to be told so.
        without = notice.subject if notice.type is NoticeType.ENDPOINT_DISABLED else None
        event = notice_event(self._definition, notice, notice_id, head, self._operator)
        tx.outbox.mint(notice.key, event, self._channels(tx, event, without), self._clock.now())
        return Minted(notice_id, new=True)

    def _channels(self, tx: Tx, event: Event, without: str | None = None) -> list[str]:
        identity = tx.state.identity()
        is_history = identity is not None and event.occurred_at < int(identity.created_at.timestamp())
        if is_history and not self._deliver_history:
            return []
        return [
            subscription.channel
            for subscription in self._subscriptions
            if subscription.channel != without
            and wanted(event.type, subscription.patterns, final_only=subscription.final_only)
        ]


def told(tx: Tx, entry_id: str, block_hash: str) -> bool:
    """Tell whether a ledger entry about this block was addressed to any channel."""
    found = map(tx.outbox.event_by_key, (f"entry/{entry_id}", f"entry/{entry_id}/{block_hash}"))
    return any(
        json.loads(event.body)["data"]["block_hash"] == block_hash and tx.outbox.is_addressed(event.sequence)
        for event in found
        if event is not None
    )
