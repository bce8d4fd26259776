"""Chain families: one file each says which transactions are the chain's own."""

import re

import pytest

from watcher.config.families import families, known_family, system_transactions
from watcher.core.types import Address

L1_ATTRIBUTES = Address("0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001")
UPGRADER = Address("0x4210000000000000000000000000000000000003")
MULTICALL3 = Address("0xca11bde05977b3631167028862be2a173976ca11")
ANYBODY = Address("0x" + "aa" * 20)


def test_the_families_are_the_files() -> None:
    """Adding a file adds a family."""
    assert families() == ["arbitrum", "ethereum", "megaeth", "op-stack"]


def test_an_unknown_family_lists_the_known_ones() -> None:
    """A typo is mended without looking anything up."""
    with pytest.raises(ValueError, match="write one of arbitrum, ethereum, megaeth, op-stack"):
        known_family("optimism")


def test_ethereum_has_no_system_transactions() -> None:
    """Its system calls have no receipts."""
    system = system_transactions("ethereum")
    assert (system.senders, system.types) == (frozenset(), frozenset())


def test_rollups_leave_out_what_the_system_sends() -> None:
    """By sender where deposits of people have the same type, by type where only the system uses it."""
    assert system_transactions("op-stack").senders == {L1_ATTRIBUTES}
    assert system_transactions("megaeth").senders > {L1_ATTRIBUTES}
    assert system_transactions("arbitrum").types == {"0x6a"}
    assert system_transactions("arbitrum").senders == frozenset()


def test_what_an_upgrade_or_anybody_puts_on_every_chain_is_no_application() -> None:
    """Its creation has a receipt like any other: by address where everybody knows it, else by creator."""
    for family in families():
        system = system_transactions(family)
        assert system.created(ANYBODY, "0x2", MULTICALL3)
        assert not system.created(ANYBODY, "0x2", ANYBODY)
    assert system_transactions("op-stack").created(UPGRADER, "0x7e", ANYBODY)
    assert system_transactions("op-stack").created(L1_ATTRIBUTES, "0x7e", ANYBODY)
    assert system_transactions("arbitrum").created(ANYBODY, "0x6a", ANYBODY)


@pytest.mark.parametrize("family", families())
def test_senders_and_types_are_written_as_nodes_write_them(family: str) -> None:
    """They are compared with receipts as they come: lowercase."""
    system = system_transactions(family)
    for address in system.senders | system.creators | system.contracts:
        assert re.fullmatch("0x[0-9a-f]{40}", address)
    assert all(re.fullmatch("0x[1-9a-f][0-9a-f]?", kind) for kind in system.types)
