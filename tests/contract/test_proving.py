"""Reading with proof, on real nodes: each of their blocks is proven, what is changed on the way is found."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.chain_source.chains import CHAIN_ID, ChainUnderTest, OnAnvil, Served, Use
from tests.e2e.gate import Gate, gate
from tests.nodes import GENESIS_TIME, anvil
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.proof import Proof
from watcher.chain.reader import JsonRpcSource
from watcher.core.types import BlockRange
from watcher.core.window import LogFilter
from watcher.errors import HistoryMissing, MalformedAnswer
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_server import serve

BLOCK = "0x3"
"""The block with transactions that the tests change."""

Edit = Callable[[Any], Any]


@pytest.fixture(params=["devnet", "anvil"])
def between(request: pytest.FixtureRequest) -> Iterator[tuple[ChainUnderTest, Gate]]:
    """Give a chain with a busy block, two failures in it, and an open gate before its node."""
    if request.param == "devnet":
        devnet = Devnet(GENESIS_TIME)
        with serve(devnet) as url, gate(url) as found:
            yield _busy(Served(devnet, url)), _opened(found)
    else:
        with anvil(*OnAnvil.OPTIONS) as node, gate(node.url) as found:
            yield _busy(OnAnvil(node)), _opened(found)


def _busy(chain: ChainUnderTest) -> ChainUnderTest:
    first, second = chain.deploy("App"), chain.deploy("App")
    chain.mine(*(Use(user, first if user % 3 else second, fails=user > 7) for user in range(10)))
    chain.mine()
    return chain


def _opened(found: Gate) -> Gate:
    found.open.set()
    return found


def read(found: Gate, *, proof: Proof = Proof.TRANSACTIONS) -> list[int]:
    """Read everything through a gate and give how many receipts each block has."""
    source = JsonRpcSource(
        [EndpointSettings("gate", found.url)], CHAIN_ID, wait=lambda _seconds: False, proof=proof
    )
    try:
        only = None if proof is Proof.NOTHING else LogFilter()
        windows = source.windows(BlockRange(0, 4), 5, every_header=False, only=only)
        return [len(block.receipts) for window in windows for block in window.blocks]
    finally:
        source.close()


def in_receipts(change: Edit) -> Callable[[str, list[Any], Any], Any]:
    """Change the receipts of the busy block."""
    return lambda method, parameters, result: (
        change(result) if method == "eth_getBlockReceipts" and parameters == [BLOCK] else result
    )


def in_header(change: Edit) -> Callable[[str, list[Any], Any], Any]:
    """Change the header of the busy block."""
    return lambda method, parameters, result: (
        change(result) if method == "eth_getBlockByNumber" and parameters[0] == BLOCK else result
    )


def both(receipts: Edit, header: Edit) -> Callable[[str, list[Any], Any], Any]:
    """Change both, so that they fit each other."""
    first, second = in_receipts(receipts), in_header(header)
    return lambda method, parameters, result: second(method, parameters, first(method, parameters, result))


def without_last(items: list[Any]) -> list[Any]:
    """Leave the last one out."""
    return items[:-1]


def with_first(**fields: Any) -> Edit:  # noqa: ANN401  # whatever JSON holds
    """Change the first receipt."""
    return lambda receipts: [{**receipts[0], **fields}, *receipts[1:]]


def shifted_gas(receipts: list[Any]) -> list[Any]:
    """Let the first transaction have spent what the second one did, too."""
    second = int(receipts[1]["gasUsed"], 16)
    first = {**receipts[0], "gasUsed": hex(int(receipts[0]["gasUsed"], 16) + second)}
    return [first, {**receipts[1], "gasUsed": "0x0"}, *receipts[2:]]


def test_every_block_of_a_real_node_is_proven(between: tuple[ChainUnderTest, Gate]) -> None:
    """Creations, calls, failures and empty blocks; and blocks that no log names are read as well."""
    assert read(between[1]) == [0, 1, 1, 10, 0]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (
            both(
                without_last, lambda header: {**header, "transactions": without_last(header["transactions"])}
            ),
            "the header's",
        ),
        (in_receipts(without_last), "9 receipts for 10 transactions"),
        (in_receipts(with_first(logs=[])), "receiptsRoot"),
        (in_receipts(with_first(status="0x0")), "receiptsRoot"),
        (in_receipts(with_first(logsBloom="0x" + "ff" * 256)), "receiptsRoot"),
        (in_receipts(with_first(cumulativeGasUsed="none")), "no hex"),
        (in_receipts(shifted_gas), "gasUsed"),
        (
            in_header(lambda header: {**header, "timestamp": hex(int(header["timestamp"], 16) + 1)}),
            "its hash",
        ),
        (in_header(lambda header: {**header, "receiptsRoot": "0x" + "11" * 32}), "its hash"),
        (in_header(lambda header: {**header, "miner": None}), "JSON"),
    ],
    ids=[
        "a receipt and its transaction left out",
        "a receipt left out",
        "logs left out",
        "a failure forged",
        "a bloom forged",
        "no number",
        "gas moved",
        "time forged",
        "root forged",
        "a field left out",
    ],
)
def test_what_is_changed_on_the_way_is_found(
    between: tuple[ChainUnderTest, Gate], edit: Callable[[str, list[Any], Any], Any], why: str
) -> None:
    """Nothing that the block's hash covers can be altered or hidden."""
    between[1].edit = edit
    with pytest.raises(MalformedAnswer, match=why):
        read(between[1])


