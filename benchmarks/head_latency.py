"""From a new block to the webhook that it causes: with new heads over WebSocket, and by polling alone.

    python benchmarks/head_latency.py

    anvil: a block in which one more app goes live ─▶ watcher, a process of its own ─▶ a signed message

Three ways, a fresh watcher each round: `observed` is `milestone.observed` of a block that is not final;
`final` is the ledger entry `app.went_live` where blocks are final at once; `polling` is `observed` by polls
each 250 ms.

The clock starts before the block is asked for and stops when a receiver on this machine has verified the
message, so that sealing the block and verifying are in the figure. Prints milliseconds; each block has to
bring exactly its own message.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.nodes import Anvil, anvil
from watcher import bootstrap, log
from watcher.testing.receiver import SECRET, Received, Receiver

ROUNDS = {"observed": 5, "final": 1, "polling": 1}
"""Of the first a hundred blocks count, so that its 99th percentile is not its slowest one."""
BLOCKS = 22
"""Blocks a round, and as many apps, KPIs and milestones."""

WARM_UP = 2
"""The first blocks of a round have to arrive, and do not count: a daemon runs for months."""

GAP_SECONDS = (0.22, 0.4)
"""Between blocks, at random: so far apart that each is told of by itself, and not in step with the polls."""

SECONDS_TO_LISTEN = 2.0
"""A connection is made, and a library of 61 MB loaded, beside the first runs."""

NEVER = 1_000_000
"""A depth at which nothing becomes final while this runs."""

PROGRAM = """schema = 1
id = "bench"
provenance = {{ authority = "observer", source = "https://example.org" }}
[liveness]
unit = "transaction"
reach = "direct"
window = {{ days = 30, kind = "rolling" }}
min_actions = 1
[chain]
id = 31337
name = "anvil"
family = "ethereum"
finality = {{ depth = {depth} }}
count_from = {count_from}
"""

APP = """[[app]]
id = "app{number}"
contract = [{{ address = "{address}" }}]
"""

MILESTONE = """[[kpi]]
id = "live{number}"
metric = {{ kind = "live_apps" }}
at_least = {number}
[[milestone]]
id = "{subject}"
any_of = ["live{number}"]
"""

DEPLOYMENT = """schema = 1
database = "sqlite:///watcher.db"
[[endpoint]]
id = "main"
url = "{url}"
{websocket}
[[channel]]
id = "receiver"
kind = "webhook"
url = "{receiver}"
secrets = [{{ file = "secret" }}]
events = ["{event}"]
allow_private_addresses = true
"""


@dataclass(frozen=True)
class Way:
    """One way from a block to its message; `bars` are the milestones' numbers of live apps."""

    event: str
    subject: str
    depth: int
    bars: Sequence[int]
    websocket: bool
    poll_seconds: float


def ways(blocks: int) -> dict[str, Way]:
    """Give what is measured."""
    each = range(1, blocks + 1)
    return {
        "observed": Way("milestone.observed", "milestone{}", NEVER, each, websocket=True, poll_seconds=2.0),
        "final": Way("app.went_live", "app{}", 0, (blocks,), websocket=True, poll_seconds=2.0),
        "polling": Way("milestone.observed", "milestone{}", NEVER, each, websocket=False, poll_seconds=0.25),
    }


def app(number: int) -> str:
    """Give the address of an app, from 1 on."""
    return f"0x{0xA990000 + number:040x}"


def write_files(folder: Path, way: Way, node: Anvil, receiver: Receiver, blocks: int) -> None:
    """Write program and deployment of a fresh watcher."""
    program = PROGRAM.format(depth=way.depth, count_from=node.mine())
    program += "".join(APP.format(number=number, address=app(number)) for number in range(1, blocks + 1))
    program += "".join(MILESTONE.format(number=bar, subject=f"milestone{bar}") for bar in way.bars)
    (folder / "program.toml").write_text(program, encoding="utf-8")
    websocket = f'websocket = "{node.url.replace("http", "ws")}"' if way.websocket else ""
    deployment = DEPLOYMENT.format(url=node.url, websocket=websocket, receiver=receiver.url, event=way.event)
    (folder / "watcher.toml").write_text(deployment, encoding="utf-8")
    (folder / "secret").write_text(SECRET, encoding="utf-8")


