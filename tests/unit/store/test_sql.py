"""Instants in the database: aware UTC in, aware UTC out."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from watcher.store.sql import Instant

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]
}


@pytest.mark.parametrize("name", DIALECTS)
@given(moment=st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_an_instant_stays_the_same_instant(name: str, moment: datetime) -> None:
    """Whatever the zone it was given in, it comes back in UTC."""
    column, dialect = Instant(), DIALECTS[name]
    back = column.process_result_value(column.process_bind_param(moment, dialect), dialect)
    assert back is not None
    assert (back, back.tzinfo) == (moment.astimezone(UTC), UTC)


def test_sqlite_gets_sortable_text() -> None:
    """Without a zone, so that comparing text compares instants."""
    given = datetime(2026, 7, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    bound = Instant().process_bind_param(given, DIALECTS["sqlite"])
    assert bound == datetime(2026, 7, 1, 12)  # noqa: DTZ001  # that is the point


def test_a_time_without_a_zone_is_refused() -> None:
    """Guessing a zone would move every mark and retry."""
    with pytest.raises(ValueError, match="has no zone"):
        Instant().process_bind_param(datetime(2026, 7, 1), DIALECTS["sqlite"])  # noqa: DTZ001  # as above


@pytest.mark.parametrize("name", DIALECTS)
def test_no_instant_is_none(name: str) -> None:
    """Null in the database."""
    column = Instant()
    assert column.process_bind_param(None, DIALECTS[name]) is None
    assert column.process_result_value(None, DIALECTS[name]) is None
