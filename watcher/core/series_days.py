"""What a series held day by day, for people to look at; nothing is concluded from it.

SeriesHours of the window ─▶ one Reading a UTC day ─▶ the spark line of an explanation
"""

from fractions import Fraction
from functools import reduce

from watcher.core.activity import HOURS_PER_DAY
from watcher.core.aggregates import Fold, Shape
from watcher.core.readings import NOTHING, Reading
from watcher.core.series import Series, SeriesHour, added

Days = list[tuple[int, Reading]]
"""One reading a day (days since 1970), ascending."""


def days_of(held: Series, *, worst_is_most: bool = False) -> Days:
    """Give each day that the window touches: the first may have begun before it, the last may be running.

    Of what adds up the sum of the day; of a level the one at its end; of properties of blocks their mean.
    Under consecutive days the value that decides: the least, or the largest where `worst_is_most`.
    """
    hours = held.window_hours()
    if not hours:
        return []
    by_day: dict[int, list[SeriesHour]] = {}
    for hour, one in hours.items():
        by_day.setdefault(hour // HOURS_PER_DAY, []).append(one)
    days = range(min(by_day), max(by_day) + 1)
    return [(day, _value(held, by_day.get(day, []), most=worst_is_most)) for day in days]


def _value(held: Series, hours: list[SeriesHour], *, most: bool) -> Reading:
    if held.shape is Shape.FLOW:
        return added(hour.total for hour in hours)
    if held.aggregate.fold is Fold.CONSECUTIVE_DAYS:
        values = [value for hour in hours if (value := hour.most if most else hour.least) is not None]
        return reduce(Reading.most if most else Reading.least, values) if values else NOTHING
    if held.shape is Shape.LEVEL:
        _, _, running = held.running()
        return held.value if hours and hours[-1] is running else hours[-1].close if hours else NOTHING
    blocks = sum(hour.blocks for hour in hours)
    return added(hour.total for hour in hours).times(Fraction(1, blocks)) if blocks else NOTHING
