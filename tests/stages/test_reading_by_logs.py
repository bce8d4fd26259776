"""Reading by logs and reading every receipt: two ways, one set of facts, one ledger."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.stages.world import (
    APPS,
    OWNER,
    START,
    USED,
    USERS,
    Cut,
    Watch,
    definition,
    fresh_store,
    open_for_business,
)
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.facts import BlockFacts
from watcher.core.tracked import CODE_CHANGES, PAUSED, UNPAUSED, UPGRADED, Tracked
from watcher.core.types import ActorId, Address
from watcher.testing.fake_blocks import FakeTx, address, create, log, tx
from watcher.testing.fake_chain import FakeChain

MADE = f"0x{keccak(text='Made(address)').hex()}"
FACTORY = address("factory")
STEPS = (0, 1, 1, 2, 60, 700, 3_600, 9_000)
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@pytest.fixture
def program(tmp_path: Path) -> Definition:
    """Give a program whose facts are all in logs: touched, listed contracts, one factory."""
    definition(tmp_path, liveness="not_paused = true")
    file = tmp_path / "world.toml"
    text = file.read_text(encoding="utf-8")
    for old, new in (
        ('reach = "direct"', 'reach = "touched"'),
        ('kind = "deployer"', 'kind = "factory_event"'),
        (
            f'accounts = ["{OWNER}"]',
            f'factories = ["{FACTORY}"]\nevent = "Made(address made)"\nargument = "made"',
        ),
    ):
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return load_program(file).definition


def made(contract: str) -> FakeTx:
    """Let the factory announce a contract."""
    return tx(OWNER, FACTORY, logs=[log(FACTORY, MADE, data=f"0x{'00' * 12}{contract[2:]}")])


def history(random: Random, blocks: int = 120) -> FakeChain:
    """Make a chain on which the factory makes contracts that are used at once, and much else happens."""
    chain = FakeChain(genesis_time=START)
    open_for_business(chain)
    gammas: list[Address] = []
    for number in range(blocks):
        here: list[FakeTx] = []
        if random.random() < 0.08:
            gammas.append(address(f"gamma {number}"))
            here += [made(gammas[-1]), create(OWNER, nonce=100 + number)]
        for _ in range(random.choice((0, 0, 1, 3))):
            emitter = random.choice([*APPS[:2], *gammas, *gammas, address("nobody")])
            topic = random.choice([*[USED] * 14, TRANSFER, PAUSED, UNPAUSED, UNPAUSED, UPGRADED])
            here.append(tx(random.choice(USERS), emitter, logs=[log(emitter, topic)] * random.randint(0, 2)))
        code = dict.fromkeys(gammas[-1:], b"\x60\x03")
        chain.block(*here, at=chain.head().timestamp + random.choice(STEPS), code=code)
    return chain


def read(
    program: Definition, chain: FakeChain, folder: Path, cut: Cut
) -> tuple[list[dict[str, Any]], list[BlockFacts[ActorId]]]:
    """Give the ledger, and the stored blocks that say something that is no creation."""
    with fresh_store(folder) as store:
        watch = Watch(program, chain.clone(), store, cut=cut)
        watch.sync()
        with store.reading() as tx_:
            rows = [row for row in tx_.facts.blocks(-1, 10_000, 10_000) if not row.empty]
        return watch.entries(), [row for row in rows if row.activity or row.announcements or row.pauses]


@pytest.mark.parametrize("seed", range(4))
def test_both_ways_of_reading_give_one_ledger(program: Definition, tmp_path: Path, seed: int) -> None:
    """Contracts join in the middle of a window: what they do from that block on is read too."""
    random = Random(seed)
    chain = history(random)
    entries, rows = read(program, chain, tmp_path / "receipts", Cut())
    assert len(entries) > 2
    for number in range(3):
        cut = Cut(
            random.randint(1, 60), random.randint(1, 9), logs_window=random.randint(2, 200), by_logs=True
        )
        by_logs, logged = read(program, chain, tmp_path / f"logs{number}", cut)
        assert by_logs == entries
        assert [row.block for row in logged] == [row.block for row in rows]
        assert [row.activity.keys() for row in logged] == [row.activity.keys() for row in rows]
        assert [row.announcements for row in logged] == [row.announcements for row in rows]


def test_blocks_that_no_log_names_are_left_out(program: Definition) -> None:
    """A sparse program is read by what it is about: its own logs, code changes and pauses, listed blocks."""
    wanted = Tracked(program).log_filter()
    assert wanted is not None
    assert wanted.addresses == {*APPS[:2], FACTORY}
    assert wanted.topics == CODE_CHANGES | {PAUSED, UNPAUSED}
    assert wanted.blocks == {1}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('reach = "touched"', 'reach = "direct"'),
        ("not_paused = true", 'exclude = [{ kind = "deployers" }]'),
        (f'kind = "factory_event"\nfactories = ["{FACTORY}"]', f'kind = "deployer"\naccounts = ["{OWNER}"]'),
    ],
    ids=["direct", "excluded deployers", "deployer"],
)
def test_logs_do_not_determine_every_program(program: Definition, tmp_path: Path, old: str, new: str) -> None:
    """A call that emits nothing, and a creation, are in receipts only."""
    assert Tracked(program).log_filter() is not None
    text = (tmp_path / "world.toml").read_text(encoding="utf-8")
    assert old in text
    if "deployer" in new and "accounts" in new:
        text = text.replace('\nevent = "Made(address made)"\nargument = "made"', "")
    (tmp_path / "world.toml").write_text(text.replace(old, new), encoding="utf-8")
    assert Tracked(load_program(tmp_path / "world.toml").definition).log_filter() is None
