"""Factory discovery: an address argument of a factory's event belongs to the app."""

import pytest
from pydantic import ValidationError

from tests.unit.discovery.givens import ALICE, APP, BOB, FACTORY, ONE, TWO, block, chain, joined, topic, word
from watcher.core.window import Query
from watcher.discovery.factory_event import FactoryEvent, Settings, build
from watcher.fields import ZERO_ADDRESS
from watcher.testing.fake_blocks import FakeLog, log, tx

POOL_CREATED = (
    "PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee, "
    "int24 tickSpacing, address pool)"
)
POOL_TOPICS = (
    topic("PoolCreated(address,address,uint24,int24,address)"),
    word(ALICE),
    word(BOB),
    f"0x{3000:064x}",
)
SPACING = f"{60:064x}"


def _discovery(event: str, argument: str) -> FactoryEvent:
    settings = Settings.model_validate({"factories": [FACTORY], "event": event, "argument": argument})
    return build(settings, APP, chain())


def _read(discovery: FactoryEvent, *logs: FakeLog) -> list[tuple[str, int]]:
    return joined(discovery.read(block(tx(ALICE, FACTORY, logs=logs))))


def test_an_argument_in_the_data_is_found() -> None:
    """Uniswap's PoolCreated names the pool in the second word of its data."""
    made = log(FACTORY, *POOL_TOPICS, data=f"0x{SPACING}{word(ONE)[2:]}")
    assert _read(_discovery(POOL_CREATED, "pool"), made, made) == [(ONE, 0), (ONE, 1)]


def test_an_indexed_argument_is_found() -> None:
    """It stands in the topic of its place among the indexed ones."""
    discovery = _discovery("AppDeployed(address creator, address indexed app)", "app")
    made = log(FACTORY, topic("AppDeployed(address,address)"), word(TWO), data=word(ALICE))
    assert _read(discovery, made) == [(TWO, 0)]


def test_arguments_of_any_size_may_stand_before_it() -> None:
    """A dynamic argument takes one word of the head, a fixed array or tuple as many as it has values."""
    event = "Made(string s, (uint256,(bool,address))[2] pair, uint8[2][3] grid, bytes[] parts, address app)"
    discovery = _discovery(event, "app")
    first = topic("Made(string,(uint256,(bool,address))[2],uint8[2][3],bytes[],address)")
    words_before = 1 + 2 * 3 + 2 * 3 + 1
    made = log(FACTORY, first, data="0x" + "ff" * 32 * words_before + word(ONE)[2:] + "00" * 64)
    assert _read(discovery, made) == [(ONE, 0)]


@pytest.mark.parametrize(
    "made",
    [
        log(BOB, *POOL_TOPICS, data=f"0x{SPACING}{word(ONE)[2:]}"),
        log(FACTORY, *POOL_TOPICS, data=f"0x{SPACING}"),
        log(FACTORY, *POOL_TOPICS, data="0x"),
        log(FACTORY, *POOL_TOPICS[:3], data=f"0x{SPACING}{word(ONE)[2:]}"),
        log(FACTORY, topic("Other()"), *POOL_TOPICS[1:], data=f"0x{SPACING}{word(ONE)[2:]}"),
        log(FACTORY, *POOL_TOPICS, data=f"0x{SPACING}{word(ZERO_ADDRESS)[2:]}"),
        log(FACTORY, *POOL_TOPICS, data=f"0x{SPACING}01{word(ONE)[4:]}"),
        log(FACTORY),
    ],
)
def test_a_log_that_is_not_the_declared_event_is_no_claim(made: FakeLog) -> None:
    """Another emitter, event or form, short data, no address in its place, the zero address: no claim."""
    assert not _read(_discovery(POOL_CREATED, "pool"), made)


def test_it_wants_the_logs_of_its_factories() -> None:
    """No creation tells anything here: what a factory makes has no receipt of its own."""
    discovery = _discovery(POOL_CREATED, "pool")
    assert discovery.wants() == Query(log_addresses=frozenset({FACTORY}))
    assert discovery.source == f"factory_event:{FACTORY}:{POOL_CREATED}:pool"


@pytest.mark.parametrize(
    ("event", "argument", "complaint"),
    [
        ("Created(address app)", "pool", "is no argument of the event: write one of app"),
        ("Created(address)", "app", "is no argument of the event: name it in the event"),
        ("Created(uint256 app)", "app", "has the type uint256: name one of the type address"),
        ("Created(address[] apps)", "apps", "has the type address[]"),
        (7, "app", "write the event's signature in quotes"),
    ],
)
def test_an_event_that_cannot_name_a_contract_is_refused(
    event: object, argument: str, complaint: str
) -> None:
    """Settings that could never find anything are an error of the program."""
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"factories": [FACTORY], "event": event, "argument": argument})
    assert complaint in str(refused.value)
