"""One client at work on a replay server, in a process of its own, and nothing else in it.

    python benchmarks/clients.py CLIENT URL BLOCKS      prints one line of JSON

Wall and CPU seconds are those of the work alone, without the start of Python; `totals` is what the client
made of the blocks, for comparison with the server's recount.
"""

import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import urllib3
from made_chain import CONTRACTS, Totals, contract

AT_ONCE = 8
BLOCKS_A_REQUEST = 10
LOG_BLOCKS_A_REQUEST = 20

Found = dict[str, Any]


def pulled(url: str, bodies: Sequence[bytes], decode: Callable[[bytes], Any]) -> Iterator[Any]:
    """Send requests from threads, ahead and in order, and decode here: the least that a client can do."""
    pool = urllib3.connection_from_url(url, maxsize=AT_ONCE)

    def post(body: bytes) -> bytes:
        return pool.request("POST", "/", body=body, headers={"content-type": "application/json"}).data

    with ThreadPoolExecutor(AT_ONCE) as threads:
        under_way = [threads.submit(post, body) for body in bodies[:AT_ONCE]]
        for place in range(len(bodies)):
            answer = under_way[place].result()
            under_way[place] = None  # type: ignore[call-overload]  # its bytes may go
            if place + AT_ONCE < len(bodies):
                under_way.append(threads.submit(post, bodies[place + AT_ONCE]))
            yield decode(answer)


def _receipt_requests(blocks: int) -> list[bytes]:
    from watcher.chain.wire import Call, write_request  # noqa: PLC0415  # only what a client needs

    return [
        write_request(
            [
                Call("eth_getBlockReceipts", (hex(number),))
                for number in range(first, min(first + BLOCKS_A_REQUEST, blocks + 1))
            ]
        )
        for first in range(1, blocks + 1, BLOCKS_A_REQUEST)
    ]


def floor(url: str, blocks: int) -> Found:
    """Pull and decode, keep nothing."""
    from watcher.chain.wire import BLOCKS  # noqa: PLC0415

    receipts = sum(
        len(answer.result)
        for answers in pulled(url, _receipt_requests(blocks), BLOCKS.decode)
        for answer in answers  # type: ignore[union-attr]
    )
    return {"receipts": receipts}


def floor_aggregate(url: str, blocks: int) -> Found:
    """Pull, decode and sum up in a plain loop."""
    from watcher.chain.wire import BLOCKS  # noqa: PLC0415

    sums = Sums()
    for answers in pulled(url, _receipt_requests(blocks), BLOCKS.decode):
        for answer in answers:
            for receipt in answer.result:
                price = int(receipt.effective_gas_price, 16)
                sums.add(receipt.to, receipt.sender, receipt.gas_used, price, receipt)
    return {"totals": sums.totals()}


class Sums:
    """Totals per contract, as `made_chain.recount` has them."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._sums: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
        self._actors: dict[str, set[str]] = defaultdict(set)

    def add(self, to: str, sender: str, gas_used: str | int, price: int, receipt: Any) -> None:  # noqa: ANN401
        """Add one receipt."""
        gas = gas_used if isinstance(gas_used, int) else int(gas_used, 16)
        sums = self._sums[to]
        if receipt.status in {"0x1", 1}:
            sums[0] += 1
            self._actors[to].add(sender)
        else:
            sums[1] += 1
        sums[2] += gas
        sums[3] += gas * price
        sums[4] += len(receipt.logs)

    def totals(self) -> Totals:
        """Give the totals."""
        names = ("actions", "failed", "gas", "fee_wei", "logs")
        return {
            to: dict(zip(names, sums, strict=True)) | {"actors": len(self._actors[to])}
            for to, sums in self._sums.items()
        }


def web3_default(url: str, blocks: int) -> Found:
    """Read with web3.py as it comes, a block a request, and sum up in a plain loop."""
    from web3 import HTTPProvider, Web3  # noqa: PLC0415

    web3, sums = Web3(HTTPProvider(url)), Sums()
    for number in range(1, blocks + 1):
        for receipt in web3.eth.get_block_receipts(number):
            to, sender = str(receipt["to"]).lower(), str(receipt["from"]).lower()
            sums.add(to, sender, receipt["gasUsed"], receipt["effectiveGasPrice"], receipt)
    return {"totals": sums.totals()}


def backfill(
    url: str,
    blocks: int,
    *,
    apps: int = CONTRACTS,
    reach: str = "direct",
    workers: int = 1,
    from_third: bool = False,
) -> Found:
    """Read, extract and store with the watcher's index stage; measure all of it, or the last two thirds."""
    from programs import database, definition, source, stored_totals  # noqa: PLC0415

    from watcher.chain.endpoint import EndpointSettings  # noqa: PLC0415
    from watcher.clock import SystemClock  # noqa: PLC0415
    from watcher.core.types import BlockRange  # noqa: PLC0415
    from watcher.stages.index import Index  # noqa: PLC0415
    from watcher.stages.planning import Planner  # noqa: PLC0415
    from watcher.stages.workplaces import Workers  # noqa: PLC0415

    class Timed(Index):
        """Also sums up the seconds that writing takes."""

        stored_seconds = 0.0

        def _write(self, *args: Any, **kwargs: Any) -> int:  # noqa: ANN401
            begun = time.perf_counter()
            found = super()._write(*args, **kwargs)
            self.stored_seconds += time.perf_counter() - begun
            return found

    with tempfile.TemporaryDirectory() as folder:
        program = definition(Path(folder), apps, reach)
        planner = Planner(program, source(url))
        plan = planner.plan(BlockRange(1, blocks))
        reader = source(url)
        with closing(database(Path(folder))) as store:
            index = Timed(
                program,
                reader,
                store,
                SystemClock(),
                by_logs=planner.by_logs,
                workplace=Workers(workers).workplace(program, [EndpointSettings("replay", url)]),
            )
            begun_at = blocks // 3 if from_third else 0
            if from_third:  # until then processes start
                index.run(begun_at)
            measure = Measure()
            index.run(blocks)
            found = measure.found() | {
                "storage_share": index.stored_seconds / measure.found()["seconds"],
                "planned_calls": plan.calls,
                "billed_calls": sum(traffic.calls for traffic in reader.traffic.values()),
                "measured_blocks": blocks - begun_at,
            }
            index.close()
            totals = stored_totals(store, blocks)
    return found | {"totals": totals}


