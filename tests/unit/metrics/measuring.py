r"""Measures made-up blocks by a KPI as it stands in a program file: receipts, extraction, step, reading.

measured('metric = { kind = "app_actions" }\nat_least = 1', (at(), [tx(...)]), (at(hours=1), []))
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.unit.core.givens import address, app, definition, fold, joins, policy, ref
from tests.unit.core.reading import Says, found
from watcher.config.program_file import Kpi as KpiTable
from watcher.core.definition import App, Definition, Kpi, LivenessPolicy
from watcher.core.extract import Extractor
from watcher.core.facts import Activity, BlockFacts
from watcher.core.ledger import decimal_text
from watcher.core.types import ActorId, Address, KpiId, Verdict, ViewCall
from watcher.core.window import BlockReceipts
from watcher.kinded import module_of
from watcher.testing.fake_blocks import FakeLog, FakeTx, log, receipts_of, tx

SWAP, LEND = address(0x11), address(0x12)
"""The contract of each app: `swap` and `lend`, both from block 1 on."""

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"

Made = tuple[int, Sequence[FakeTx]]
"""A block's time and its transactions."""


@dataclass(frozen=True)
class Told:
    """A KPI as of one block: `low` and `high` as they stand in the ledger."""

    low: str
    high: str | None
    verdict: Verdict


def kpi_of(text: str) -> Kpi:
    """Read the inside of a [[kpi]] table."""
    table = KpiTable.model_validate({"id": "k", **tomllib.loads(text)})
    metric = module_of("metrics", table.metric.kind).build(table.metric.settings)
    series = table.series(table.metric.canonical())
    return Kpi(KpiId("k"), metric, table.comparator, table.bar, "", table.aggregate.build(), series)


def apps() -> tuple[App, ...]:
    """Give `swap` and `lend`, one contract each."""
    return (
        found("swap", Says("swap", {1: [joins("swap", SWAP)]})),
        found("lend", Says("lend", {1: [joins("lend", LEND)]})),
    )


def program_of(
    *kpis: Kpi,
    known: bool = True,
    gaps: Iterable[tuple[int, int]] = (),
    liveness: LivenessPolicy | None = None,
) -> Definition:
    """Give a program of these KPIs; unless `known`, with a third app that has no address."""
    third = () if known else (app("dark", known=False),)
    return definition(*apps(), *third, kpis=kpis, gaps=gaps, liveness=liveness or policy(touched=True))


def facts_of(
    program: Definition, *blocks: Made, skip: Mapping[int, int] | None = None
) -> list[BlockFacts[ActorId]]:
    """Read blocks 1, 2, 3 and so on as extraction does; `skip` maps a number to the one it is followed by."""
    extractor, number, facts = Extractor(program), 0, []
    actors: dict[Address, int] = {}
    for time, transactions in blocks:
        number = (skip or {}).get(number, number + 1)
        block = ref(number, time)
        said = extractor.read(BlockReceipts(number, block.hash, receipts_of(transactions))).at(block)
        activity = {
            name: Activity(
                {ActorId(actors.setdefault(who, len(actors))): n for who, n in item.actors.items()}
            )
            for name, item in said.activity.items()
        }
        facts.append(BlockFacts(block, activity, said.announcements, measures=said.measures))
    return facts


def measured(
    text: str,
    *blocks: Made,
    known: bool = True,
    gaps: Iterable[tuple[int, int]] = (),
    calls: Mapping[tuple[ViewCall, int], bytes | None] | None = None,
) -> list[Told]:
    """Give how a KPI stands after each block; blocks of declared gaps are left out."""
    program = program_of(kpi_of(text), known=known, gaps=gaps)
    skip = {first - 1: last + 1 for first, last in gaps}
    state, told = None, []
    for facts in facts_of(program, *blocks, skip=skip):
        state, _ = fold(program, [facts], state=state, calls=calls)
        status = state.kpis[KpiId("k")]
        high = status.reading.high
        told.append(
            Told(
                decimal_text(status.reading.low), None if high is None else decimal_text(high), status.verdict
            )
        )
    return told


def lows(told: Iterable[Told]) -> list[str]:
    """Give the readings that are known; one that is not is a question mark."""
    return [each.low if each.low == each.high else "?" for each in told]


def word(value: int | str) -> str:
    """Give a word of 32 bytes without 0x: of a number, or of an address."""
    return f"{value:064x}" if isinstance(value, int) else value.removeprefix("0x").rjust(64, "0")


def transfer(token: str, sender: str | int, receiver: str | int, amount: int) -> FakeLog:
    """Log a transfer of a token; 0 is the zero address."""
    return log(token, TRANSFER, f"0x{word(sender)}", f"0x{word(receiver)}", data=f"0x{word(amount)}")


def with_logs(*logs: FakeLog) -> FakeTx:
    """Give a transaction that makes somebody log."""
    return tx(address(0xA1), address(0xEE), logs=logs)


def altered(made: FakeLog, **changes: Any) -> FakeLog:  # noqa: ANN401  # any field
    """Give a log with other contents."""
    return replace(made, **changes)
