"""Totals of concluded blocks: activity an hour and app, and for show a day and contract.

block facts ─▶ evaluate folds ─▶ add_hours, add_contract_days ─▶ windows after a restart, tables for people
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import delete, exists, select
from sqlmodel import col

from watcher.core.facts import ContractTotals
from watcher.core.meter_json import hour_from_json, hour_json
from watcher.core.metering import SeriesId
from watcher.core.rollup import ContractHour, HourRow
from watcher.core.series import SeriesHour
from watcher.core.types import Address, AppId
from watcher.store.encoding import decode_pairs, encode_pairs
from watcher.store.sql import Repository, upsert
from watcher.store.tables import ContractHourRow, Hour, SeriesHourRow


class Totals(Repository):
    """The rows of `hour`, `contract_hour` and `series_hour`."""

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

    def hours(self, app: AppId | None, first_hour: int, last_hour: int) -> Iterator[HourRow]:
        """Give the hours of an app, None: of every app, from first to last, both inclusive, by hour and app.

        Actors are ascending by id. Hours in which nothing reached the app are left out.
        """
        query = select(Hour).where(col(Hour.hour).between(first_hour, last_hour))
        if app is not None:
            query = query.where(col(Hour.app) == app)
        for row in self._stream(query.order_by(col(Hour.hour), col(Hour.app))):
            yield HourRow(
                AppId(row.app),
                row.hour,
                decode_pairs(row.actors),
                row.failed,
                row.excluded,
                int(row.gas),
                int(row.fee_wei),
                row.logs,
            )

    def add_contract_hours(self, rows: Iterable[ContractHour]) -> None:
        """Write whole hours of contracts; one that exists is replaced."""
        upsert(
            self._connection,
            ContractHourRow,
            [
                {
                    "address": row.address,
                    "hour": row.hour,
                    "app": row.app,
                    "actions": row.totals.actions,
                    "failed": row.totals.failed,
                    "gas": str(row.totals.gas),
                    "fee_wei": str(row.totals.fee_wei),
                    "logs": row.totals.logs,
                }
                for row in rows
            ],
        )

    def contract_hours(self, app: AppId, first_hour: int, last_hour: int) -> Iterator[ContractHour]:
        """Give the hours of an app's contracts from first to last, both inclusive, by hour and address."""
        query = (
            select(ContractHourRow)
            .where(col(ContractHourRow.app) == app, col(ContractHourRow.hour).between(first_hour, last_hour))
            .order_by(col(ContractHourRow.hour), col(ContractHourRow.address))
        )
        for row in self._stream(query):
            totals = ContractTotals(row.actions, row.failed, int(row.gas), int(row.fee_wei), row.logs)
            yield ContractHour(app, Address(row.address), row.hour, totals)

    def add_series_hours(self, closed: Iterable[tuple[SeriesId, Mapping[int, SeriesHour]]]) -> None:
        """Write hours of series that are over; one that exists is replaced."""
        upsert(
            self._connection,
            SeriesHourRow,
            [
                {
                    "series": name.series,
                    "app": name.app,
                    "hour": hour,
                    "payload": json.dumps(hour_json(held), separators=(",", ":")),
                }
                for name, hours in closed
                for hour, held in hours.items()
            ],
        )

    def series_hours(self, name: SeriesId, first_hour: int, last_hour: int) -> dict[int, SeriesHour]:
        """Give a series' hours from first to last, both inclusive; those that held nothing are left out."""
        query = (
            select(SeriesHourRow)
            .where(
                col(SeriesHourRow.series) == name.series,
                col(SeriesHourRow.app) == name.app,
                col(SeriesHourRow.hour).between(first_hour, last_hour),
            )
            .order_by(col(SeriesHourRow.hour))
        )
        return {row.hour: hour_from_json(json.loads(row.payload)) for row in self._stream(query)}

    def logged_before(self, address: Address, hour: int) -> bool:
        """Tell whether a contract is known to have emitted a log in an hour before this one."""
        query = select(
            exists().where(
                col(ContractHourRow.address) == address,
                col(ContractHourRow.hour) < hour,
                col(ContractHourRow.logs) > 0,
            )
        )
        return bool(self._connection.execute(query).scalar())

    def drop_hours_from(self, hour: int) -> None:
        """Forget the hours of all apps and contracts from this one on, inclusive."""
        self._connection.execute(delete(Hour).where(col(Hour.hour) >= hour))
        self._connection.execute(delete(ContractHourRow).where(col(ContractHourRow.hour) >= hour))
        self._connection.execute(delete(SeriesHourRow).where(col(SeriesHourRow.hour) >= hour))
