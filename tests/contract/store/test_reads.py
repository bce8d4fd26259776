"""Samples and wants: what evaluate waits for, and what index answers."""

from tests.contract.store.givens import NOW, address, later
from watcher.core.facts import (
    AgreedWant,
    BlockAtWant,
    CallAnswer,
    CallWant,
    CodeKind,
    Logic,
    Sample,
    SampleWant,
    Want,
)
from watcher.core.types import ViewCall
from watcher.store.database import Store
from watcher.store.facts import OpenWant

SAMPLE = Sample(
    address(1),
    10,
    CodeKind.BEACON,
    "0x" + "ab" * 32,
    runnable=True,
    logic=(Logic(address(2), "0x" + "cd" * 32), Logic(address(3), None)),
    beacon=address(4),
)
NO_CODE = Sample(address(2), 10, CodeKind.NONE, None, runnable=False)
FIRST, SECOND = SampleWant(address(1), 20), BlockAtWant(1_700_000_000, 5, 30)


def test_samples_come_back_as_they_were(store: Store) -> None:
    """Proxies with the code behind them, and addresses without code, by contract and block."""
    with store.writing() as tx:
        tx.facts.add_samples([SAMPLE, NO_CODE])
        tx.facts.add_samples([])
    with store.reading() as tx:
        assert tx.facts.samples([9, 10]) == {(address(1), 10): SAMPLE, (address(2), 10): NO_CODE}
        assert tx.facts.samples([11]) == {}
        assert tx.facts.samples([]) == {}


def test_a_sample_read_again_replaces_the_one_before(store: Store) -> None:
    """The later read is the one that was checked against the later chain."""
    again = Sample(address(1), 10, CodeKind.PLAIN, "0x" + "ef" * 32, runnable=True)
    with store.writing() as tx:
        tx.facts.add_samples([SAMPLE])
        tx.facts.add_samples([again])
        assert tx.facts.samples([10]) == {(address(1), 10): again}


def test_a_want_asked_for_again_keeps_its_age_and_its_failures(store: Store) -> None:
    """`status` says since when a read is missing, however often evaluate asks."""
    with store.writing() as tx:
        tx.facts.put_wants([FIRST, SECOND], NOW)
        tx.facts.want_failed(FIRST, "missing trie node")
        tx.facts.want_failed(FIRST, "state is pruned")
        tx.facts.put_wants([FIRST, SECOND], later(60))
        assert tx.facts.wants() == [
            OpenWant(FIRST, NOW, 2, "state is pruned"),
            OpenWant(SECOND, NOW, 0, None),
        ]


def test_wants_of_every_kind_come_back_as_they_were(store: Store) -> None:
    """By the block that they are about."""
    call = CallWant(ViewCall(address(1), "0x01e1d114"), 15)
    wants: list[Want] = [AgreedWant(10, 3), FIRST, AgreedWant(20, 2), SECOND, call]
    with store.writing() as tx:
        tx.facts.put_wants(wants, NOW)
        assert {each.want for each in tx.facts.wants()} == set(wants)
        tx.facts.drop_wants(wants[2:])
        assert [each.want for each in tx.facts.wants()] == wants[:2]


def test_answered_wants_go(store: Store) -> None:
    """Dropping is idempotent, and a want that nobody has is no error."""
    with store.writing() as tx:
        tx.facts.put_wants([FIRST, SECOND], NOW)
        tx.facts.drop_wants([SECOND, SampleWant(address(9), 9)])
        tx.facts.drop_wants([SECOND])
        tx.facts.drop_wants([])
        tx.facts.put_wants([], NOW)
        assert [open_want.want for open_want in tx.facts.wants()] == [FIRST]


def test_what_calls_returned_comes_back_as_it_was(store: Store) -> None:
    """A number, nothing at all, and a revert are three different answers; one read again replaces."""
    asked = [ViewCall(address(1), "0x01"), ViewCall(address(1), "0x02"), ViewCall(address(2), "0x01")]
    with store.writing() as tx:
        tx.facts.add_calls([CallAnswer(asked[0], 10, b"old")])
        tx.facts.add_calls([CallAnswer(asked[0], 10, (2**200).to_bytes(32)), CallAnswer(asked[1], 10, b"")])
        tx.facts.add_calls([CallAnswer(asked[2], 11, None), CallAnswer(asked[0], 12, b"\0")])
        tx.facts.add_calls([])
    with store.reading() as tx:
        assert tx.facts.calls([9, 10, 11]) == {
            (asked[0], 10): (2**200).to_bytes(32),
            (asked[1], 10): b"",
            (asked[2], 11): None,
        }
        assert tx.facts.calls([]) == {}