def watch(folder: Path, poll_seconds: float) -> None:
    """Be the watcher: as `watcher run` is, but with any interval between the polls."""
    files = bootstrap.load(folder / "program.toml", folder / "watcher.toml")
    schedule = files.deployment.schedule.model_copy(update={"index": timedelta(seconds=poll_seconds)})
    log.configure(sys.stderr)
    with bootstrap.stages(replace(files, deployment=replace(files.deployment, schedule=schedule))) as stages:
        bootstrap.daemon(stages).run()


@contextmanager
def watching(folder: Path, poll_seconds: float) -> Iterator[None]:
    """Start the watcher; when this begins it has caught up, and listens."""
    with (folder / "watcher.log").open("w") as said:
        command = [sys.executable, __file__, "--watch", str(folder), str(poll_seconds)]
        with subprocess.Popen(command, stderr=said) as process:
            try:
                _wait_until_caught_up(folder / "watcher.log")
                yield
            finally:
                process.terminate()


def _wait_until_caught_up(said: Path) -> None:
    for _ in range(3_000):
        if '"untried": 0' in said.read_text(encoding="utf-8"):
            break
        Event().wait(0.01)
    Event().wait(SECONDS_TO_LISTEN)


def latencies(folder: Path, way: Way, random: Random, blocks: int = BLOCKS) -> list[float]:
    """Give the seconds from each block to its message."""
    arrived: dict[str, float] = {}
    came = Event()

    def note(message: Received) -> None:
        assert message.payload is not None
        subject = message.payload["data"]["subject"]
        assert subject not in arrived, f"{subject} came twice"
        arrived[subject] = time.perf_counter()
        came.set()

    took = []
    with anvil() as node, Receiver(on_message=note) as receiver:
        for number in range(1, blocks + 1):
            node.ask("anvil_setCode", app(number), "0x00")
        write_files(folder, way, node, receiver, blocks)
        with watching(folder, way.poll_seconds):
            for number in range(1, blocks + 1):
                node.ask("eth_sendTransaction", {"from": node.accounts[0], "to": app(number)})
                came.clear()
                begun = time.perf_counter()
                node.ask("evm_mine")
                assert came.wait(10.0), (
                    f"no message for block {number}: {(folder / 'watcher.log').read_text()}"
                )
                took.append(arrived[way.subject.format(number)] - begun)
                Event().wait(random.uniform(*GAP_SECONDS))
    assert len(arrived) == blocks
    return took[WARM_UP:]


def figures(took: Sequence[float]) -> dict[str, float]:
    """Give median, 99th percentile and maximum in milliseconds."""
    ranked = sorted(took)
    p99 = ranked[-(-99 * len(ranked) // 100) - 1]
    found = {"p50_ms": statistics.median(ranked), "p99_ms": p99, "max_ms": ranked[-1]}
    return {name: round(1_000 * seconds, 1) for name, seconds in found.items()}


def main() -> None:
    """Measure each way and print them as JSON."""
    if sys.argv[1:2] == ["--watch"]:
        watch(Path(sys.argv[2]), float(sys.argv[3]))
        return
    random = Random(1)
    took: dict[str, list[float]] = {name: [] for name in ways(BLOCKS)}
    for name, way in ways(BLOCKS).items():
        for _ in range(ROUNDS[name]):
            with tempfile.TemporaryDirectory() as folder:
                took[name] += latencies(Path(folder), way, random)
    found = {name: figures(each) for name, each in took.items()}
    print(json.dumps({"blocks": {name: len(each) for name, each in took.items()}, **found}))


if __name__ == "__main__":
    main()