def sync(url: str, blocks: int) -> Found:
    """Read, extract, store and conclude: `watcher sync` without a channel."""
    from programs import database, definition, source, stored_totals  # noqa: PLC0415

    from watcher.clock import SystemClock  # noqa: PLC0415
    from watcher.stages.announce import Announcer  # noqa: PLC0415
    from watcher.stages.evaluate import Evaluate  # noqa: PLC0415
    from watcher.stages.index import Index  # noqa: PLC0415
    from watcher.stages.sync import catch_up  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        program, clock = definition(Path(folder)), SystemClock()
        with closing(database(Path(folder))) as store:
            measure = Measure()
            catch_up(
                Index(program, source(url), store, clock),
                Evaluate(program, store, clock, Announcer(program, clock)),
                blocks,
            )
            found = measure.found()
            totals = stored_totals(store, blocks)
    return found | {"totals": totals}


def logs(url: str, blocks: int) -> Found:
    """Pull all logs of all contracts by eth_getLogs, decode and count them per contract."""
    from watcher.chain.wire import LOGS, Call, write_request  # noqa: PLC0415

    addresses = [contract(number) for number in range(CONTRACTS)]
    bodies = [
        write_request(
            [
                Call(
                    "eth_getLogs",
                    (
                        {
                            "address": addresses,
                            "fromBlock": hex(first),
                            "toBlock": hex(min(first + LOG_BLOCKS_A_REQUEST - 1, blocks)),
                        },
                    ),
                )
            ]
        )
        for first in range(1, blocks + 1, LOG_BLOCKS_A_REQUEST)
    ]
    counts: Counter[str] = Counter()
    for answer in pulled(url, bodies, LOGS.decode):
        for log in answer.result:
            counts[log.address] += 1
    return {"logs": dict(counts)}


class Measure:
    """Wall and CPU seconds of this process and the threads in it, and of its children that ended."""

    def __init__(self) -> None:
        """Start now."""
        self._begun, self._cpu = time.perf_counter(), _cpu_seconds()

    def found(self) -> Found:
        """Give what was used since the start, and the peak memory of this process."""
        return {
            "seconds": time.perf_counter() - self._begun,
            "cpu_seconds": _cpu_seconds() - self._cpu,
            "peak_mb": _peak_mb(),
        }


def _cpu_seconds() -> float:
    return sum(os.times()[:4])


def _peak_mb() -> float:
    """Read the high-water mark; getrusage's is inherited from whoever started this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


CLIENTS: dict[str, Callable[[str, int], Found]] = {
    "floor": floor,
    "floor_aggregate": floor_aggregate,
    "web3": web3_default,
    "logs": logs,
    "sync": sync,
    "direct": backfill,
    "sparse": lambda url, blocks: backfill(url, blocks, apps=1),
    "planned": lambda url, blocks: backfill(url, blocks, apps=1, reach="touched"),
    "one_process": lambda url, blocks: backfill(url, blocks, from_third=True),
    "two_processes": lambda url, blocks: backfill(url, blocks, workers=2, from_third=True),
}


def main() -> None:
    """Be one client."""
    client, url, blocks = sys.argv[1], sys.argv[2], int(sys.argv[3])
    work = CLIENTS[client]
    if client == "web3":
        import web3  # noqa: F401, PLC0415  # nearly a second that is not the work's
    measure = Measure()
    found = work(url, blocks)
    print(json.dumps(measure.found() | found))


if __name__ == "__main__":
    main()
