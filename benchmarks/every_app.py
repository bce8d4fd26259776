"""What it costs to conclude a chain on which everybody may have an app.

    python benchmarks/every_app.py [CONTRACTS] [IN_USE]      prints one line of JSON

So many accounts create a contract each, then so many of these are used, twenty in each block: how long a
block takes the step, how long the first block of an hour, and how large and slow the stored state is.
"""

import json
import random
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from fractions import Fraction

from watcher.core.applications import open_app
from watcher.core.definition import (
    AllOf,
    App,
    Bars,
    Chain,
    Definition,
    Finality,
    Kpi,
    LivenessPolicy,
    Milestone,
    Provenance,
)
from watcher.core.facts import Activity, Announcement, BlockFacts, CodeKind, Sample
from watcher.core.state import State, to_json
from watcher.core.step import step
from watcher.core.types import (
    ActorId,
    Address,
    AppId,
    BlockHash,
    BlockRef,
    Comparator,
    KpiId,
    MilestoneId,
    WindowSpec,
)
from watcher.discovery.open import Settings, build
from watcher.metrics.live_apps import LiveApps

START = 20_000 * 86_400
HOUR = 3_600
A_BLOCK = 10
USED = 20
BLOCKS = 2_000
ACTORS = 5_000
HOURS = 24
RULE = AppId("by")


class EverythingRuns(dict[tuple[Address, int], Sample]):
    """Samples of a chain on which every contract can run."""

    def __missing__(self, key: tuple[Address, int]) -> Sample:
        """Give the sample of plain code."""
        return Sample(*key, CodeKind.PLAIN, "0xc0de", runnable=True)


def program() -> Definition:
    """Give a program by which everybody may have an app."""
    chain = Chain(31_337, "ethereum", Finality(depth=1), count_from=1)
    kpi = Kpi(KpiId("live"), LiveApps(), Comparator.AT_LEAST, Fraction(10**6))
    milestone = Milestone(MilestoneId("many"), "Many", AllOf((kpi.id,)))
    return Definition(
        program_id="every-app",
        title="Every app",
        schema=1,
        hash="d" * 64,
        provenance=Provenance("observer", "https://example.org"),
        chain=chain,
        liveness=LivenessPolicy(WindowSpec(7, "rolling"), bars=Bars(min_actions=20, min_actors=3)),
        apps={},
        kpis={kpi.id: kpi},
        milestones={milestone.id: milestone},
        open_rule=App(RULE, "Everybody", (build(Settings(), RULE, chain),)),
    )


def app(number: int) -> AppId:
    """Name the app of an account."""
    return open_app(RULE, Address(f"0x{number:040x}"))


def block(number: int, timestamp: int, **facts: object) -> BlockFacts[ActorId]:
    """Make a block."""
    ref = BlockRef(number, BlockHash(f"0x{number:064x}"), BlockHash(f"0x{number - 1:064x}"), timestamp)
    return BlockFacts(ref, **facts)  # type: ignore[arg-type]  # whatever a block says


def creations(contracts: int) -> Sequence[BlockFacts[ActorId]]:
    """Let accounts create a contract each, a block a second."""
    return [
        block(
            first // A_BLOCK + 1,
            START + first // A_BLOCK,
            announcements=tuple(
                Announcement(app(number), Address(f"0x{1:08x}{number:032x}"), "open", 0)
                for number in range(first, first + A_BLOCK)
            ),
        )
        for first in range(0, contracts, A_BLOCK)
    ]


def uses(first: int, start: int, in_use: int) -> Sequence[BlockFacts[ActorId]]:
    """Let people use some of them, two blocks a second."""
    return [
        block(
            first + place,
            start + place // 2,
            activity={
                app(random.randrange(in_use)): Activity({ActorId(random.randrange(ACTORS)): 1})
                for _ in range(USED)
            },
        )
        for place in range(BLOCKS)
    ]


def fold(definition: Definition, state: State, blocks: Iterable[BlockFacts[ActorId]]) -> tuple[State, float]:
    """Conclude blocks; give the state and the seconds that a block took."""
    known, number, begin = EverythingRuns(), 0, time.perf_counter()
    for each in blocks:
        state, _ = step(definition, state, each, known)
        number += 1
    return state, (time.perf_counter() - begin) / number


def measure(contracts: int, in_use: int) -> dict[str, float]:
    """Measure one size."""
    definition = program()
    made = creations(contracts)
    state, creating = fold(definition, State.initial(definition), made)
    behind, later = len(made), made[-1].block.timestamp + HOUR
    state, _ = fold(definition, state, uses(behind + 1, later, in_use))
    state, using = fold(definition, state, uses(behind + BLOCKS + 1, later + BLOCKS, in_use))
    behind, later = behind + 2 * BLOCKS, later + 2 * BLOCKS
    quiet = [block(behind + hour, later + HOUR * hour) for hour in range(1, HOURS + 1)]
    state, rolling = fold(definition, state, quiet)
    begin = time.perf_counter()
    stored = json.dumps(to_json(state))
    return {
        "contracts": contracts,
        "awake": len(state.sampler.awake),
        "creating_us_a_block": round(creating * 1e6),
        "using_us_a_block": round(using * 1e6),
        "hour_ms": round(rolling * 1e3),
        "state_mb": round(len(stored) / 1e6, 1),
        "storing_ms": round((time.perf_counter() - begin) * 1e3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    random.seed(1)
    sizes = [int(size) for size in sys.argv[1:3]] or [100_000, 5_000]
    print(json.dumps(measure(*sizes)))
