"""What `watcher verify` reads and answers: files that were handed over, and equal, differs or cannot tell.

file ─▶ read_json ─▶ envelope opened ─▶ is_signed? ─▶ … ─▶ Answer ─▶ printed, exit code
"""

import json as json_text
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from watcher.cli._output import print_json
from watcher.cli._table import print_lines
from watcher.core.comparison import Absent, Difference
from watcher.core.signed import Opened
from watcher.errors import CannotTell, UsageError
from watcher.signing import public_key

_SHOWN = 120
"""So much of a value is shown to people; --json has all of it."""

_EQUAL, _DIFFERS, _CANNOT_TELL = "equal", "differs", "cannot_tell"
_EXIT_CODES = {_EQUAL: 0, _DIFFERS: 1, _CANNOT_TELL: 4}


@dataclass
class Answer:
    """What `--json` prints, filled in on the way."""

    verdict: str = _CANNOT_TELL
    why: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    differences: Sequence[Difference] = ()

    def differ(self, why: str, differences: Sequence[Difference] = ()) -> None:
        """Say no."""
        self.verdict, self.why, self.differences = _DIFFERS, why, differences

    def agree(self, why: str) -> None:
        """Say yes."""
        self.verdict, self.why = _EQUAL, why

    def as_json(self) -> dict[str, Any]:
        """Give all of it as one object."""
        differences = [each.as_json() for each in self.differences]
        return {"verdict": self.verdict, "why": self.why, **self.figures, "differences": differences}

    def lines(self) -> list[str]:
        """Give the verdict, and under it each place that differs, for people."""
        return [
            f"{self.verdict.replace('_', ' ')}: {self.why}",
            *(
                f"  {each.words}: {_text(each.bundle)} in the bundle, {_text(each.recount)} in the recount"
                for each in self.differences
            ),
        ]


@contextmanager
def answered(*, json: bool) -> Iterator[Answer]:
    """Print what came out in the end, and leave with its exit code."""
    answer = Answer()
    try:
        yield answer
    except CannotTell as error:
        answer.verdict, answer.why = _CANNOT_TELL, str(error)
    if json:
        print_json(answer.as_json())
    else:
        print_lines(answer.lines())
    raise typer.Exit(_EXIT_CODES[answer.verdict])


def is_signed(file: Path, found: Opened, key: str | None, answer: Answer) -> bool:
    """Tell whether a file is signed as was asked; else the answer says why not.

    CannotTell where it is not signed at all, and should be.
    """
    if key is not None and found.signer is None:
        raise CannotTell(f"{file} is not signed: ask for what --signed prints")
    if found.signer is not None and not found.valid:
        answer.differ(f"{file} was changed after it was signed, or key {found.signer} did not sign it")
    elif key is not None and found.signer != public_key(key):
        answer.differ(f"{file} is signed by key {found.signer}, not by {public_key(key)}")
    else:
        return True
    return False


def read_json(file: Path) -> Any:  # noqa: ANN401  # whatever it holds
    """Read a file of JSON; UsageError where it is none."""
    return _decoded(_read(file), file)


def read_json_lines(file: Path) -> list[Any]:
    """Read a file of JSON Lines; UsageError where a line is none."""
    return [_decoded(line, file) for line in _read(file).splitlines()]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None


def _decoded(text: bytes, file: Path) -> Any:  # noqa: ANN401  # as above
    try:
        return json_text.loads(text)
    except ValueError:
        raise UsageError(f"{file} is no JSON: give what the watcher printed, as it was") from None


def _text(value: object) -> str:
    if isinstance(value, Absent):
        return str(value.value)
    text = value if isinstance(value, str) else json_text.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
