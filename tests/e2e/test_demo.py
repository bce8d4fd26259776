"""`watcher demo` as a person runs it: what it prints is what its ledger, messages and evidence say."""

import hashlib
import json
import os
import pty
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
import urllib3

from watcher import bootstrap
from watcher.testing.demo.apps import Apps
from watcher.testing.demo.files import write_files
from watcher.testing.demo.local_chain import LocalChain
from watcher.testing.demo.watch import Watch, load
from watcher.testing.devnet_server import serve
from watcher.testing.receiver import SECRET, Receiver

TEN = ["cards", "game", "lending", "market", "names", "perps", "pools", "social", "swap", "wallet"]
OTHERS = {
    "auction": "not_paused: 1 of 1 required contracts are paused",
    "insider": "min_actions: 0, needs 12",
    "relay": "(eip-7702)",
    "shell": "(eip-1967)",
    "solo": "min_actors: 1, needs 6",
}
STORY = [
    "definition.adopted demo",
    "app.went_live game",
    "app.went_live swap",
    "kpi.progressed ten-live-apps",
    "app.went_live auction",
    "app.went_live cards",
    "app.went_live pools",
    "kpi.progressed ten-live-apps",
    "app.went_live lending",
    "app.went_live market",
    "kpi.progressed ten-live-apps",
    "app.went_dormant auction",
    "app.went_live names",
    "app.went_live social",
    "kpi.progressed ten-live-apps",
    "app.went_live wallet",
    "kpi.progressed ten-live-apps",
    "milestone.observed first-kpi",
    "countdown.projected tge",
    "milestone.retracted first-kpi",
    "milestone.observed first-kpi",
    "countdown.projected tge",
    "app.went_live perps",
    "kpi.met ten-live-apps",
    "milestone.reached first-kpi",
    "countdown.started tge",
    "kpi.progressed ten-live-apps",
    "countdown.marked tge",
    "countdown.marked tge",
    "countdown.marked tge",
    "countdown.marked tge",
    "countdown.elapsed tge",
]


@dataclass(frozen=True)
class Shown:
    """What one run of the demo printed, and the folder it kept."""

    text: str
    folder: Path

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Read one of the files with an object a line."""
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]

    @property
    def ledger(self) -> list[dict[str, Any]]:
        """Give the ledger that was left."""
        return self.rows("ledger.jsonl")

    @property
    def received(self) -> list[dict[str, Any]]:
        """Give the webhooks that were received."""
        return self.rows("received.jsonl")

    def fact(self, name: str) -> str:
        """Give what is printed behind a name, up to the next gap."""
        [found] = re.findall(rf"^  {name} +(\S.*?)(?:  .*)?$", self.text, re.MULTILINE)
        assert isinstance(found, str)
        return found

    def entry(self, kind: str) -> dict[str, Any]:
        """Give the one entry of a type."""
        [entry] = [entry for entry in self.ledger if entry["type"] == kind]
        return entry


NEVER = "(?!)"
"""A pattern that matches nothing."""

COMMAND = [sys.executable, "-m", "watcher"]


def environment() -> dict[str, str]:
    """Give an environment in which nothing is set for other watchers and other terminals."""
    foreign = ("WATCHER_", "FORCE_COLOR", "NO_COLOR")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    return {**kept, "TERM": "xterm-256color", "COLUMNS": "250"}


def watcher(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command with its output in pipes."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Run the demo once, into a pipe, and keep what it leaves."""
    folder = tmp_path_factory.mktemp("demo") / "kept"
    run = watcher("demo", "--keep", str(folder))
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return Shown(run.stdout, folder)


def told(received: Sequence[dict[str, Any]]) -> list[str]:
    """Name messages by type and subject."""
    return [f"{each['payload']['type']} {each['payload']['data']['subject']}" for each in received]


