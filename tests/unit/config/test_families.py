"""Chain families: one file each says which transactions are the chain's own."""

import re

import pytest

from watcher.config.families import families, known_family, system_transactions
from watcher.core.definition import SystemTransactions

L1_ATTRIBUTES = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001"


def test_the_families_are_the_files() -> None:
    """Adding a file adds a family."""
    assert families() == ["arbitrum", "ethereum", "megaeth", "op-stack"]


def test_an_unknown_family_lists_the_known_ones() -> None:
    """A typo is mended without looking anything up."""
    with pytest.raises(ValueError, match="write one of arbitrum, ethereum, megaeth, op-stack"):
        known_family("optimism")


def test_ethereum_has_no_system_transactions() -> None:
    """Its system calls have no receipts."""
    assert system_transactions("ethereum") == SystemTransactions()


def test_rollups_leave_out_what_the_system_sends() -> None:
    """By sender where deposits of people have the same type, by type where only the system uses it."""
    assert system_transactions("op-stack").senders == {L1_ATTRIBUTES}
    assert system_transactions("megaeth").senders > {L1_ATTRIBUTES}
    assert system_transactions("arbitrum") == SystemTransactions(types=frozenset({"0x6a"}))


@pytest.mark.parametrize("family", families())
def test_senders_and_types_are_written_as_nodes_write_them(family: str) -> None:
    """They are compared with receipts as they come: lowercase."""
    system = system_transactions(family)
    assert all(re.fullmatch("0x[0-9a-f]{40}", sender) for sender in system.senders)
    assert all(re.fullmatch("0x[1-9a-f][0-9a-f]?", kind) for kind in system.types)
