"""Index, evaluate and deliver once, up to a block, then exit."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, HistoryOption, JsonOption, ProgramOption
from watcher.cli._output import print_json, stderr, stdout
from watcher.errors import UsageError
from watcher.stages.deliver import deliver_all
from watcher.stages.index import Goal
from watcher.stages.sync import catch_up

app = new_app()


class Stage(StrEnum):
    """What `--only` can name."""

    INDEX = "index"
    EVALUATE = "evaluate"
    DELIVER = "deliver"


@app.command()
def sync(
    *,
    to: Annotated[str, typer.Option(help="up to where: `final`, `head` or a block number")] = "final",
    only: Annotated[Stage | None, typer.Option(help="run this stage and no other")] = None,
    deliver_history: HistoryOption = False,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Index, evaluate and deliver once, up to a block, then exit."""
    goal = _goal(to)
    files = bootstrap.load(program, config)
    with (
        _progress() as progress,
        bootstrap.stages(files, deliver_history=deliver_history, progress=progress) as stages,
    ):
        if only is None:
            catch_up(stages.index, stages.evaluate, goal)
        elif only is Stage.INDEX:
            stages.index.run(goal)
        elif only is Stage.EVALUATE:
            stages.evaluate.run()
        if only in (None, Stage.DELIVER):
            deliver_all(list(stages.deliver.values()))
        with stages.store.reading() as tx:
            checkpoint = tx.facts.checkpoint()
    if json:
        print_json({"checkpoint": checkpoint and {"number": checkpoint.number, "hash": checkpoint.hash}})
    else:
        stdout().print(f"read up to block {checkpoint.number}" if checkpoint else "nothing to read yet")


def _goal(text: str) -> Goal:
    if text == "final":
        return "final"
    if text == "head":
        return "head"
    if text.isascii() and text.isdigit():
        return int(text)
    raise UsageError(f"--to {text}: write final, head or a block number")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show a bar while blocks are read, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _done, _goal: None
        return
    columns = (TextColumn("block"), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task("index", total=None)
        yield lambda done, goal: bar.update(task, completed=done, total=goal)
