"""Wording: rules and numbers of a program as people read them, the same in every command."""

from decimal import Decimal
from fractions import Fraction
from typing import assert_never

from watcher.core.aggregates import Aggregate, Fold
from watcher.core.definition import Bars, Countdown, LivenessPolicy, OnRegression
from watcher.core.ledger import decimal_text
from watcher.core.readings import Reading
from watcher.core.types import SECONDS_PER_DAY, SECONDS_PER_HOUR, Comparator, WindowSpec

COVERAGE = (
    "Contracts created inside calls are invisible in receipts: only those that were announced are counted."
)
"""Stands wherever a number of discovered contracts is shown."""

_UNITS = ((SECONDS_PER_DAY, "d"), (SECONDS_PER_HOUR, "h"), (60, "m"), (1, "s"))
_THOUSAND = 1_000
_DIGITS = 6
_COMPARED = {
    Comparator.AT_LEAST: "at least",
    Comparator.MORE_THAN: "more than",
    Comparator.AT_MOST: "at most",
    Comparator.LESS_THAN: "less than",
}
_CRITERIA = {"min_actions": "action", "min_actors": "actor", "min_active_days": "active day"}


def duration_text(seconds: int) -> str:
    """Write a duration in its two largest units, cut and not rounded: `6d 23h`, `1h`, `45s`."""
    parts = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def counted(count: int, thing: str) -> str:
    """Write a number of things: `1 actor`, `2,000 actions`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def activity_words(actions: int, actions_gross: int, actors: int, active_days: int) -> str:
    """Say in a line what an app's window holds."""
    return (
        f"{counted(actions, 'action')} ({actions_gross:,} gross), {counted(actors, 'actor')}, "
        f"{counted(active_days, 'active day')}"
    )


def size_text(size_bytes: int) -> str:
    """Write a number of bytes in the unit that leaves one to three digits before the point."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < _THOUSAND:
            return f"{size:.3g} {unit}"
        size /= _THOUSAND
    return f"{size:,.1f} TB"


def mark_words(remaining_seconds: int) -> str:
    """Name a mark of a countdown: `T-3d`, `T-0`."""
    return f"T-{duration_text(remaining_seconds)}" if remaining_seconds else "T-0"


def cut_text(amount: Fraction) -> str:
    """Write an amount as a decimal, cut to six digits behind the point: a straight line gives more."""
    return decimal_text(Fraction(amount.numerator * 10**6 // amount.denominator, 10**6))


def whole_text(amount: Fraction) -> str:
    """Write an amount for people, cut to whole units."""
    return f"{amount.numerator // amount.denominator:,}"


def comparator_words(comparator: Comparator) -> str:
    """Say how a reading is compared: `at least`."""
    return _COMPARED[comparator]


def window_words(window: WindowSpec) -> str:
    """Say which span of time counts."""
    if window.kind == "rolling":
        return f"the last {window.days} x 24 hours and the running hour"
    return f"the last {window.days} complete UTC days"


def number_words(value: Fraction) -> str:
    """Write a number with its thousands apart: exact where a few digits are, else `about` to six of them."""
    exact = decimal_text(value)
    if "/" not in exact and len(exact.partition(".")[2]) <= _DIGITS:
        return format(Decimal(exact), ",f")
    return f"about {Decimal(decimal_text(round(value, _DIGITS))):,f}"


def reading_words(reading: Reading) -> str:
    """Write a reading as people say it: `7`, `7 to 9`, `7 or more`."""
    low = number_words(reading.low)
    if reading.high is None:
        return f"{low} or more"
    return low if reading.low == reading.high else f"{low} to {number_words(reading.high)}"


def aggregate_words(aggregate: Aggregate) -> str:
    """Say what is made of a metric's readings over time."""
    window = "" if aggregate.window is None else f" over {window_words(aggregate.window)}"
    match aggregate.fold:
        case Fold.INSTANT:
            return "as of the block"
        case Fold.PERCENTILE if aggregate.percent is not None:
            return f"percentile {decimal_text(aggregate.percent)}{window}, by nearest rank"
        case Fold.CONSECUTIVE_DAYS if aggregate.window is not None:
            return f"on each of the last {aggregate.window.days} complete UTC days"
        case _:
            return f"{aggregate.fold.value.replace('_', ' ')}{window}"


def bars_words(bars: Bars) -> str:
    """List bars as in `at least 100 actions, 5 actors`; empty where there is none."""
    asked = [counted(bar, name) for key, name in _CRITERIA.items() if (bar := getattr(bars, key)) is not None]
    return f"at least {', '.join(asked)}" if asked else ""


def rule_words(policy: LivenessPolicy) -> list[str]:
    """Say when an app is live, one sentence a line."""
    how = "were sent to" if policy.reach == "direct" else "made a log in"
    lines = ["It is live when its required contracts have code that can run (behind a proxy, the logic too)"]
    bars = bars_words(policy.bars)
    if bars:
        lines[0] += f" and {window_words(policy.window)} hold {bars}"
    lines[0] += "."
    if policy.unit == "action":
        lines.append(
            f"Actions are what users authorised, where it succeeded and {how} one of its contracts; "
            "actors are who authorised it."
        )
    else:
        lines.append(
            f"Actions are successful transactions that {how} one of its contracts; actors are their senders."
        )
    if policy.max_actions_per_actor is not None:
        lines.append(f"No actor counts for more than {policy.max_actions_per_actor:,} actions.")
    without = [
        *(["its own deployers"] if policy.exclude_deployers else []),
        *([counted(len(policy.excluded), "listed account")] if policy.excluded else []),
    ]
    if without:
        lines.append(f"Left out is what {' and '.join(without)} did.")
    if policy.not_paused:
        lines.append("None of its required contracts may be paused.")
    lowered, wait = policy.leave_below != Bars(), policy.dormant_after_seconds
    if lowered or wait:
        below = f"it no longer has {bars_words(_kept_by(policy))}" if lowered else "one of this fails"
        without_break = f" for {duration_text(wait)} without a break" if wait else ""
        lines.append(f"Once live, it leaves only when {below}{without_break}.")
    return lines


def _kept_by(policy: LivenessPolicy) -> Bars:
    """Give the bars that keep a live app live."""
    bars, lower = policy.bars, policy.leave_below
    return Bars(
        lower.min_actions or bars.min_actions,
        lower.min_actors or bars.min_actors,
        lower.min_active_days or bars.min_active_days,
    )


def regression_words(countdown: Countdown) -> str:
    """Say what happens when the milestone's condition stops holding before the deadline."""
    match countdown.on_regression:
        case OnRegression.CONTINUE:
            return "it runs on if the condition stops holding"
        case OnRegression.PAUSE:
            return "it pauses while the condition does not hold, and runs on from where it stood"
        case OnRegression.CANCEL if countdown.rearm:
            return "it is cancelled if the condition stops holding, and starts anew when it holds again"
        case OnRegression.CANCEL:
            return "it is cancelled for good if the condition stops holding"
        case _:
            assert_never(countdown.on_regression)
