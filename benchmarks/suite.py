"""All benchmarks in one command; `make bench` runs it and writes the tables of docs/performance.md.

    python benchmarks/suite.py              every part
    python benchmarks/suite.py PART …       these parts; the others stand on the page as they were

Each part takes under a minute or little more. Everything compared in a row is run in turn in one part, in
three rounds; the medians count.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from page import write_page
from peers import PEERS, NotInstalled
from replay import HERE, Replay

ROUNDS = 3
RESULTS = HERE.parent / ".tools" / "bench" / "results.json"
"""What the last run of each part found."""

Found = dict[str, Any]


@dataclass(frozen=True)
class Bar:
    """One bar of the table: what, how far, what was measured, whether it is met (None: cannot be told)."""

    what: str
    bar: str
    measured: str
    met: bool | None
    part: str


@dataclass
class Report:
    """What the parts found."""

    bars: list[Bar] = field(default_factory=list)
    clients: list[tuple[str, Found]] = field(default_factory=list)
    part: str = ""

    def bar(self, what: str, bar: str, measured: str, *, met: bool | None) -> None:
        """Add a row, and print it."""
        self.bars.append(Bar(what, bar, measured, met, self.part))
        print(
            f"  {what}: {measured} (bar {bar}) {'' if met is None else 'met' if met else 'MISSED'}",
            flush=True,
        )

    def client(self, name: str, found: Found) -> None:
        """Add a client's figures, and print them."""
        self.clients.append((name, found))
        shown = {key: round(value, 2) for key, value in found.items() if isinstance(value, int | float)}
        print(f"  {name}: {json.dumps(shown)}", flush=True)


