"""Probing what an endpoint has of the logs that a program needs, and how wide a range it takes."""

from typing import Any

import pytest

from tests.faults.logging_node import APP, UPGRADED, LoggingNode, logging_node
from tests.faults.scripted_node import Refused, Waiting
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.probe import Probe
from watcher.core.definition import Finality
from watcher.core.endpoint_report import EndpointReport, History, LogHistory
from watcher.core.window import LogFilter

WANTED = LogFilter(frozenset({APP}), frozenset({UPGRADED}))
BLOCKS = 12_006
"""The last final one is the 12,000th."""


def logs_of(node: LoggingNode) -> LogHistory | str | None:
    """Probe a node for the logs of a program."""
    waiting = Waiting()
    settings = EndpointSettings("main", node.node.url)
    probe = Probe(settings, waiting.clock, waiting, wanted=WANTED)
    found = probe.report(Finality(depth=5), 1)
    assert isinstance(found, EndpointReport)
    return found.history.logs if isinstance(found.history, History) else found.history


def test_the_widest_range_is_found_and_what_logs_name_is_counted() -> None:
    """Twice in eight ranges of ten thousand of twelve thousand blocks, spread evenly: they overlap."""
    with logging_node(BLOCKS, {6_000: 3, 6_100: 1}) as node:
        assert logs_of(node) == LogHistory(1, 10_000, named=16, asked=80_000)


@pytest.mark.parametrize(("limit", "span"), [(9_999, 2_000), (1_500, 1_000), (50, 10), (9, 1)])
def test_a_narrower_limit_is_found_in_few_calls(limit: int, span: int) -> None:
    """Each width that providers have is tried once."""
    with logging_node(BLOCKS, {6_000: 3}) as node:
        node.most_blocks = limit
        found = logs_of(node)
        assert isinstance(found, LogHistory)
        assert (found.logs_from, found.span, found.asked) == (1, span, 8 * span)
        assert node.refusals <= 2 * 6
        assert node.node.asked("eth_getLogs") < 2 * (7 + 8) + 4


def test_a_short_history_is_one_range() -> None:
    """Nothing before its first block is asked for, and nothing is counted twice that is asked once."""
    with logging_node(46, {7: 1}) as node:
        assert logs_of(node) == LogHistory(1, 40, named=1, asked=40)


@pytest.mark.parametrize("silent", [True, False])
def test_the_lowest_block_with_logs_is_found_by_halving(silent: bool) -> None:  # noqa: FBT001
    """Also where a node answers what it has forgotten with an empty list, which the bloom belies."""
    with logging_node(306, {}) as node:
        for number, (header, _) in enumerate(node.node.blocks):
            node.use(number, 1)
            node.node.blocks[number] = {**header, "logsBloom": "0x01"}, node.node.blocks[number][1]
        honest = node.node.methods["eth_getLogs"]

        def forgetful(method: str, params: list[Any]) -> Any:  # noqa: ANN401
            if int(params[0]["fromBlock"], 16) >= 137:
                return honest(method, params)
            if silent:
                return []
            raise Refused(4444, "pruned history unavailable")

        node.node.methods["eth_getLogs"] = forgetful
        found = logs_of(node)
    assert isinstance(found, LogHistory)
    assert (found.logs_from, found.span) == (137, 164)
    assert found.named == found.asked


def test_an_endpoint_without_the_method_has_no_logs() -> None:
    """Its receipts are read."""
    with logging_node(46, {}) as node:
        del node.node.methods["eth_getLogs"]
        assert logs_of(node) == LogHistory(None, None, named=0, asked=0)


def test_an_endpoint_that_answers_nonsense_takes_no_range() -> None:
    """It had an answer for single blocks, and none for what a program wants."""
    with logging_node(46, {}) as node:
        honest = node.node.methods["eth_getLogs"]
        node.node.methods["eth_getLogs"] = lambda method, params: (
            node.node.blocks[0][0] if len(params[0]) > 2 else honest(method, params)
        )
        assert logs_of(node) == LogHistory(1, None, named=0, asked=0)
