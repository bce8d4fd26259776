"""Other tools at the same work on the same bytes, each in an environment of its own under .tools/bench.

Each function gives the seconds and what it counted, or raises NotInstalled with the reason. `install` is the
only part that needs the network; everything else stays on this machine.
"""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from made_chain import CONTRACTS, contract, transaction_hash

HERE = Path(__file__).parent
HOME = HERE.parent / ".tools" / "bench"
SECONDS = 60
"""A peer that takes longer is given up."""

Found = dict[str, Any]


class NotInstalled(Exception):
    """A peer that cannot be had here, and why."""


def cryo(url: str, blocks: int) -> Found:
    """Read all logs to Parquet with cryo 0.3.2 (Rust)."""
    python = _environment("cryo", ["cryo==0.3.2", "polars", "pyarrow"])
    return json.loads(_run([str(python), str(HERE / "peers" / "cryo_logs.py"), url, str(blocks)])[-1])


def ethereum_etl(url: str, blocks: int) -> Found:
    """Export receipts and logs to CSV with ethereum-etl 2.4.2, 4 workers, batches of 100.

    It is given the hashes of the transactions, and one transaction in each of `blocks` blocks is one action.
    """
    # Its own pin of parsimonious does not run on Python 3.11.
    python = _environment(
        "ethereum-etl", ["ethereum-etl==2.4.2", "setuptools<81", "regex"], ["parsimonious==0.10.0"]
    )
    with tempfile.TemporaryDirectory() as folder:
        hashes, logs = Path(folder) / "hashes", Path(folder) / "logs.csv"
        transactions = int(os.environ["REPLAY_TRANSACTIONS"])
        lines = [
            transaction_hash(number, place)
            for number in range(1, blocks + 1)
            for place in range(transactions)
        ]
        hashes.write_text("\n".join(lines) + "\n", encoding="ascii")
        command = [str(python), "-c", "from ethereumetl.cli import cli; cli()", "export_receipts_and_logs"]
        options = ["--transaction-hashes", hashes, "--provider-uri", url, "--logs-output", logs]
        begun = time.perf_counter()
        _run([*command, *map(str, options), "--receipts-output", f"{folder}/receipts.csv", "-w", "4"])
        seconds = time.perf_counter() - begun
        with logs.open(encoding="ascii") as rows:
            counts = Counter(row["address"] for row in csv.DictReader(rows))
    return {"seconds": seconds, "logs": counts}


def ponder(url: str, blocks: int) -> Found:
    """Upsert a row an address and day for each log with ponder 1.0.0 on PGlite.

    The seconds are those between its own log lines, without its start. The blocks have to be final, else it
    follows the head.
    """
    folder = HOME / "ponder"
    _install_ponder(folder)
    shutil.rmtree(folder / ".ponder", ignore_errors=True)
    shutil.copytree(HERE / "peers" / "ponder", folder, dirs_exist_ok=True)
    port = _free_port()
    environment = os.environ | {
        "REPLAY_URL": url,
        "REPLAY_BLOCKS": str(blocks),
        "REPLAY_CONTRACTS": json.dumps([contract(number) for number in range(CONTRACTS)]),
        "PONDER_TELEMETRY_DISABLED": "true",
    }
    program = folder / "node_modules" / "ponder" / "dist" / "esm" / "bin" / "ponder.js"
    command = [
        "node",
        str(program),
        "start",
        "--schema",
        "bench",
        "--port",
        str(port),
        "--log-format",
        "json",
    ]
    with (folder / "ponder.log").open("w") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        try:
            while not _answers(f"http://127.0.0.1:{port}/ready"):
                if process.poll() is not None or time.perf_counter() - begun > SECONDS:
                    raise AssertionError(f"ponder: {(folder / 'ponder.log').read_text()[-1_500:]}")
                time.sleep(0.05)
            seconds = _seconds_of_work((folder / "ponder.log").read_text(encoding="utf-8"))
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/days", timeout=10) as answer:
                rows = json.load(answer)
        finally:
            process.terminate()
            process.wait()
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["address"]] += row["logs"]
    return {"seconds": seconds, "logs": counts}


PEERS = {"cryo 0.3.2": cryo, "ethereum-etl 2.4.2": ethereum_etl, "ponder 1.0.0": ponder}


def _environment(name: str, packages: list[str], anyway: list[str] | None = None) -> Path:
    """Give the Python of an environment with these packages; `anyway` go in against their pins."""
    folder = HOME / name
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
            for more in ([*packages], ["--no-deps", *(anyway or [])]):
                command = [str(python), "-m", "pip", "install", "--quiet", *more]
                if more != ["--no-deps"]:
                    subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            raise NotInstalled(_reason(error)) from None
        (folder / ".installed").touch()
    return python


def _install_ponder(folder: Path) -> None:
    if (folder / "node_modules" / "ponder").exists():
        return
    # npm installs into the nearest folder upwards that has a package.json: it needs its own.
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {"hono": "^4", "ponder": "1.0.0", "viem": "^2"}
    (folder / "package.json").write_text(
        json.dumps({"name": "bench-ponder", "private": True, "type": "module", "dependencies": wanted}),
        encoding="utf-8",
    )
    npm = shutil.which("npm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    command = [npm or "npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotInstalled(_reason(error)) from None


def _reason(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    text = said if isinstance(said, str) else said.decode()
    return text.strip().splitlines()[-1][:150]


def _run(command: list[str]) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-1_500:]
    return done.stdout.splitlines()


def _seconds_of_work(log: str) -> float:
    """Give the time from ponder's first line about the chain to the one that all is indexed."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    begun = next(line["time"] for line in lines if line["service"] == "historical")
    [ended] = [line["time"] for line in lines if line["msg"] == "Completed historical indexing"]
    return (int(ended) - int(begun)) / 1_000


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # of this machine
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
