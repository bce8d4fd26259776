"""How a long read is shown: a bar on a terminal, log lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from watcher import log
from watcher.cli._output import stderr
from watcher.clock import SystemClock
from watcher.core.wording import duration_text
from watcher.stages.progress import Progress


@contextmanager
def shown_progress() -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar while blocks are read, on a terminal only; elsewhere log lines."""
    if not sys.stderr.isatty():
        log.configure(sys.stderr)
        yield None
        return
    with Bar(TextColumn("{task.description}"), BarColumn(), console=stderr(), transient=True) as bar:
        log.configure(sys.stderr, stage_runs=False)
        task = bar.add_task("reading", total=None)
        progress = Progress(SystemClock())
        first: int | None = None

        def show(done: int, goal: int) -> None:
            nonlocal first
            first = done if first is None else first
            found = progress.note(done, goal)
            left = "" if found.seconds_left is None else f", {duration_text(found.seconds_left)} left"
            told = f"block {done:,} of {goal:,}, {found.blocks_per_second:,.0f} blocks/s{left}"
            bar.update(task, description=told, completed=done - first, total=goal - first)

        yield show
