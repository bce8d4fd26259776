"""How many blocks one eth_getLogs asks about: as many as the provider takes, found with few refusals.

    answered(width, logs, bytes) ─┐
                                  ├─▶ SpanWidth ─▶ blocks
    refused(range, hint) ─────────┘

Pure. The width grows twofold a step, up to where an answer would hold `SHARE` of the logs that a provider
gives at once. What was refused is a ceiling, tried again only after a long good run: providers count
refusals, and some bill them.
"""

from watcher.chain.hints import Hint
from watcher.core.types import BlockRange

FIRST_WIDTH = 10
"""Nearly every provider takes so many blocks; a first guess of thousands costs refusals by the dozen."""
FEWEST_LOGS = 10_000
"""The smallest limit on logs that a provider is known to have (Infura, Arbitrum); others give more."""
SHARE = 0.7
LARGE_BYTES = 5_000_000
"""An answer above this is followed by a span half as wide."""
LONG_RUN = 200
"""After so many answers a ceiling is tried once; where it holds, again after twice as many."""
SHORT_RUN = 8
"""The same where the reason may pass by itself: a stretch of the chain with many logs, a busy node."""

_NEWEST = 0.3
"""What the newest span counts for in the running density."""
_NOTHING = 1e-6
"""Logs a block, where there are none: a width that no chain reaches."""
_WORTHWHILE = 1.5
"""It grows by no less than this: each step is first tried alone, which costs a round trip."""


class SpanWidth:
    """The width of the next span, learnt from answers and refusals."""

    def __init__(self) -> None:
        """Start with what nearly every provider takes."""
        self.blocks = FIRST_WIDTH
        self.ceiling: int | None = None
        """The most blocks that a provider takes at once, None while none were refused."""
        self._most_logs = FEWEST_LOGS
        self._density: float | None = None
        self._widest = 0
        self._run = 0
        self._patience = 0

    def takes(self, width: int) -> bool:
        """Tell whether a span so wide was answered since the last refusal.

        One that was not goes alone, so that a limit is met by one refusal and not by all that is under way.
        """
        return width <= self._widest

    def answered(self, width: int, logs: int, size_bytes: int) -> None:
        """Take in that a span of so many blocks was answered: by how many logs, in how many bytes."""
        self._run += 1
        self._widest = max(self._widest, width)
        if self.ceiling is not None and width > self.ceiling:
            self.ceiling, self._patience = None, 0
        newest = logs / width
        share = _NEWEST * min(1.0, width / self.blocks)
        self._density = newest if self._density is None else self._density + share * (newest - self._density)
        if size_bytes > LARGE_BYTES:
            self.blocks = max(1, min(self.blocks, width // 2))
        elif width < self.blocks:  # sent before it grew, or cut by the end of what is read
            self.blocks = min(self.blocks, self._fitting())
        else:
            wanted = self._wanted()
            if not self.blocks < wanted < _WORTHWHILE * self.blocks:
                self.blocks = wanted

    def refused(self, asked: BlockRange, hint: Hint, *, passing: bool = False) -> None:
        """Take in that a span was refused; the next one is narrower, as `hint` says or by half.

        `passing`: the reason may pass, as too many logs in a stretch of the chain do.
        """
        width = len(asked)
        narrower = _narrower(asked, hint) or max(1, width // 2)
        self.blocks = self.ceiling = min(narrower, self.ceiling or narrower)
        self._widest = self._run = 0
        self._patience = max(self._patience, SHORT_RUN if passing or hint.logs else LONG_RUN)
        if hint.logs is not None:
            self._most_logs = hint.logs
            self._density = max(self._density or 0.0, hint.logs / width)

    def _wanted(self) -> int:
        """Give the width to go to from the present one."""
        wanted = min(2 * self.blocks, self._fitting())
        if self.ceiling is None or wanted <= self.ceiling:
            return wanted
        if self._run < self._patience:
            return self.ceiling
        self._run = 0
        self._patience *= 2
        return wanted

    def _fitting(self) -> int:
        """Give the blocks whose logs a provider gives at once, going by the running density."""
        return max(1, int(SHARE * self._most_logs / max(self._density or 0.0, _NOTHING)))


def _narrower(asked: BlockRange, hint: Hint) -> int | None:
    """Give the width that a refusal hints at, where it is about this range at all."""
    suggested = hint.suggested
    if suggested is not None and suggested.first == asked.first and len(suggested) < len(asked):
        return len(suggested)
    return hint.blocks if hint.blocks is not None and hint.blocks < len(asked) else None
