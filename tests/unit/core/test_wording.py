"""Wording: rules and numbers as people read them."""

from fractions import Fraction

import pytest

from tests.unit.core.givens import address, countdown, policy
from watcher.core.aggregates import INSTANT, Aggregate, Fold
from watcher.core.definition import Bars, LivenessPolicy, OnRegression
from watcher.core.readings import Reading
from watcher.core.sparks import spark_line
from watcher.core.types import Comparator, WindowSpec
from watcher.core.wording import (
    aggregate_words,
    comparator_words,
    duration_text,
    mark_words,
    number_words,
    reading_words,
    regression_words,
    rule_words,
    window_words,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (3_600, "1h"), (5_400, "1h 30m"), (604_799, "6d 23h"), (86_401, "1d 1s")],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: int, text: str) -> None:
    """It is cut, so that a countdown is never told longer than it is."""
    assert duration_text(seconds) == text


def test_the_last_mark_has_no_unit() -> None:
    """T-0 is T-0."""
    assert [mark_words(seconds) for seconds in (259_200, 3_600, 0)] == ["T-3d", "T-1h", "T-0"]


@pytest.mark.parametrize("comparator", list(Comparator))
def test_every_comparator_has_its_words(comparator: Comparator) -> None:
    """They are those of the program file, without the underscore."""
    assert comparator_words(comparator) == comparator.value.replace("_", " ")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Fraction(500_000_000), "500,000,000"),
        (Fraction(-1, 2), "-0.5"),
        (Fraction(1_234_567_891, 1_000_000), "1,234.567891"),
        (Fraction(1, 3), "about 0.333333"),
        (Fraction(20_000_001, 2 * 10**9), "about 0.01"),
    ],
)
def test_a_number_is_exact_or_said_to_be_about(value: Fraction, words: str) -> None:
    """Six digits behind the point are enough for people; a rounded number never looks like an exact one."""
    assert number_words(value) == words


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (Reading.exactly(7), "7"),
        (Reading(Fraction(7), Fraction(9_000)), "7 to 9,000"),
        (Reading(Fraction(1, 2), None), "0.5 or more"),
    ],
)
def test_a_reading_is_told_as_wide_as_it_is(reading: Reading, words: str) -> None:
    """Unknown is not hidden in a rounded number."""
    assert reading_words(reading) == words


ROLLING = WindowSpec(30, "rolling")
OVER = "over the last 30 x 24 hours and the running hour"


@pytest.mark.parametrize(
    ("aggregate", "words"),
    [
        (INSTANT, "as of the block"),
        (Aggregate(Fold.TIME_WEIGHTED_MEAN, ROLLING), f"time weighted mean {OVER}"),
        (Aggregate(Fold.PERCENTILE, ROLLING, Fraction(95)), f"percentile 95 {OVER}, by nearest rank"),
        (Aggregate(Fold.SUM), "sum"),
        (
            Aggregate(Fold.CONSECUTIVE_DAYS, WindowSpec(30, "complete_days")),
            "on each of the last 30 complete UTC days",
        ),
    ],
)
def test_an_aggregate_says_what_is_made_of_which_time(aggregate: Aggregate, words: str) -> None:
    """The fold's own name, and the window that it folds."""
    assert aggregate_words(aggregate) == words


def test_both_windows_say_what_they_hold() -> None:
    """A rolling window includes the running hour, complete days exclude today."""
    assert window_words(WindowSpec(30, "rolling")) == "the last 30 x 24 hours and the running hour"
    assert window_words(WindowSpec(7, "complete_days")) == "the last 7 complete UTC days"


def test_the_shortest_rule_asks_for_code_only() -> None:
    """Without bars and exceptions there is nothing else to say."""
    first, second = rule_words(LivenessPolicy(WindowSpec(1, "rolling")))
    assert first.endswith("(behind a proxy, the logic too).")
    assert "were sent to" in second


def test_a_rule_tells_all_that_was_asked_for() -> None:
    """Bars, cap, exclusions, pause, the lower bars and the patience, each in its sentence."""
    rule = rule_words(
        policy(
            days=30,
            bars=Bars(1_000, 1, 3),
            leave_below=Bars(min_actions=800),
            max_actions_per_actor=10,
            excluded=[address(1), address(2)],
            exclude_deployers=True,
            not_paused=True,
            dormant_after=86_400,
            touched=True,
        )
    )
    assert rule[0].endswith("the running hour hold at least 1,000 actions, 1 actor, 3 active days.")
    assert rule[1:] == [
        (
            "Actions are successful transactions that made a log in one of its contracts; "
            "actors are their senders."
        ),
        "No actor counts for more than 10 actions.",
        "Left out is what its own deployers and 2 listed accounts did.",
        "None of its required contracts may be paused.",
        (
            "Once live, it leaves only when it no longer has at least 800 actions, 1 actor, 3 active days "
            "for 1d without a break."
        ),
    ]


def test_lower_bars_and_patience_are_told_apart() -> None:
    """Either may be asked for alone."""
    assert rule_words(policy(dormant_after=7_200))[-1] == (
        "Once live, it leaves only when one of this fails for 2h without a break."
    )
    lower = policy(bars=Bars(min_actors=5), leave_below=Bars(min_actors=4))
    assert rule_words(lower)[-1] == "Once live, it leaves only when it no longer has at least 4 actors."


def test_each_policy_says_what_a_regression_does() -> None:
    """Whoever reads it knows what stops the clock."""
    told = [
        regression_words(countdown(on_regression=OnRegression.CONTINUE)),
        regression_words(countdown(on_regression=OnRegression.PAUSE)),
        regression_words(countdown(on_regression=OnRegression.CANCEL)),
        regression_words(countdown(on_regression=OnRegression.CANCEL, rearm=True)),
    ]
    assert [words.split()[1] for words in told] == ["runs", "pauses", "is", "is"]
    assert told[2].startswith("it is cancelled for good")
    assert told[3].endswith("starts anew when it holds again")


def test_a_spark_line_shows_zero_as_nothing_and_little_as_little() -> None:
    """The largest value fills its place, and one action in a busy month is still seen."""
    assert spark_line([0, 1, 50, 100]) == "·▁▄█"
    assert spark_line([0, 0]) == "··"
    assert spark_line([]) == ""


def test_the_rule_says_what_an_action_is() -> None:
    """A transaction and its sender, or what a user authorised and who did."""
    assert "successful transactions" in " ".join(rule_words(policy(touched=True)))
    told = " ".join(rule_words(policy(touched=True, markers=())))
    assert "what users authorised, where it succeeded and made a log in one of its contracts" in told
