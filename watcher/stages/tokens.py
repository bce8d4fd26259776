"""Tokens against what a program says of them: asked before a run, and never part of a conclusion.

metrics ─▶ TokenUse ─▶ decimals() at the head                         ─▶ Finding
                    ─▶ totalSupply() at the last concluded block, and what the logs add up to there
"""

from collections.abc import Iterator
from fractions import Fraction

from watcher.chain.source import ChainSource
from watcher.core.definition import Definition
from watcher.core.ledger import decimal_text
from watcher.core.measures import TOGETHER
from watcher.core.metering import needs_of
from watcher.core.preflight import Finding, Level
from watcher.core.readings import TokenUse
from watcher.core.state import State
from watcher.core.types import ViewCall
from watcher.errors import ChainError

DECIMALS = "0x313ce567"
"""The selector of decimals()."""

TOTAL_SUPPLY = "0x18160ddd"
"""The selector of totalSupply()."""


def check_tokens(definition: Definition, source: ChainSource, state: State | None) -> Iterator[Finding]:
    """Ask each token, once for all metrics; `state` is what was concluded, None: nothing yet.

    What a token says of its decimals has to be what the program says. Its supply is told beside the one that
    was rebuilt from its logs, which is the one that counts.
    """
    yield from dict.fromkeys(_asked(definition, source, state))


def _asked(definition: Definition, source: ChainSource, state: State | None) -> Iterator[Finding]:
    for use in needs_of(definition).tokens:
        about = f"token {use.address}"
        try:
            decimals = _number(source.call(ViewCall(use.address, DECIMALS), source.head()))
            if decimals is None:
                yield Finding(Level.WARNING, about, "does not tell its decimals: look them up at its source")
            elif decimals != use.decimals:
                yield Finding(
                    Level.PROBLEM,
                    about,
                    f"has {decimals} decimals by its own word, and {use.decimals} in the program: correct it",
                )
            else:
                yield Finding(Level.OK, about, f"has {decimals} decimals")
            if use.supply is not None and state is not None and state.block is not None:
                yield _supply(use, use.supply, source, state)
        except ChainError as error:
            yield Finding(Level.WARNING, about, f"could not be asked: {error}")


def _supply(use: TokenUse, key: str, source: ChainSource, state: State) -> Finding:
    """Compare the supply that the logs add up to with what the token says at the same block."""
    assert state.block is not None  # noqa: S101  # the caller looked
    about, block = f"token {use.address}", state.block
    said = _number(source.call(ViewCall(use.address, TOTAL_SUPPLY), block))
    if said is None:
        return Finding(Level.WARNING, about, f"does not tell its supply at block {block.number}")
    rebuilt = state.meter.totals.get(key, {}).get(TOGETHER, 0) + use.initial * 10**use.decimals
    unit = Fraction(10**use.decimals)
    if rebuilt == said:
        text = f"has a supply of {decimal_text(rebuilt / unit)} at block {block.number}, as its logs say"
        return Finding(Level.OK, about, text)
    return Finding(
        Level.WARNING,
        about,
        f"says {decimal_text(said / unit)} of its supply at block {block.number}, its logs add up to "
        f"{decimal_text(rebuilt / unit)}, which is what counts: it rebases, is older than count_from (write "
        "`initial`), or does not log what it mints",
    )


def _number(answer: bytes | None) -> int | None:
    return int.from_bytes(answer) if answer is not None and len(answer) == 32 else None  # noqa: PLR2004  # one word
