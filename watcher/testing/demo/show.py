"""The show: chain, node, receiver and watcher are started, the script is played, the promises are checked.

folder ─▶ files ─▶ scenes, each looked at by the watcher and told ─▶ proof ─▶ Outcome
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from watcher import bootstrap
from watcher.core.ledger import sha256_hex
from watcher.core.types import LiveVerdict
from watcher.testing.demo.apps import Apps
from watcher.testing.demo.files import MILESTONE, new_secret, write_files
from watcher.testing.demo.local_chain import LocalChain
from watcher.testing.demo.promises import Findings, broken, digest, unkept
from watcher.testing.demo.script import Scene, Script
from watcher.testing.demo.watch import Rows, Watch, load, replay
from watcher.testing.devnet_server import serve
from watcher.testing.receiver import Received, Receiver

LEDGER, RECEIVED, EVIDENCE = "ledger.jsonl", "received.jsonl", f"{MILESTONE}.json"
"""What is left in the folder beside the files and databases."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended; `missing` names each promise that was not kept."""

    milestone_block: int
    found: Findings
    missing: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """Give the form that `watcher demo --json` prints."""
        return {
            "ok": not self.missing,
            "missing": list(self.missing),
            "live_apps": [row["id"] for row in self.found.apps_then if row["verdict"] == LiveVerdict.LIVE],
            "milestone_block": self.milestone_block,
            "received": len(self.found.requests),
            "ledger_digest": digest(self.found.entries),
            "replay_digest": digest(self.found.replayed),
            "evidence_sha256": sha256_hex(self.found.evidence),
        }


class Teller(Protocol):
    """Tells whoever watches what is going on, in the order of these methods; decides nothing."""

    def introduce(self, files: bootstrap.Files, folder: Path, *, node: str) -> None:
        """Say what will be seen, on what, and by which rule."""
        ...

    def tell(self, scene: Scene, requests: Sequence[Received]) -> None:
        """Tell a scene, and each webhook that it brought."""
        ...

    def count(self, rows: Rows, block_number: int) -> None:
        """Show who counts as of the milestone's block, and why the others do not."""
        ...

    def prove(self, found: Findings) -> None:
        """Show the ledger's last digest beside that of a replay, and what the milestone rests on."""
        ...

    def conclude(self, missing: Sequence[str], *, kept: Path | None) -> None:
        """Say whether everything came as promised, and how to go on from here."""
        ...


def show(folder: Path, teller: Teller, *, kept: bool) -> Outcome:
    """Play the whole demo, leaving everything in an empty folder; `kept` says that it will stay there."""
    chain = LocalChain()
    apps = Apps(chain.devnet)
    script = Script(chain, apps)
    secret = new_secret()
    missing: list[str] = []
    with serve(chain.devnet) as node, Receiver(secret=secret) as receiver:
        write_files(folder, apps, node=node, receiver=receiver.url, secret=secret)
        files = load(folder)
        teller.introduce(files, folder, node=node)
        with bootstrap.stages(files, clock=chain.clock) as stages:
            watch = Watch(stages, receiver)
            for scene in script.scenes():
                requests = watch.look()
                missing += unkept(scene, requests)
                teller.tell(scene, requests)
                if scene.census:
                    teller.count(watch.apps(script.milestone_block), script.milestone_block)
            found = Findings(
                apps_then=watch.apps(script.milestone_block),
                apps_now=watch.apps(),
                entries=watch.entries(),
                replayed=replay(folder),
                evidence=watch.evidence(),
                requests=receiver.requests,
            )
    missing += broken(found, milestone_block=script.milestone_block, deadline=script.deadline)
    _leave(folder, found)
    teller.prove(found)
    teller.conclude(missing, kept=folder if kept else None)
    return Outcome(script.milestone_block, found, missing)


def _leave(folder: Path, found: Findings) -> None:
    received = (
        {"id": request.id, "verified": request.verified, "payload": request.payload}
        for request in found.requests
    )
    _write_lines(folder / RECEIVED, received)
    _write_lines(folder / LEDGER, found.entries)
    (folder / EVIDENCE).write_bytes(found.evidence)


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
