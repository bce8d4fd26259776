"""Reading through endpoints that fail and lie by chance: what is read is the truth, or it is not read."""

import json
from collections.abc import Callable
from random import Random

import pytest

from tests.faults.scripted_node import CHAIN_ID, Json, ScriptedNode, Waiting
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.chain.refusals import RATE_LIMIT, Failure, Refusal
from watcher.core.types import Address, BlockRange
from watcher.errors import ChainError

BLOCKS, RECEIPTS = 60, 3
CONTRACT = Address("0x" + "aa" * 20)
TRUTH = ScriptedNode(BLOCKS, RECEIPTS, "", CHAIN_ID)
ELSEWHERE = ScriptedNode(BLOCKS, RECEIPTS, "another chain", CHAIN_ID)

Lie = Callable[[Random, Json], None]


def of_another_chain(_random: Random, answer: Json) -> None:
    """Show another chain's receipts."""
    if isinstance(answer["result"], list) and answer["result"]:
        answer["result"] = ELSEWHERE.blocks[int(answer["result"][0]["blockNumber"], 16)][1]


def of_another_block(random: Random, answer: Json) -> None:
    """Show another block, or its receipts."""
    if isinstance(answer["result"], list):
        answer["result"] = random.choice(TRUTH.blocks)[1]
    elif isinstance(answer["result"], dict):
        answer["result"] = random.choice(TRUTH.blocks)[0]


def short(random: Random, answer: Json) -> None:
    """Leave receipts out."""
    if isinstance(answer["result"], list):
        answer["result"] = answer["result"][: random.randrange(RECEIPTS)]


def doubled(_random: Random, answer: Json) -> None:
    """Show a receipt twice."""
    if isinstance(answer["result"], list) and len(answer["result"]) > 1:
        answer["result"] = [answer["result"][0], *answer["result"][:-1]]


def nothing(_random: Random, answer: Json) -> None:
    """Show nothing, as one that lags does."""
    answer["result"] = "0x" if isinstance(answer["result"], str) else None


def an_error(random: Random, answer: Json) -> None:
    """Refuse."""
    del answer["result"]
    code, message = random.choice(
        [(-32603, "internal error"), (429, "slow down"), (-32000, "header not found")]
    )
    answer["error"] = {"code": code, "message": message}


LIES: list[Lie] = [of_another_chain, of_another_block, short, doubled, nothing, an_error]
FAILURES = [
    Failure(Refusal.BUSY, "HTTP 429", 2.0, RATE_LIMIT),
    Failure(Refusal.BUSY, "HTTP 429", None, RATE_LIMIT),
    Failure(Refusal.BUSY, "no answer", kind="time-out"),
    Failure(Refusal.MALFORMED, "broken off", kind="broken body"),
]


class Fickle:
    """A connection that tells the truth most of the time; `lies`: how often it does not."""

    def __init__(self, name: str, random: Random, lies: float, failures: float) -> None:
        self.name = name
        self._random = random
        self._lies = lies
        self._failures = failures

    def quote(self, text: str | bytes) -> str:
        """Give the text as it is."""
        return str(text)

    def post(self, body: bytes) -> bytes | Failure:
        """Answer, or not."""
        random = self._random
        if random.random() < self._failures:
            return random.choice(FAILURES)
        asked = json.loads(body)
        answers = json.loads(TRUTH.answer("", body).body)
        identity = body.count(b"eth_chainId") or body.count(b'"0x0",false')
        if isinstance(asked, list) and random.random() < self._lies:
            answers = random.sample(answers, random.randint(1, len(answers)))
        for answer in answers if isinstance(answers, list) else [answers]:
            if not identity and random.random() < self._lies:
                random.choice(LIES)(random, answer)
        text = json.dumps(answers).encode()
        return text[: len(text) // 2] if random.random() < self._lies / 4 else text

    def close(self) -> None:
        """Nothing is open."""


def source_of(random: Random, lies: list[float], failures: float) -> JsonRpcSource:
    """Make a source over endpoints that lie so often, each by a chance of its own."""
    waiting = Waiting()
    seeds = [random.random() for _ in lies]
    return JsonRpcSource(
        [EndpointSettings(str(place), "http://127.0.0.1") for place in range(len(lies))],
        CHAIN_ID,
        clock=waiting.clock,
        wait=waiting,
        connect=lambda settings: Fickle(
            f"endpoint {settings.id}", Random(seeds[int(settings.id)]), lies[int(settings.id)], failures
        ),
        ahead=1,
        jitter=lambda: 0.0,
    )


@pytest.mark.parametrize("seed", range(60))
def test_what_is_read_is_the_truth_or_it_is_not_read(seed: int) -> None:
    """One endpoint or three, failing and lying: in the end every block is there, and none is another."""
    random = Random(seed)
    source = source_of(random, random.choice([[0.02], [0.1, 0.02], [0.3, 0.1, 0.0]]), random.choice([0, 0.2]))
    read: list[tuple[str, int]] = []
    for _ in range(300):
        try:
            left = BlockRange(len(read), BLOCKS - 1)
            for window in source.windows(left, random.choice([1, 7, 20])):
                read += [(block.hash, len(block.receipts)) for block in window.blocks]
        except ChainError:
            continue
        break
    assert read == [(TRUTH.hash(number), RECEIPTS) for number in range(BLOCKS)]


@pytest.mark.parametrize("seed", range(30))
def test_one_endpoint_that_says_there_is_no_code_is_never_believed(seed: int) -> None:
    """It lies half of the time, beside one that does not lie: the sample is the truth, or there is none."""
    random = Random(seed)
    source = source_of(random, random.choice([[0.5, 0.0], [0.0, 0.5], [0.5, 0.0, 0.0]]), 0.0)
    samples = []
    for number in range(10, BLOCKS):
        try:
            [ref] = source.headers([number])
            if ref is not None:
                samples.append(source.sample(CONTRACT, ref))
        except ChainError:
            continue
    assert len(samples) > BLOCKS / 5
    assert all(sample.runnable for sample in samples)
