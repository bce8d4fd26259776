"""A milestone's bundle, retold for people."""

import json
from fractions import Fraction

from tests.unit.core.givens import (
    ShareLive,
    address,
    app,
    at,
    definition,
    facts,
    fold,
    joins,
    kpi,
    milestone,
)
from watcher.core.definition import AllOf
from watcher.core.evidence import milestone_reached
from watcher.core.evidence_text import evidence_lines
from watcher.core.facts import CodeKind, Logic, Sample
from watcher.core.ledger import sha256_hex
from watcher.core.types import KpiId, MilestoneId

PROXY, LOGIC = address(1), address(2)


def test_a_bundle_is_told_with_all_that_a_stranger_needs() -> None:
    """Block, finality, definition, readings as wide as they are, code behind proxies, the bundle's name."""
    both = AllOf((KpiId("k"), KpiId("share")))
    program = definition(
        app("a"),
        app("b", known=False),
        kpis=[kpi(), kpi("share", Fraction(1, 4), metric=ShareLive())],
        milestones=[milestone(condition=both)],
    )
    sample = Sample(PROXY, 1, CodeKind.EIP1967, "0xaa", runnable=True, logic=(Logic(LOGIC, "0xbb"),))
    blocks = [facts(1, at(), {"a": {1: 1}}, announcements=[joins("a", PROXY)])]
    state, _ = fold(program, blocks, {(PROXY, 1): sample})
    evidence = milestone_reached(program, state, blocks[0].block, program.milestones[MilestoneId("m")])
    lines = evidence_lines(json.loads(evidence.bundle), sha256_hex(evidence.bundle))
    assert lines == [
        "milestone  m of program program",
        f"block      1 {blocks[0].block.hash}, 2024-10-04T00:00:00Z (finalized)",
        "chain      31337",
        f"definition {'d' * 64}, schema 1",
        'condition  {"all_of":["k","share"]}',
        "KPIs       k: MET, 1 to 2, at least 1",
        "           share: MET, 0.5 to unbounded, at least 0.25",
        "apps       a: LIVE, 1 action (1 gross), 1 actor, 1 active day",
        f"             {PROXY} eip-1967, runs, code 0xaa, logic {LOGIC} 0xbb",
        "           b: UNKNOWN, 0 actions (0 gross), 0 actors, 0 active days",
        f"sha256     {sha256_hex(evidence.bundle)}",
    ]
