"""Which blocks have to be visited: hours, days and deadlines may not be jumped over, the rest may."""

from tests.unit.core.givens import (
    address,
    app,
    at,
    countdown,
    definition,
    facts,
    fold,
    joins,
    kpi,
    milestone,
    policy,
    ref,
)
from watcher.core.definition import Definition
from watcher.core.facts import BlockAtWant
from watcher.core.state import State
from watcher.core.step import block_wanted, deadlines

QUIET = definition(app("a"))
SHORT = definition(
    app("a"),
    kpis=[kpi()],
    milestones=[milestone()],
    countdowns=[countdown(duration=1_000), countdown("d", 900)],
)


def behind(program: Definition, number: int, time: int) -> State:
    """Give the state behind one quiet block."""
    return fold(program, [facts(number, time)])[0]


def behind_start(program: Definition) -> State:
    """Give the state behind a block at midnight at which the app went live and the countdowns started."""
    return fold(program, [facts(10, at(), {"a": {1: 1}}, announcements=[joins("a", address(1))])])[0]


def test_the_first_block_of_all_needs_none_before_it() -> None:
    """Before `count_from` there is nothing."""
    assert block_wanted(QUIET, State.initial(QUIET), ref(1, at())) is None


def test_the_next_block_may_always_be_concluded() -> None:
    """Nothing lies between, however long it took."""
    assert block_wanted(QUIET, behind(QUIET, 10, at()), ref(11, at(99))) is None


def test_the_first_block_behind_a_declared_gap_may_be_concluded() -> None:
    """It is the next one that anyone can read."""
    program = definition(app("a"), gaps=[(11, 19)])
    state = behind(program, 10, at())
    assert block_wanted(program, state, ref(20, at(5))) is None
    assert block_wanted(program, state, ref(21, at(5))) == BlockAtWant(at(0, 1), 10, 21)


def test_blocks_of_the_same_hour_may_be_left_out() -> None:
    """Counts only grow within an hour, by blocks with facts."""
    state = behind(QUIET, 10, at(0, 3, 5))
    assert block_wanted(QUIET, state, ref(500, at(0, 3, 59, 59))) is None


def test_the_first_block_of_an_hour_has_to_be_found() -> None:
    """From the second of the next hour on; it may turn out to be the following block itself."""
    state = behind(QUIET, 10, at(0, 3, 5))
    assert block_wanted(QUIET, state, ref(500, at(0, 4))) == BlockAtWant(at(0, 4), after=10, before=500)
    assert block_wanted(QUIET, state, ref(500, at(7))) == BlockAtWant(at(0, 4), after=10, before=500)


def test_from_the_first_second_of_an_hour_the_next_hour_is_the_next_edge() -> None:
    """The hour that has just begun is not wanted again."""
    state = behind(QUIET, 10, at(0, 4))
    assert block_wanted(QUIET, state, ref(12, at(0, 4, 59, 59))) is None
    assert block_wanted(QUIET, state, ref(12, at(0, 5))) == BlockAtWant(at(0, 5), after=10, before=12)


def test_the_earliest_deadline_has_to_be_found() -> None:
    """Of two countdowns that run, the one that ends first; to the second."""
    state = behind_start(SHORT)
    assert deadlines(SHORT, state) == [at(seconds=1_000), at(seconds=900)]
    assert block_wanted(SHORT, state, ref(20, at(seconds=899))) is None
    assert block_wanted(SHORT, state, ref(20, at(seconds=900))) == BlockAtWant(at(seconds=900), 10, 20)


def test_a_deadline_that_has_passed_is_wanted_no_more() -> None:
    """The other one is, and then the hour."""
    state = behind_start(SHORT)
    state, _ = fold(SHORT, [facts(11, at(seconds=950))], state=state)
    assert block_wanted(SHORT, state, ref(20, at(seconds=1_000))) == BlockAtWant(at(seconds=1_000), 11, 20)
    state, _ = fold(SHORT, [facts(12, at(seconds=2_000))], state=state)
    assert deadlines(SHORT, state) == []
    assert block_wanted(SHORT, state, ref(20, at(0, 1))) == BlockAtWant(at(0, 1), after=12, before=20)


def test_the_end_of_patience_with_an_app_is_a_deadline() -> None:
    """The instant at which it was below for `dormant_after`."""
    program = definition(app("a"), liveness=policy(dormant_after=100))
    state = behind_start(program)
    assert deadlines(program, state) == []
    state, _ = fold(program, [facts(11, at(1, 1))], state=state)
    assert deadlines(program, state) == [at(1, 1, 0, 100)]
    assert block_wanted(program, state, ref(20, at(1, 1, 0, 99))) is None
    assert block_wanted(program, state, ref(20, at(1, 1, 0, 100))) == BlockAtWant(at(1, 1, 0, 100), 11, 20)
