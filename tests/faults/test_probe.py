"""Probing an endpoint before a run: every way in which one can turn out to be less than was hoped."""

from typing import Any

import pytest

from tests.faults.scripted_node import (
    CHAIN_ID,
    CODE,
    HttpAnswer,
    Refused,
    ScriptedNode,
    Waiting,
    scripted_node,
)
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.probe import SAMPLED, Probe
from watcher.core.definition import Finality
from watcher.core.endpoint_report import EndpointReport, History, Report, Unreachable
from watcher.core.types import Address

DEPTH = Finality(depth=5)
KEY = "SECRETSECRET"


def report(
    node: ScriptedNode | str,
    finality: Finality = DEPTH,
    *,
    first: int = 1,
    waiting: Waiting | None = None,
    calls_per_minute: int | None = None,
) -> Report:
    """Probe a node."""
    waiting = waiting or Waiting()
    url = node if isinstance(node, str) else f"{node.url}/{KEY}"
    settings = EndpointSettings("main", url, calls_per_minute)
    return Probe(settings, waiting.clock, waiting).report(finality, first)


def told(node: ScriptedNode, finality: Finality = DEPTH, **options: Any) -> EndpointReport:  # noqa: ANN401
    """Probe a node that answers."""
    found = report(node, finality, **options)
    assert isinstance(found, EndpointReport), found
    return found


def history(node: ScriptedNode, **options: Any) -> History:  # noqa: ANN401
    """Probe a node that tells its history."""
    found = told(node, **options).history
    assert isinstance(found, History), found
    return found


def test_a_node_that_has_everything_is_asked_in_few_calls() -> None:
    """What it serves, what is final, how far back it goes, and what its blocks weigh."""
    with scripted_node(blocks=60, receipts=3) as node:
        found = told(node)
        calls = node.calls
    assert (found.chain_id, found.head.number) == (CHAIN_ID, 59)
    assert not isinstance(found.final, str)
    assert found.final is not None
    assert found.final.number == 54
    assert isinstance(found.history, History)
    assert (found.history.receipts_from, found.history.state_from, found.history.batch) == (1, 1, SAMPLED)
    assert found.history.whole_blocks
    assert found.history.times[1] == 1_700_000_001
    sampled = found.history.sampled
    assert (sampled.blocks, sampled.receipts, sampled.empty) == (SAMPLED, 3 * SAMPLED, 0)
    assert sampled.size_bytes > sampled.receipts * 100
    assert (found.safe, found.finalized) == (None, None)
    assert calls < 35


def test_a_node_that_does_not_answer_is_unreachable_and_its_key_stays_secret() -> None:
    """What is shown of it is scheme, host and port."""
    found = report(f"http://127.0.0.1:9/{KEY}")
    assert isinstance(found, Unreachable)
    assert found.why == "eth_chainId: connection refused: is the node running?"
    assert KEY not in str(found)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (
            [HttpAnswer(401, b"no such key SECRETSECRET")],
            "eth_chainId: HTTP 401: no such key *** (check the URL",
        ),
        ([HttpAnswer(body=b"<html>")], "eth_chainId: not the JSON that was asked for: <html>"),
        ([HttpAnswer(429)] * 3, "eth_chainId: HTTP 429: "),
        ([HttpAnswer(body=b'{"id":0,"result":"zz"}')], "eth_chainId: 'zz' is no number"),
        ([HttpAnswer(body=b'{"id":0,"result":null}')], "eth_chainId: not a text"),
    ],
)
def test_nonsense_from_the_start_is_unreachable(answers: list[HttpAnswer], why: str) -> None:
    """There is nothing to judge, and the words of the node are shown without the key."""
    with scripted_node() as node:
        node.next(*answers)
        found = report(node)
    assert isinstance(found, Unreachable)
    assert found.why.startswith(why)
    assert KEY not in found.why


def test_a_busy_node_is_asked_again_after_the_time_it_asks_for() -> None:
    """Within reason: a check that takes minutes is not made."""
    with scripted_node() as node:
        node.next(HttpAnswer(429, headers={"Retry-After": "3"}), HttpAnswer(503))
        waiting = Waiting()
        assert told(node, waiting=waiting).chain_id == CHAIN_ID
        assert waiting.seconds == [3.0, 0.5]
        node.next(HttpAnswer(429, headers={"Retry-After": "900"}))
        waiting = Waiting(stop_after=1)
        assert isinstance(report(node, waiting=waiting), Unreachable)
        assert waiting.seconds == [10.0]


def test_another_chain_is_reported_as_it_is() -> None:
    """Judging is not the probe's business."""
    with scripted_node(chain_id=1) as node:
        assert told(node).chain_id == 1


def test_a_node_without_blocks_is_unreachable() -> None:
    """It is about to begin."""
    with scripted_node() as node:
        honest = node.methods["eth_getBlockByNumber"]
        node.methods["eth_getBlockByNumber"] = lambda method, params: (
            None if params[0] == "latest" else honest(method, params)
        )
        found = report(node)
    assert found == Unreachable(found.name, "has no blocks yet: wait for it")


def test_a_tag_that_nothing_carries_and_one_that_is_refused_are_told_apart() -> None:
    """The one is young, the other never becomes final."""
    tag = Finality(tag="finalized")
    with scripted_node() as node:
        assert told(node, tag).final is None
        honest = node.methods["eth_getBlockByNumber"]

        def refusing(method: str, params: list[Any]) -> Any:  # noqa: ANN401
            if params[0] == "finalized":
                raise Refused(-32602, "invalid tag")
            return honest(method, params)

        node.methods["eth_getBlockByNumber"] = refusing
        assert told(node, tag).final == told(node, tag).finalized == "invalid tag"


