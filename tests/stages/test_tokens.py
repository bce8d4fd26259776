"""Tokens against what the program says of them: the logs decide, and a token that says otherwise is named."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.stages.measured_world import TOKEN
from tests.stages.test_measured_history import mint, supply_program
from tests.stages.world import START, USERS, Watch, fresh_store
from watcher.core.preflight import Finding, Level
from watcher.core.state import State
from watcher.stages.lookback import as_of
from watcher.stages.tokens import DECIMALS, TOTAL_SUPPLY, check_tokens
from watcher.store.database import Store
from watcher.testing.fake_blocks import create
from watcher.testing.fake_chain import FakeChain

ABOUT = f"token {TOKEN}"


def said(value: int) -> bytes:
    """Give a number as a token returns it."""
    return value.to_bytes(32)


def asked(folder: Path, answers: Mapping[str, bytes | None], *, pruned: bool = False) -> list[Finding]:
    """Let a token of 2 whole tokens by its logs, 1 digit behind the point, answer; give what is found."""
    chain = FakeChain(genesis_time=START)
    by_call = {(TOKEN, bytes.fromhex(data[2:])): answer for data, answer in answers.items()}
    chain.block(create(USERS[0], nonce=1), mint(20), answers=by_call)
    chain.empty_blocks(4)
    program = supply_program(folder)
    with fresh_store(folder / "store") as store:
        Watch(program, chain, store).sync()
        state = concluded(store, folder)
    if pruned:
        chain.missing_state_below(chain.head().number + 1)
    return list(check_tokens(program, chain, state))


def concluded(store: Store, folder: Path) -> State:
    """Give what is concluded."""
    with store.reading() as tx:
        return as_of(supply_program(folder), tx, None).state


def test_a_token_that_is_what_the_program_says_is_fine(tmp_path: Path) -> None:
    """Its digits, and its supply at the last concluded block."""
    decimals, supply = asked(tmp_path, {DECIMALS: said(1), TOTAL_SUPPLY: said(20)})
    assert (decimals.level, supply.level) == (Level.OK, Level.OK)
    assert "supply of 2 at block 2" in str(supply)


def test_other_decimals_are_a_problem(tmp_path: Path) -> None:
    """Every reading would be wrong by a power of ten."""
    decimals, _ = asked(tmp_path, {DECIMALS: said(18), TOTAL_SUPPLY: said(20)})
    assert decimals.level is Level.PROBLEM
    assert "has 18 decimals by its own word, and 1 in the program" in str(decimals)


def test_another_supply_is_told_with_both_numbers(tmp_path: Path) -> None:
    """The one that its logs add up to counts."""
    _, supply = asked(tmp_path, {DECIMALS: said(1), TOTAL_SUPPLY: said(25)})
    assert supply.level is Level.WARNING
    for part in ("says 2.5 of its supply", "add up to 2,", "write `initial`"):
        assert part in str(supply)


@pytest.mark.parametrize("answer", [None, b"", b"\1"], ids=["reverted", "nothing", "no word"])
def test_a_token_that_does_not_tell_is_looked_up_elsewhere(answer: bytes | None, tmp_path: Path) -> None:
    """Neither is part of ERC-20's must."""
    decimals, supply = asked(tmp_path, {DECIMALS: answer, TOTAL_SUPPLY: answer})
    assert (decimals.level, supply.level) == (Level.WARNING, Level.WARNING)
    assert "does not tell its decimals" in str(decimals)
    assert "does not tell its supply at block" in str(supply)


def test_a_token_that_cannot_be_asked_stops_nothing(tmp_path: Path) -> None:
    """The reason is told."""
    (finding,) = asked(tmp_path, {DECIMALS: said(1)}, pruned=True)
    assert finding.level is Level.WARNING
    assert "could not be asked" in str(finding)


def test_before_the_first_conclusion_only_the_decimals_are_asked_for(tmp_path: Path) -> None:
    """There is no sum of logs yet."""
    chain = FakeChain(genesis_time=START)
    chain.block(answers={(TOKEN, bytes.fromhex(DECIMALS[2:])): said(1)})
    found = list(check_tokens(supply_program(tmp_path), chain, None))
    assert [(each.level, each.about) for each in found] == [(Level.OK, ABOUT)]
