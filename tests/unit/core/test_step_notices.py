"""Notices of the step: how far KPIs have come, and which nobody can know."""

from fractions import Fraction

from tests.unit.core.givens import ShareLive, address, app, at, definition, facts, fold, joins, kpi
from watcher.core.definition import Definition, Kpi
from watcher.core.facts import BlockFacts
from watcher.core.types import ActorId, Comparator

JOINED = facts(1, at(), announcements=[joins("a", address(1))])


def notices(program: Definition, *blocks: BlockFacts[ActorId]) -> list[tuple[str, str, str]]:
    """Give the notices of a chain: type, subject, key."""
    _, conclusions = fold(program, blocks)
    return [(str(notice.type), notice.subject, notice.key) for item in conclusions for notice in item.notices]


def three_apps(*kpis: Kpi) -> tuple[Definition, BlockFacts[ActorId]]:
    """Give a program of three apps and their first block, at which none was used."""
    program = definition(app("a"), app("b"), app("c"), kpis=kpis)
    return program, facts(
        1, at(), announcements=[joins(name, address(place)) for place, name in enumerate("abc")]
    )


def test_progress_is_told_for_whole_units_as_they_are_passed() -> None:
    """Upwards only, once a block, and each unit under a key of its own."""
    program, first = three_apps(kpi("k", 3))
    assert notices(
        program,
        first,
        facts(2, at(), {"a": {1: 1}, "b": {1: 1}}),
        facts(3, at(0, 5)),
        facts(4, at(0, 6), {"c": {1: 1}}),
        facts(5, at(9)),
    ) == [("kpi.progressed", "k", "kpi.progressed/k/2"), ("kpi.progressed", "k", "kpi.progressed/k/3")]


def test_progress_of_a_share_is_told_each_twentieth_of_its_bar() -> None:
    """A third of a bar of two is three parts of a twentieth, and some."""
    program, first = three_apps(kpi("k", 2, metric=ShareLive()))
    blocks = [facts(2, at(), {"a": {1: 1}}), facts(3, at()), facts(4, at(), {"b": {1: 1}})]
    assert notices(program, first, *blocks) == [
        ("kpi.progressed", "k", "kpi.progressed/k/3"),
        ("kpi.progressed", "k", "kpi.progressed/k/6"),
    ]


def test_a_share_at_its_bar_has_come_twenty_parts() -> None:
    """Each is five percent."""
    program, first = three_apps(kpi("k", 1, metric=ShareLive()))
    assert notices(program, first, facts(2, at(), {name: {1: 1} for name in "abc"})) == [
        ("kpi.progressed", "k", "kpi.progressed/k/20")
    ]


def test_a_bar_of_zero_knows_no_progress() -> None:
    """There is no twentieth of nothing."""
    program, first = three_apps(kpi("k", 0, Comparator.AT_MOST, ShareLive()))
    assert notices(program, first, facts(2, at(), {"a": {1: 1}})) == []


def test_a_kpi_that_becomes_unknown_is_told_once() -> None:
    """At the block at which it became so; again only if it was known in between."""
    program = definition(app("a"), kpis=[kpi()], gaps=[(2, 3), (6, 7)])
    blocks = [
        JOINED,
        facts(4, at(0, 1)),
        facts(5, at(2)),
        facts(8, at(2, 1)),
        facts(9, at(2, 2)),
    ]
    assert notices(program, *blocks) == [
        ("kpi.unknown", "k", "kpi.unknown/k/4"),
        ("kpi.unknown", "k", "kpi.unknown/k/8"),
    ]


def test_a_kpi_that_is_unknown_from_the_first_block_is_told() -> None:
    """Whoever waits for it should know."""
    program = definition(app("a", known=False), kpis=[kpi()])
    assert notices(program, facts(1, at())) == [("kpi.unknown", "k", "kpi.unknown/k/1")]


def test_a_notice_about_a_kpi_says_where_it_stands() -> None:
    """Reading, bar, and the block with its time."""
    program = definition(app("a"), kpis=[kpi("k", Fraction(3, 2))])
    _, conclusions = fold(program, [JOINED, facts(2, at(0, 1), {"a": {1: 1}})])
    [notice] = conclusions[-1].notices
    assert notice.occurred_at == at(0, 1)
    assert notice.data == {
        "verdict": "NOT_MET",
        "low": "1",
        "high": "1",
        "comparator": "at_least",
        "bar": "1.5",
        "block_number": 2,
        "block_hash": "0x" + "0" * 63 + "2",
        "occurred_at": "2024-10-04T01:00:00Z",
    }
