"""What `attested_value` reads: the number that signers agree on, or nothing."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from watcher.core.readings import UNKNOWN, Reading, View
from watcher.metrics.attested_value import Settings, bounds, build


@given(st.fractions(min_value=0))
def test_it_reads_the_number_of_its_subject(value: Fraction) -> None:
    """Exactly, and no other's."""
    metric = build(Settings(subject="l2-stage"))
    assert metric.needs.attested == ("l2-stage",)
    assert metric.read(View(0, {}, attested={"l2-stage": value, "tvl": value + 1})) == Reading.exactly(value)


def test_it_is_unknown_until_it_is_attested() -> None:
    """That is no zero: any bar stays undecided."""
    settings = Settings(subject="l2-stage")
    assert build(settings).read(View(0, {}, attested={"tvl": Fraction(1)})) == UNKNOWN
    assert bounds(settings, 10) == UNKNOWN
    assert UNKNOWN.high is None
