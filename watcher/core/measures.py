"""Measures: the amounts that a block's receipts say, kept for metrics while nothing is concluded yet.

    receipts ─▶ Measure (what to add up, by whom) ─▶ Amounts a block ─▶ metrics

A measure reads logs; amounts are whole numbers in the smallest unit, exact beyond 256 bits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from watcher.core.types import Address
from watcher.core.window import Log

Amounts = Mapping[str, int]
"""What one measure says of a block, by app; the key is empty where it does not go by app."""

TOGETHER = ""
"""The key of amounts that do not go by app."""

GAS = "gas"
"""The key of the gas that each block used; it makes every block say something."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One amount to add up over a block's successful transactions.

    `key` names it: equal keys mean equal measures, in whatever program. `emitters` None: the contracts that
    count for each app, and the amounts go by app. `read` gives what one log with one of the `topics` adds,
    None where it is not such a log after all. `latest`: the last log of a block prevails, nothing is added.
    """

    key: str
    topics: frozenset[str]
    emitters: frozenset[Address] | None
    read: Callable[[Log], int | None] = field(compare=False)
    latest: bool = False
    app: str = TOGETHER
    """With `emitters`: the app that the amounts are of."""
