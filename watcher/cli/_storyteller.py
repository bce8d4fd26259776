"""How the demo is told: a timeline, who counts and why the others do not, and the proof.

It decides nothing: what it prints is what the script did, what the receiver got and what the watcher says.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from watcher.bootstrap import Files
from watcher.core.ledger import sha256_hex
from watcher.core.roster import why_not
from watcher.core.types import LiveVerdict
from watcher.core.wording import rule_words
from watcher.testing.demo.cast import candidate_of
from watcher.testing.demo.files import MILESTONE
from watcher.testing.demo.letters import words
from watcher.testing.demo.local_chain import DAY_ZERO
from watcher.testing.demo.promises import Findings, digest, subject
from watcher.testing.demo.script import Scene
from watcher.testing.demo.watch import Rows
from watcher.testing.receiver import Received

_TYPE_WIDTH, _SUBJECT_WIDTH = 19, 13

_REAL = (
    ("watcher init", "writes program.toml and watcher.toml: set chain, apps and bars; endpoint and channel"),
    ("watcher check", "probes endpoint, database and channels, and says what reading the history costs"),
    ("watcher run", "watches: `watcher status` says how it stands, `watcher explain ID` why"),
)


class Storyteller:
    """Prints to one console: coloured on a terminal, plain where the console is."""

    def __init__(self, console: Console) -> None:
        """Say nothing yet."""
        self._console = console

    def introduce(self, files: Files, folder: Path, *, node: str) -> None:
        """Say what will be seen, on what, and by which rule."""
        self._title("Ten live apps start a seven-day countdown, on a chain in this process")
        self._facts(
            ("node", f"{node}, a real EVM behind JSON-RPC; chain time travels"),
            ("folder", str(folder)),
            ("definition", files.definition.hash),
            *(
                ("rule" if not place else "", line)
                for place, line in enumerate(rule_words(files.definition.liveness))
            ),
        )
        self._title("What happens (in brackets: the kind of code, and how the app is found)")

    def tell(self, scene: Scene, requests: Sequence[Received]) -> None:
        """Tell a scene, and each webhook that it brought."""
        day, time = (scene.when - DAY_ZERO) // timedelta(days=1), scene.when.strftime("%Y-%m-%d %H:%M")
        self._line(Text(f"Day {day:<2}  {time}", "bold"), Text(scene.text))
        for request in requests:
            kind, name = subject(request)
            style, judged = ("green", "signature verified") if request.verified else ("red", "NOT VERIFIED")
            told = words(request.payload) if request.payload else request.id
            self._line(
                Text.assemble("    -> ", (f"{kind:<{_TYPE_WIDTH}}", "cyan")),
                Text.assemble((judged, style), f"  {name:<{_SUBJECT_WIDTH}}  {told}"),
            )

    def count(self, rows: Rows, block_number: int) -> None:
        """Show who counts as of the milestone's block, and why the others do not."""
        ordered = sorted(rows, key=lambda row: (row["verdict"] != LiveVerdict.LIVE, row["id"]))
        self._title(f"Who counts at block {block_number}")
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("app", "verdict", "code", "found by"):
            table.add_column(column, no_wrap=True)
        for column in ("actions", "gross", "actors", "days"):
            table.add_column(column, justify="right", no_wrap=True)
        for row in ordered:
            candidate = candidate_of(row["id"])
            table.add_row(
                row["id"],
                Text(row["verdict"], "green" if row["verdict"] == LiveVerdict.LIVE else "red"),
                str(candidate.code),
                candidate.found_by,
                *(str(row[key]) for key in ("actions", "actions_gross", "actors", "active_days")),
            )
        self._console.print(table)
        self._title("Why the others do not")
        for row in ordered:
            if row["verdict"] != LiveVerdict.LIVE:
                self._line(Text(f"  {row['id']:<8}", "bold"), Text(candidate_of(row["id"]).trap))
                self._line(Text(" " * 10), Text(why_not(dict(row)), "dim"))
        self._title("What happens next")

    def prove(self, found: Findings) -> None:
        """Show the ledger's last digest beside that of a replay, and what the milestone rests on."""
        self._title("The proof: the same node, read into a new database in one go")
        equal = "equal" if found.entries == found.replayed else "DIFFERENT"
        verified = sum(request.verified for request in found.requests)
        self._facts(
            ("ledger", f"{digest(found.entries)}  {len(found.entries)} entries, day by day, past a reorg"),
            ("replay", f"{digest(found.replayed)}  {len(found.replayed)} entries: {equal}"),
            ("evidence", f"{sha256_hex(found.evidence)}  {len(found.evidence):,} bytes behind {MILESTONE}"),
            ("webhooks", f"{len(found.requests)} received, {verified} with a valid signature"),
            ("note", "the chain is the same in every run, and so are these digests, on any machine"),
        )

    def conclude(self, missing: Sequence[str], *, kept: Path | None) -> None:
        """Say whether everything came as promised, and how to go on from here."""
        if missing:
            self._title("NOT everything came as promised")
            for line in missing:
                self._line(Text("  -", "red"), Text(line))
            return
        self._title("Everything came as promised")
        if kept:
            looks = f"watcher apps, watcher explain relay, watcher ledger, watcher evidence {MILESTONE}"
            self._facts(("look", f"cd {kept}, then {looks}"))
        else:
            self._facts(("look", "--keep FOLDER keeps the database, and every other command works on it"))
        self._title("Now a real L2")
        self._facts(*_REAL)

    def _title(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(text, "bold underline" if self._console.is_terminal else ""))

    def _facts(self, *facts: tuple[str, str]) -> None:
        width = max(len(name) for name, _ in facts)
        for name, said in facts:
            self._line(Text(f"  {name:<{width}}", "bold"), Text(said))

    def _line(self, label: Text, said: Text) -> None:
        """Print a line with a label; a terminal folds it beside the label, nothing else folds it at all."""
        if not self._console.is_terminal:
            self._console.print(Text.assemble(label, "  ", said), soft_wrap=True)
            return
        row = Table.grid(padding=(0, 2))
        row.add_column(no_wrap=True)
        row.add_column()
        row.add_row(label, said)
        self._console.print(row)