def test_methods_that_are_not_offered_are_named() -> None:
    """What looks behind proxies; a node that offers them may still answer what it likes."""
    with scripted_node() as node:
        assert history(node).no_methods == ("eth_getStorageAt", "eth_call")
        node.methods["eth_getStorageAt"] = lambda _method, _params: "0x"
        node.methods["eth_call"] = lambda _method, _params: _raise(Refused(3, "execution reverted"))
        assert history(node).no_methods == ()


def test_contracts_that_join_before_they_have_code_are_named() -> None:
    """Those that have none to this day may be meant so; what cannot be asked is not guessed."""
    early, right, never, pruned = (Address(f"0x{number:040x}") for number in range(4))
    deployed = {early: 50, right: 5, never: 10_000, pruned: 50}
    waiting = Waiting()
    with scripted_node(blocks=300) as node:
        node.methods["eth_getCode"] = lambda _method, params: (
            CODE if int(params[1], 16) >= deployed.get(params[0], 0) else "0x"
        )
        below(20, Refused(-32000, "missing trie node"), node, "eth_getCode")
        listed = [(early, 30), (right, 30), (never, 30), (pruned, 19), (early, 1_000)]
        settings = EndpointSettings("main", node.url)
        probe = Probe(settings, waiting.clock, waiting, listed=listed)
        found = probe.report(DEPTH, 1)
    assert isinstance(found, EndpointReport)
    assert isinstance(found.history, History)
    assert found.history.undeployed == ((early, 30),)


def test_a_chain_that_is_shorter_than_the_depth_has_nothing_final() -> None:
    """What is there is looked at all the same."""
    with scripted_node(blocks=4) as node:
        found = told(node)
    assert found.final is None
    assert isinstance(found.history, History)


def test_where_nothing_is_left_to_read_nothing_is_looked_at() -> None:
    """The database is ahead of what is final."""
    with scripted_node(blocks=20) as node:
        assert told(node, first=15).history is None


def below(number: int, refusal: Refused | None, node: ScriptedNode, method: str) -> None:
    """Let a node forget what a method would answer below a block."""
    honest = node.methods[method]

    def forgetful(name: str, params: list[Any]) -> Any:  # noqa: ANN401
        if int(params[-1], 16) >= number:
            return honest(name, params)
        if refusal is None:
            return []
        raise refusal

    node.methods[method] = forgetful


@pytest.mark.parametrize("refusal", [Refused(-32000, "missing trie node"), Refused(4444, "pruned"), None])
def test_the_lowest_block_with_receipts_is_found_by_halving(refusal: Refused | None) -> None:
    """Also where a node answers what it has forgotten with an empty list."""
    with scripted_node(blocks=300) as node:
        below(137, refusal, node, "eth_getBlockReceipts")
        found = history(node)
        assert node.asked("eth_getBlockReceipts") < 40
    assert (found.receipts_from, found.state_from) == (137, 1)
    assert found.sampled.blocks == SAMPLED


def test_the_lowest_block_with_state_is_found_by_halving() -> None:
    """Most nodes keep the state of a few days."""
    with scripted_node(blocks=300) as node:
        below(200, Refused(-32000, "missing trie node"), node, "eth_getCode")
        assert history(node).state_from == 200
        below(1_000, Refused(-32000, "missing trie node"), node, "eth_getCode")
        assert history(node).state_from is None


def test_a_first_block_that_is_gone_leaves_its_time_open() -> None:
    """Old headers may be gone with their receipts."""
    with scripted_node(blocks=300) as node:
        honest = node.methods["eth_getBlockByNumber"]
        node.methods["eth_getBlockByNumber"] = lambda method, params: (
            None if params[0] == "0x1" else honest(method, params)
        )
        found = history(node)
    assert (found.times.get(1), found.receipts_from) == (None, 2)


def test_receipts_one_by_one_are_noticed_and_weighed() -> None:
    """A few are fetched, the others are taken to be like them."""
    with scripted_node(blocks=60, receipts=3) as node:
        del node.methods["eth_getBlockReceipts"]
        found = history(node)
        assert not found.whole_blocks
        assert (found.receipts_from, found.sampled.receipts) == (1, 3 * SAMPLED)
        assert found.sampled.size_bytes > 3 * SAMPLED * 100
        honest = node.methods["eth_getBlockByNumber"]
        node.methods["eth_getBlockByNumber"] = lambda method, params: (
            None if params[0] == "0x1" else honest(method, params)
        )
        assert history(node).receipts_from == 2


def test_the_largest_batch_that_was_taken_is_told() -> None:
    """Providers cap them, and say so in many ways."""
    with scripted_node() as node:
        capped = node.answer

        def refusing(path: str, body: bytes) -> HttpAnswer:
            answer = capped(path, body)
            if len(node.requests[-1]) > 5:
                return HttpAnswer(body=b'{"id":null,"error":{"code":-32600,"message":"batch too large"}}')
            return answer

        node.answer = refusing  # type: ignore[method-assign]  # the node under test is made to refuse
        assert history(node).batch == 4


def test_a_node_that_gives_up_half_way_says_so() -> None:
    """Chain and head are known then, the history is not."""
    with scripted_node() as node:
        node.methods["eth_getCode"] = lambda _method, _params: _raise(Refused(-32005, "over rate limit"))
        assert told(node).history == "eth_getCode: over rate limit"


def _raise(error: Exception) -> Any:  # noqa: ANN401
    raise error


def test_a_single_block_is_a_sample_of_itself() -> None:
    """Nothing is divided by nothing."""
    with scripted_node(blocks=7, receipts=0) as node:
        found = history(node)
    assert (found.sampled.blocks, found.sampled.empty) == (1, 1)