def interleaved(works: dict[str, Callable[[], Found]]) -> dict[str, Found]:
    """Run all in turn, several times; give of each the round whose rate is the median."""
    rounds: dict[str, list[Found]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            rounds[name].append(work())
    return {name: sorted(each, key=lambda found: found["rate"])[ROUNDS // 2] for name, each in rounds.items()}


def backfill(report: Report) -> None:
    """Compare reading, extracting and storing with pulling and decoding the same bytes alone."""
    with Replay(2_000, 50) as replay:
        clients = {
            "pull + decode": "floor",
            "pull + decode + plain sums": "floor_aggregate",
            "backfill, 50 apps, every transaction": "direct",
            "backfill, 1 app of 50": "sparse",
            "backfill and conclusions (sync)": "sync",
        }
        found = interleaved({name: lambda c=client: replay.run(c) for name, client in clients.items()})
    for name, each in found.items():
        report.client(name, each)
    floor = found["pull + decode"]
    for name in ("backfill, 50 apps, every transaction", "backfill, 1 app of 50"):
        wall = floor["rate"] / found[name]["rate"]
        cpu = found[name]["cpu_per_million"] / floor["cpu_per_million"]
        report.bar(
            f"{name}, against pull + decode", "≤ 1.8x", f"{wall:.1f}x (CPU {cpu:.1f}x)", met=wall <= 1.8
        )
    direct = found["backfill, 50 apps, every transaction"]
    share = direct["storage_share"]
    report.bar("storage share of a backfill", "≤ 15 %", f"{share:.0%}", met=share <= 0.15)
    requests = 1_000 * direct["requests"] / direct["blocks"]
    report.bar(
        "requests per 1,000 blocks of receipts (50 each)", "≤ 110", f"{requests:.0f}", met=requests <= 110
    )


def peers(report: Report) -> None:
    """Compare with web3.py, cryo, ethereum-etl and ponder on the same bytes."""
    with Replay(2_000, 50) as replay:
        os.environ["REPLAY_TRANSACTIONS"] = "50"

        def peer(name: str, blocks: int) -> Found:
            replay.behave()
            found = PEERS[name](replay.url, blocks)
            expected = {address: each["logs"] for address, each in replay.totals(blocks).items()}
            assert dict(found.pop("logs")) == expected, f"{name} counted other logs"
            return found | replay.counters() | {"rate": blocks * 50 / found["seconds"]}

        replay.run("logs")  # the server writes the logs down when they are asked for first
        works: dict[str, Callable[[], Found]] = {
            "backfill": lambda: replay.run("direct"),
            "logs, pull + decode + count": lambda: replay.run("logs"),
            "web3.py, default": lambda: replay.run("web3", 60),
        }
        missing: dict[str, str] = {}
        for name, blocks in (("cryo 0.3.2", 2_000), ("ethereum-etl 2.4.2", 200)):
            try:
                peer(name, 20)
                works[name] = lambda name=name, blocks=blocks: peer(name, blocks)
            except NotInstalled as error:
                missing[name] = f"not installed: {error}"
        found = interleaved(works)
        try:
            found["ponder 1.0.0"] = peer("ponder 1.0.0", 300)
        except NotInstalled as error:
            missing["ponder 1.0.0"] = f"not installed: {error}"
    for name, each in found.items():
        report.client(name, each)
    ours, logs = found["backfill"], found["logs, pull + decode + count"]
    for name, ours_now, bar, factor in (
        ("web3.py, default", ours, "≥ 60x faster", 60),
        ("cryo 0.3.2", logs, "≥ 4x faster", 4),
        ("ethereum-etl 2.4.2", ours, "≥ 20x faster", 20),
        ("ponder 1.0.0", logs, "≥ 150x faster", 150),
    ):
        what = f"{'backfill' if ours_now is ours else 'logs'} against {name}"
        if name in missing:
            report.bar(what, bar, missing[name], met=None)
        else:
            ratio = ours_now["rate"] / found[name]["rate"]
            report.bar(what, bar, f"{ratio:.1f}x", met=ratio >= factor)


def processes(report: Report) -> None:
    """Compare two processes with one, once they run."""
    with Replay(3_000, 50) as replay:
        found = interleaved(
            {name: lambda name=name: replay.run(name) for name in ("one_process", "two_processes")}
        )
    ratio = found["two_processes"]["rate"] / found["one_process"]["rate"]
    report.client("one process", found["one_process"])
    report.client("two processes (memory and CPU: of the writer)", found["two_processes"])
    report.bar("two processes against one", "≥ 1.5x", f"{ratio:.2f}x", met=ratio >= 1.5)


def light(report: Report) -> None:
    """Measure on a chain of many light blocks: memory, limits, latency, billed calls."""
    with Replay(20_000, 10) as replay:
        short, long = replay.run("direct", 1_000), replay.run("direct")
        report.client("backfill of 1,000 light blocks", short)
        report.client("backfill of 20,000 light blocks", long)
        most, growth = max(short["peak_mb"], long["peak_mb"]), long["peak_mb"] - short["peak_mb"]
        report.bar("memory of a backfill", "≤ 120 MB", f"{most:.0f} MB", met=most <= 120)
        report.bar("its growth from 1,000 to 20,000 blocks", "≤ 10 MB", f"{growth:+.0f} MB", met=growth <= 10)
        planned = replay.run("planned")
        for name, each in (("every transaction, by receipts", long), ("1 app, as planned", planned)):
            ratio = each["billed_calls"] / each["planned_calls"]
            measured = f"{ratio:.2f}x ({each['billed_calls']:,} of {each['planned_calls']:,})"
            report.bar(f"billed calls against the plan: {name}", "≤ 1.2x", measured, met=ratio <= 1.2)
        for name, client, behaviour in (
            ("25 calls a batch", "direct", {"largest_batch": 25}),
            ("300 calls a second", "direct", {"calls_per_second": 300}),
            ("800 calls a second", "direct", {"calls_per_second": 800}),
            ("500 blocks an eth_getLogs", "planned", {"log_range": 500}),
            ("200 results an eth_getLogs", "planned", {"log_results": 200}),
            ("answers of 500 kB", "direct", {"largest_answer": 500_000}),
        ):
            blocks = 20_000 if client == "planned" else 1_500
            refusals = replay.run(client, blocks, **behaviour)["refusals"]
            report.bar(f"refusals from a cold start, {name}", "≤ 1", f"{refusals}", met=refusals <= 1)
        latency = 0.05
        found = replay.run("direct", latency_seconds=latency, largest_batch=10)
        share = found["requests"] * latency / 32 / found["seconds"]
        measured = f"{share:.2f} ({found['requests']} requests, {found['most_in_flight']} in flight at most)"
        report.bar(
            "at 50 ms latency, 10 calls a batch, of the bound of 32 in flight",
            "≥ 0.6",
            measured,
            met=share >= 0.6,
        )


def head(report: Report) -> None:
    """Measure from a block to its message, evaluation at the head, and the start of the command line."""
    command = [sys.executable, str(HERE / "head_latency.py")]
    found = json.loads(_output(command).splitlines()[-1])
    p99 = found["observed"]["p99_ms"]
    measured = f"p99 {p99} ms, median {found['observed']['p50_ms']} ms"
    report.bar("head: block to delivered webhook, WebSocket", "p99 ≤ 25 ms", measured, met=p99 <= 25)
    most = found["final"]["max_ms"] / 1_000
    report.bar("a final block to its ledger entry's message", "≤ 5 s", f"{most:.2f} s", met=most <= 5)
    took = json.loads(_output([sys.executable, str(HERE / "head_evaluation.py")]).splitlines()[-1])
    year, months = took["a_year_ms"], took["two_months_ms"]
    report.bar(
        "evaluation at the head, 50 apps, 30 days, a year of history",
        "≤ 5 ms",
        f"{year:.1f} ms ({months:.1f} ms after two months)",
        met=year <= 5,
    )
    starts = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        _output([str(Path(sys.executable).parent / "watcher"), "--help"])
        starts.append(time.perf_counter() - begun)
    start = statistics.median(starts)
    report.bar("start of the command line (`watcher --help`)", "≤ 0.8 s", f"{start:.2f} s", met=start <= 0.8)


PARTS: dict[str, Callable[[Report], None]] = {
    "backfill": backfill,
    "peers": peers,
    "processes": processes,
    "light": light,
    "head": head,
}


def versions() -> str:
    """Say on what this ran."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("msgspec", "urllib3", "SQLAlchemy", "web3"))
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {libraries}"


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


def main() -> None:
    """Run what is asked for, and write the page from the last run of every part."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in sys.argv[1:] or PARTS:
        print(f"{name}:", flush=True)
        report = Report(part=name)
        begun = time.perf_counter()
        PARTS[name](report)
        print(f"  took {time.perf_counter() - begun:.0f} s", flush=True)
        results[name] = asdict(report) | {"load": os.getloadavg()[0]}
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(results), encoding="utf-8")
    reports = [results[name] for name in PARTS if name in results]
    write_page(
        [row for report in reports for row in report["bars"]],
        [client for report in reports for client in report["clients"]],
        {report["part"]: report["load"] for report in reports},
        versions(),
    )


if __name__ == "__main__":
    main()
