"""Totals of concluded blocks: activity an hour and app, and for show a day and contract.

block facts ─▶ evaluate folds ─▶ add_hours, add_contract_days ─▶ windows after a restart, tables for people
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlmodel import col

from watcher.core.facts import ContractTotals
from watcher.core.types import ActorId, Address, AppId
from watcher.store.encoding import decode_pairs, encode_pairs
from watcher.store.sql import Repository, upsert
from watcher.store.tables import ContractDayRow, Hour


@dataclass(frozen=True, slots=True)
class HourRow:
    """What reached one app in one UTC hour (hours since 1970): counted actions an actor, and the rest."""

    app: AppId
    hour: int
    actors: Sequence[tuple[ActorId, int]] = ()
    failed: int = 0
    excluded: int = 0
    gas: int = 0
    fee_wei: int = 0
    logs: int = 0


@dataclass(frozen=True, slots=True)
class ContractDay:
    """What reached one contract of an app in one UTC day (days since 1970)."""

    app: AppId
    address: Address
    day: int
    totals: ContractTotals


class Totals(Repository):
    """The rows of `hour` and `contract_day`."""

    def add_hours(self, rows: Iterable[HourRow]) -> None:
        """Write whole hours; one that exists is replaced, so that writing twice changes nothing."""
        upsert(
            self._connection,
            Hour,
            [
                {
                    "app": row.app,
                    "hour": row.hour,
                    "actors": encode_pairs(row.actors),
                    "actor_count": len(row.actors),
                    "actions": sum(count for _, count in row.actors),
                    "failed": row.failed,
                    "excluded": row.excluded,
                    "gas": str(row.gas),
                    "fee_wei": str(row.fee_wei),
                    "logs": row.logs,
                }
                for row in rows
            ],
        )

    def hours(self, app: AppId, first_hour: int, last_hour: int) -> Iterator[HourRow]:
        """Give an app's hours from first to last, both inclusive, ascending; actors ascending by id.

        Hours in which nothing reached the app are left out.
        """
        query = (
            select(Hour)
            .where(col(Hour.app) == app, col(Hour.hour).between(first_hour, last_hour))
            .order_by(col(Hour.hour))
        )
        for row in self._stream(query):
            yield HourRow(
                app,
                row.hour,
                decode_pairs(row.actors),
                row.failed,
                row.excluded,
                int(row.gas),
                int(row.fee_wei),
                row.logs,
            )

    def drop_hours_from(self, hour: int) -> None:
        """Forget every app's hours from this one on, inclusive."""
        self._connection.execute(delete(Hour).where(col(Hour.hour) >= hour))

    def add_contract_days(self, rows: Iterable[ContractDay]) -> None:
        """Write whole days of contracts; one that exists is replaced."""
        upsert(
            self._connection,
            ContractDayRow,
            [
                {
                    "app": row.app,
                    "address": row.address,
                    "day": row.day,
                    "actions": row.totals.actions,
                    "failed": row.totals.failed,
                    "gas": str(row.totals.gas),
                    "fee_wei": str(row.totals.fee_wei),
                    "logs": row.totals.logs,
                }
                for row in rows
            ],
        )

    def contract_days(self, app: AppId, first_day: int, last_day: int) -> Iterator[ContractDay]:
        """Give the days of an app's contracts from first to last, both inclusive, by day and address."""
        query = (
            select(ContractDayRow)
            .where(col(ContractDayRow.app) == app, col(ContractDayRow.day).between(first_day, last_day))
            .order_by(col(ContractDayRow.day), col(ContractDayRow.address))
        )
        for row in self._stream(query):
            totals = ContractTotals(row.actions, row.failed, int(row.gas), int(row.fee_wei), row.logs)
            yield ContractDay(app, Address(row.address), row.day, totals)

    def drop_contract_days_from(self, day: int) -> None:
        """Forget every contract's days from this one on, inclusive."""
        self._connection.execute(delete(ContractDayRow).where(col(ContractDayRow.day) >= day))