def test_whole_blocks_cannot_be_hidden(between: tuple[ChainUnderTest, Gate]) -> None:
    """An empty block in the place of a busy one does not have its hash; without proof it would pass."""
    empty = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    between[1].edit = both(
        lambda _receipts: [],
        lambda header: {
            **header,
            "transactions": [],
            "receiptsRoot": empty,
            "gasUsed": "0x0",
            "logsBloom": "0x" + "00" * 256,
        },
    )
    assert read(between[1], proof=Proof.NOTHING) == [0, 1, 1, 0, 0]
    with pytest.raises(MalformedAnswer, match="its hash"):
        read(between[1])


def in_body(change: Edit) -> Callable[[str, list[Any], Any], Any]:
    """Change the busy block where it is asked for with its transactions."""
    return lambda method, parameters, result: (
        change(result) if method == "eth_getBlockByNumber" and parameters == [BLOCK, True] else result
    )


def with_first_transaction(**fields: Any) -> Edit:  # noqa: ANN401  # whatever JSON holds
    """Change the block's first transaction."""
    return lambda block: {
        **block,
        "transactions": [{**block["transactions"][0], **fields}, *block["transactions"][1:]],
    }


def swapped(receipts: list[Any]) -> list[Any]:
    """Exchange the hashes of two receipts."""
    first, second, *rest = receipts
    one, two = first["transactionHash"], second["transactionHash"]
    return [{**first, "transactionHash": two}, {**second, "transactionHash": one}, *rest]


ELSEWHERE = "0x" + "ee" * 20


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (in_receipts(with_first(**{"from": ELSEWHERE})), "signed it"),
        (in_receipts(with_first(to=ELSEWHERE)), f"says that it went to {ELSEWHERE}"),
        (in_receipts(with_first(to=None)), "says that it went to None"),
        (in_receipts(with_first(effectiveGasPrice="0x1")), "another price"),
        (in_receipts(with_first(contractAddress=ELSEWHERE)), "which it did not create"),
        (
            both(
                swapped,
                lambda header: (
                    {
                        **header,
                        "transactions": [header["transactions"][place] for place in (1, 0, *range(2, 10))],
                    }
                    if isinstance(header["transactions"][0], str)
                    else header
                ),
            ),
            "stands in the place of",
        ),
        (in_body(with_first_transaction(to=ELSEWHERE)), "transactionsRoot"),
        (in_body(with_first_transaction(nonce=None)), "not there.*--receipts-only"),
        (in_body(with_first_transaction(type="0x6a")), "not known here"),
        (in_body(lambda block: {**block, "timestamp": "0x1"}), "does not come with its header"),
        (in_body(lambda block: {**block, "number": "0x1"}), "got another one"),
    ],
    ids=[
        "sender",
        "recipient",
        "a creation",
        "price",
        "created contract",
        "hashes exchanged",
        "a transaction altered",
        "a field left out",
        "an unknown type",
        "another header",
        "another number",
    ],
)
def test_what_receipts_say_beside_their_root_is_proven_by_transactions(
    between: tuple[ChainUnderTest, Gate], edit: Callable[[str, list[Any], Any], Any], why: str
) -> None:
    """Who sent it, to whom, for which price, and what it created; the receipts alone do not show it."""
    between[1].edit = edit
    with pytest.raises(MalformedAnswer, match=why):
        read(between[1])
    assert read(between[1], proof=Proof.RECEIPTS) == [0, 1, 1, 10, 0]


def test_a_block_without_its_transactions_is_history_that_is_missing(
    between: tuple[ChainUnderTest, Gate],
) -> None:
    """It may have been forgotten there."""
    between[1].edit = in_body(lambda _block: None)
    with pytest.raises(HistoryMissing):
        read(between[1])


def test_a_created_contract_is_proven_by_its_creator_and_nonce(between: tuple[ChainUnderTest, Gate]) -> None:
    """Nobody can pass another contract for the one that was created."""
    between[1].edit = lambda method, parameters, result: (
        [{**result[0], "contractAddress": ELSEWHERE}]
        if method == "eth_getBlockReceipts" and parameters == ["0x1"]
        else result
    )
    with pytest.raises(MalformedAnswer, match=f"names {ELSEWHERE} as created"):
        read(between[1])


def test_a_delegation_is_proven_like_any_transaction() -> None:
    """EIP-7702: its authorizations are part of what is signed."""
    devnet = Devnet(GENESIS_TIME)
    with serve(devnet) as url, gate(url) as found:
        chain = Served(devnet, url)
        chain.delegate(1, chain.deploy("App"))
        chain.mine()
        chain.mine()
        assert read(_opened(found)) == [0, 1, 1, 0, 0]
