"""Sparks: a row of numbers as a row of small bars, for one line of a terminal."""

from collections.abc import Sequence
from fractions import Fraction

_BARS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"


def spark_line(values: Sequence[int] | Sequence[Fraction]) -> str:
    """Draw one sign a value, the largest one full; zero is a dot, and nothing above zero looks like zero."""
    most = max(values, default=0)
    return "".join(_BARS[-(-value * len(_BARS) // most) - 1] if value else _NOTHING for value in values)
