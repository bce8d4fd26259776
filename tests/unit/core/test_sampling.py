"""Sampling: at which blocks whose state has to be read."""

import pytest

from tests.unit.core.givens import address, at, facts, joins, leaves, sample
from watcher.core.facts import BlockFacts, Sample, SampleWant
from watcher.core.sampling import Sampler, look_ahead
from watcher.core.types import ActorId, Address

C1, C2, BEACON = address(1), address(2), address(0xBEAC)
DAY = 86_400


def sampler(*contracts: Address, every: int = DAY) -> Sampler:
    """Make a sampler behind block 1 of day 0, to which these contracts belong, sampled already."""
    made = Sampler(every)
    read(made, facts(1, at(0, 12), announcements=[joins("a", contract) for contract in contracts]))
    return made


def read(made: Sampler, block: BlockFacts[ActorId], *, beacon: Address | None = None) -> list[Address]:
    """Advance over a block and take in what was due; give whose state that was."""
    due = made.advance(block)
    number = block.block.number
    made.take(due, number, {(contract, number): sample(contract, number, beacon=beacon) for contract in due})
    return due


def test_the_first_block_of_all_is_a_sample_block() -> None:
    """It is the first of its day that anyone looks at."""
    assert Sampler(DAY).due(facts(1, at(0, 12), announcements=[joins("a", C2), joins("a", C1)])) == [C1, C2]


@pytest.mark.parametrize(
    ("every", "time", "due"),
    [
        (DAY, at(1) - 1, []),
        (DAY, at(1), [C1]),
        (DAY, at(9, 5), [C1]),
        (3_600, at(0, 12, 59, 59), []),
        (3_600, at(0, 13), [C1]),
        (6 * 3_600, at(0, 17, 59), []),
        (6 * 3_600, at(0, 18), [C1]),
        (2 * DAY, at(1), []),
        (2 * DAY, at(2), [C1]),
    ],
)
def test_the_first_block_of_each_period_is_a_sample_block(every: int, time: int, due: list[Address]) -> None:
    """Periods are counted from 1970 in UTC, so that everyone samples at the same blocks."""
    assert sampler(C1, every=every).due(facts(2, time)) == due


def test_only_the_first_block_of_a_day_is() -> None:
    """Between two samples the state is taken as unchanged."""
    made = sampler(C1)
    assert read(made, facts(2, at(1))) == [C1]
    assert read(made, facts(3, at(1))) == []
    assert read(made, facts(4, at(1, 23))) == []


def test_a_contract_is_sampled_at_the_block_in_which_it_joins() -> None:
    """Whatever the hour, and only the one that joined."""
    made = sampler(C1)
    assert read(made, facts(2, at(0, 13), announcements=[joins("a", C2)])) == [C2]
    assert read(made, facts(3, at(0, 13), announcements=[joins("a", C2)])) == []


def test_a_contract_is_sampled_when_it_changes_to_another_app() -> None:
    """It joined that app at this block."""
    made = sampler(C1)
    read(made, facts(2, at(0, 13), announcements=[joins("b", C1)]))
    assert read(made, facts(3, at(0, 14), announcements=[leaves("a", C1)])) == [C1]


def test_a_contract_is_sampled_when_its_role_comes_to_count() -> None:
    """Nobody read its state while it did not count."""
    made = Sampler(DAY)
    listed = joins("a", C1, source="listed", listed=True, role="token")
    assert read(made, facts(1, at(0, 12), announcements=[listed, joins("a", C1)])) == []
    assert read(made, facts(2, at(0, 13), announcements=[leaves("a", C1, source="listed")])) == [C1]


def test_contracts_that_do_not_count_are_never_sampled() -> None:
    """Nothing rests on the code of a token, an oracle or an admin."""
    made = Sampler(DAY)
    assert read(made, facts(1, at(), announcements=[joins("a", C1, role="token")])) == []
    assert read(made, facts(2, at(1), code_changes=[C1])) == []


def test_a_contract_that_left_is_not_sampled_and_its_sample_forgotten() -> None:
    """When it comes back it joins anew."""
    made = sampler(C1)
    assert read(made, facts(2, at(1), announcements=[leaves("a", C1)])) == []
    assert made.samples == {}
    assert read(made, facts(3, at(1, 1), announcements=[joins("a", C1)])) == [C1]


def test_an_upgrade_log_makes_its_block_a_sample_block() -> None:
    """For the contract that emitted it, once, and for nobody else."""
    made = sampler(C1, C2)
    assert read(made, facts(2, at(0, 13), code_changes=[C2, C2, address(7)])) == [C2]


def test_an_upgrade_log_of_the_beacon_does_so_too() -> None:
    """Every proxy behind that beacon runs other code from this block on."""
    made = sampler()
    joined = facts(2, at(0, 13), announcements=[joins("a", C1), joins("a", C2)])
    assert read(made, joined, beacon=BEACON) == [C1, C2]
    assert read(made, facts(3, at(0, 14), code_changes=[BEACON]), beacon=None) == [C1, C2]
    assert read(made, facts(4, at(0, 15), code_changes=[BEACON])) == []


def test_asking_what_is_due_changes_nothing() -> None:
    """It may be asked again when the samples have come."""
    made = sampler(C1)
    block = facts(2, at(1), announcements=[joins("a", C2)])
    assert made.due(block) == made.due(block) == made.advance(block) == [C1, C2]


def test_a_sample_that_was_not_brought_is_an_error() -> None:
    """A missing read is never a value."""
    made = sampler(C1)
    with pytest.raises(KeyError):
        made.take([C1], 2, {(C1, 1): sample(C1, 1)})


def test_a_fork_and_its_origin_do_not_see_each_other() -> None:
    """A provisional pass leaves no trace."""
    made = sampler(C1)
    fork = made.fork()
    read(fork, facts(2, at(1), announcements=[joins("a", C2), leaves("a", C1)]))
    assert list(made.samples) == [C1]
    assert made.due(facts(2, at(1))) == [C1]
    assert fork.due(facts(3, at(2))) == [C2]


def test_looking_ahead_names_every_sample_that_the_blocks_will_need() -> None:
    """Joined, upgraded, new day; the sampler itself does not move."""
    made = sampler(C1)
    blocks = [
        facts(2, at(0, 13), announcements=[joins("a", C2)]),
        facts(3, at(0, 14), code_changes=[C1]),
        facts(4, at(1)),
        facts(5, at(1)),
    ]
    expected = [SampleWant(C2, 2), SampleWant(C1, 3), SampleWant(C1, 4), SampleWant(C2, 4)]
    assert list(look_ahead(made, blocks)) == expected
    assert list(look_ahead(made, blocks)) == expected


def test_apps_of_contracts() -> None:
    """Those that belong to nobody give no app."""
    assert sampler(C1).apps_of([C1, C2]) == {"a"}


def test_the_last_sample_stands() -> None:
    """Each contract keeps the newest one only."""
    made = sampler(C1)
    read(made, facts(2, at(1)))
    assert made.samples == {C1: sample(C1, 2)}
    assert isinstance(made.samples[C1], Sample)
