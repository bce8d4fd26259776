"""What is known of a channel beside the deployment file: its URL's digest, and whether it is off."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlmodel import col

from watcher.store.sql import Repository, upsert
from watcher.store.tables import ChannelRow

_CHANNEL = select(ChannelRow).where(col(ChannelRow.id) == bindparam("channel"))


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel's standing; `disabled_at` None: it is enabled, and there is no reason."""

    id: str
    url_digest: str
    disabled_at: datetime | None = None
    reason: str | None = None


class Channels(Repository):
    """The rows of `channel`."""

    def channel(self, channel_id: str) -> ChannelState | None:
        """Give a channel's standing, None when it was never put."""
        row = self._connection.execute(_CHANNEL, {"channel": channel_id}).first()
        return ChannelState(row.id, row.url_digest, row.disabled_at, row.reason) if row else None

    def put_channel(self, channel_id: str, url_digest: str) -> None:
        """Remember a channel by its URL's digest; a new or changed URL makes it enabled, the same nothing."""
        known = self.channel(channel_id)
        if known is None or known.url_digest != url_digest:
            row = {"id": channel_id, "url_digest": url_digest, "disabled_at": None, "reason": None}
            upsert(self._connection, ChannelRow, [row])

    def disable(self, channel_id: str, reason: str, now: datetime) -> None:
        """Switch a known channel off: its deliveries wait."""
        self._set(channel_id, disabled_at=now, reason=reason)

    def enable(self, channel_id: str) -> None:
        """Switch a known channel on again."""
        self._set(channel_id, disabled_at=None, reason=None)

    def _set(self, channel_id: str, *, disabled_at: datetime | None, reason: str | None) -> None:
        self._connection.execute(
            update(ChannelRow)
            .where(col(ChannelRow.id) == channel_id)
            .values(disabled_at=disabled_at, reason=reason)
        )