class TestTheDemo:
    """One run, looked at from all sides."""

    def test_it_tells_the_whole_story_in_order(self, shown: Shown) -> None:
        """Every message arrives once, signed, in the order in which things happened, and is printed so."""
        assert told(shown.received) == STORY
        assert all(each["verified"] for each in shown.received)
        assert len({each["id"] for each in shown.received}) == len(STORY)
        printed = re.findall(r"^    -> (\S+) +signature verified  (\S+)", shown.text, re.MULTILINE)
        assert [f"{kind} {subject}" for kind, subject in printed] == STORY

    def test_it_prints_the_last_digest_of_two_equal_ledgers(self, shown: Shown) -> None:
        """The replay has its own database, and the same last digest as the ledger beside it."""
        assert shown.fact("ledger") == shown.fact("replay") == shown.ledger[-1]["digest"]
        assert (shown.folder / "replay.db").stat().st_size > 0

    def test_the_evidence_is_what_the_ledger_names(self, shown: Shown) -> None:
        """The printed SHA-256 is that of the file that was left, and stands in the milestone's entry."""
        evidence = (shown.folder / "first-kpi.json").read_bytes()
        digest = hashlib.sha256(evidence).hexdigest()
        assert shown.fact("evidence") == digest
        assert shown.entry("milestone.reached")["evidence"]["bundle_sha256"] == digest
        assert [app["id"] for app in json.loads(evidence)["apps"] if app["verdict"] == "LIVE"] == TEN

    def test_it_sends_the_message_that_the_readme_shows(self, shown: Shown) -> None:
        """The chain is the same on every machine, so is what follows. To renew it, copy what was expected."""
        [reached] = [each for each in shown.received if each["payload"]["type"] == "milestone.reached"]
        readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
        [example] = re.findall(r"^```json\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
        assert json.loads(example) == reached["payload"]

    def test_it_shows_who_counts_and_why_the_others_do_not(self, shown: Shown) -> None:
        """Ten apps of all kinds of code are live at the milestone; five are not, each for its own reason."""
        block = shown.entry("milestone.reached")["block_number"]
        assert f"Who counts at block {block}\n" in shown.text
        rows = re.findall(r"^(\w+) +((?:NOT_)?LIVE) ", shown.text, re.MULTILINE)
        assert [app for app, verdict in rows if verdict == "LIVE"] == TEN
        assert [app for app, verdict in rows if verdict == "NOT_LIVE"] == list(OTHERS)
        for app, reason in OTHERS.items():
            said = re.search(rf"^  {app} +\S.*\n +(.*)$", shown.text, re.MULTILINE)
            assert said
            assert reason in said[1]

    def test_the_countdown_ends_to_the_second(self, shown: Shown) -> None:
        """Seven days after the milestone's block, whichever later block proves it; marks count down to it."""
        reached, elapsed = shown.entry("milestone.reached"), shown.entry("countdown.elapsed")
        assert (reached["occurred_at"], elapsed["occurred_at"]) == (
            "2026-03-10T14:23:07Z",
            "2026-03-17T14:23:07Z",
        )
        assert f"at {elapsed['occurred_at']} exactly; block {elapsed['block_number']} proves it" in shown.text
        marks = [each["payload"]["data"] for each in shown.received if "mark" in each["payload"]["data"]]
        assert [mark["remaining_seconds"] for mark in marks] == [259_200, 86_400, 3_600, 0]
        assert not any(mark["stale"] or mark["at_risk"] for mark in marks)

    def test_a_reorg_takes_the_first_observation_back(self, shown: Shown) -> None:
        """The retraction names what it retracts; the milestone is reached at the later block."""
        data = [each["payload"]["data"] for each in shown.received if "milestone." in each["payload"]["type"]]
        first, retraction, second, reached = data
        assert retraction["observation"] == first["id"]
        assert retraction["block_hash"] == first["block_hash"]
        assert reached["block_hash"] == second["block_hash"]
        assert first["block_number"] < second["block_number"]

    def test_a_pipe_gets_plain_text(self, shown: Shown) -> None:
        """No colour, no cursor movement, no folded line, nothing that an old terminal cannot show."""
        assert shown.text.isascii()
        assert "\x1b" not in shown.text
        assert "\r" not in shown.text
        assert max(map(len, shown.text.splitlines())) > 160

    def test_it_ends_with_how_to_watch_a_real_chain(self, shown: Shown) -> None:
        """The next three commands are named, and those that work on what was kept."""
        commands = re.findall(r"^  (watcher \w+) ", shown.text, re.MULTILINE)
        assert commands == ["watcher init", "watcher check", "watcher run"]
        assert f"cd {shown.folder}, then watcher apps" in shown.text

    def test_other_commands_work_on_what_it_keeps(self, shown: Shown) -> None:
        """The folder holds an ordinary program, deployment and database."""
        digest = watcher("ledger", "--digest", cwd=shown.folder)
        assert (digest.returncode, digest.stdout) == (0, shown.ledger[-1]["digest"] + "\n")
        explained = watcher("explain", "relay", cwd=shown.folder)
        assert explained.returncode == 0
        assert explained.stdout.startswith("app relay is NOT_LIVE")


def read_until(terminal: int, pattern: str) -> tuple[re.Match[str] | None, str]:
    """Read what a process prints to its terminal, until the pattern is there or nothing more comes."""
    printed = b""
    found = None
    while found is None:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # Linux: the process has closed its side
            break
        if not part:
            break
        printed += part
        found = re.search(pattern, printed.decode(errors="replace"))
    return found, printed.decode(errors="replace")


def forge(deployment: Path) -> int:
    """Post a message that nobody signed to the receiver that a deployment names; return the HTTP status."""
    url = tomllib.loads(deployment.read_text(encoding="utf-8"))["channel"][0]["url"]
    body = json.dumps({"type": "countdown.elapsed", "data": {"subject": "tge"}})
    headers = {"webhook-id": "forged", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    return urllib3.request("POST", url, body=body, headers=headers, retries=False).status


def test_a_forged_webhook_makes_it_fail_and_say_so(shown: Shown) -> None:
    """Whatever was not promised is missing in the end: exit 1. All else is as in any other run.

    With --json stdout holds one object, and the story goes to stderr, in colour as that is a terminal.
    """
    here, there = pty.openpty()
    with subprocess.Popen([*COMMAND, "demo", "--json"], stdout=PIPE, stderr=there, env=environment()) as demo:
        os.close(there)
        found, begin = read_until(here, r"(/\S*/watcher-demo-\w+)\s")
        assert found, begin
        assert forge(Path(found[1]) / "watcher.toml") == 401
        _, rest = read_until(here, NEVER)
        assert demo.stdout
        answer = json.loads(demo.stdout.read())
    os.close(here)
    assert demo.returncode == 1
    complaints = answer.pop("missing")
    assert any("could not verify 1 of 33 requests: ['forged']" in each for each in complaints)
    assert answer == {
        "ok": False,
        "live_apps": TEN,
        "milestone_block": shown.entry("milestone.reached")["block_number"],
        "received": len(STORY) + 1,
        "ledger_digest": shown.ledger[-1]["digest"],
        "replay_digest": shown.ledger[-1]["digest"],
        "evidence_sha256": shown.fact("evidence"),
    }
    assert "NOT VERIFIED" in rest
    assert "\x1b[" in rest
    assert "watcher init" not in rest
    assert not Path(found[1]).exists()


def test_a_watcher_that_has_concluded_nothing_has_nothing_to_show(tmp_path: Path) -> None:
    """Where it stands still the demo ends with what is missing, not with an error."""
    chain = LocalChain()
    apps = Apps(chain.devnet)
    with serve(chain.devnet) as node, Receiver() as receiver:
        write_files(tmp_path, apps, node=node, receiver=receiver.url, secret=SECRET)
        with bootstrap.stages(load(tmp_path), clock=chain.clock) as stages:
            watch = Watch(stages, receiver)
            assert (watch.apps(), watch.apps(1), watch.evidence()) == ((), (), b"")


def test_what_is_in_a_folder_is_not_overwritten(tmp_path: Path) -> None:
    """--keep takes a new or an empty folder; anything else is refused before anything is started."""
    mine = tmp_path / "program.toml"
    mine.write_text("mine", encoding="utf-8")
    for keep, said in ((tmp_path, "has something in it already"), (mine, "cannot be used")):
        run = watcher("demo", "--keep", str(keep))
        assert run.returncode == 2
        assert said in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["program.toml"]
    assert mine.read_text(encoding="utf-8") == "mine"


def test_without_the_extra_it_says_how_to_get_it() -> None:
    """The EVM is an optional dependency: its absence is a sentence with a remedy, no traceback."""
    hidden = "import sys; sys.modules['eth'] = None; sys.argv = ['watcher', 'demo']; "
    run = subprocess.run(
        [sys.executable, "-c", f"{hidden} from watcher.__main__ import main; main()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert 'pip install "watcher[demo]"' in run.stderr
    assert "Traceback" not in run.stderr
