"""Index, evaluate and deliver once, up to a block, then exit."""

from enum import StrEnum
from typing import Annotated, assert_never

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._options import (
    CONFIG,
    PROGRAM,
    ClusterOption,
    ConfigOption,
    HistoryOption,
    JsonOption,
    ProgramOption,
    WorkersOption,
    chosen_workers,
)
from watcher.cli._output import print_json, stdout
from watcher.cli._progress import shown_progress
from watcher.errors import UsageError
from watcher.stages.index import Goal
from watcher.stages.runs import EVALUATE, INDEX
from watcher.stages.status import Status
from watcher.stages.status import status as read_status
from watcher.stages.sync import catch_up, deliver_what_is_due

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
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    deliver_history: HistoryOption = False,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Index, evaluate and deliver once, up to a block, then exit."""
    goal = _goal(to)
    files = bootstrap.load(program, config)
    with (
        shown_progress() as progress,
        bootstrap.stages(
            files,
            deliver_history=deliver_history,
            progress=progress,
            workers=chosen_workers(workers, cluster),
        ) as stages,
    ):
        _run(stages, goal, only)
        now = int(stages.clock.now().timestamp())
        with stages.store.reading() as tx:
            found = read_status(files.definition, tx, bootstrap.expected(files.deployment), now)
    if json:
        print_json(found.figures)
    else:
        _show(found)
    _refuse_unless_reached(found, goal)


def _run(stages: bootstrap.Stages, goal: Goal, only: Stage | None) -> None:
    run = stages.runner.run
    match only:
        case None:
            catch_up(stages.index, stages.evaluate, goal, run=run)
            deliver_what_is_due(stages.deliver, run)
        case Stage.INDEX:
            run(INDEX, lambda: stages.index.run(goal))
        case Stage.EVALUATE:
            run(EVALUATE, stages.evaluate.run)
        case Stage.DELIVER:
            deliver_what_is_due(stages.deliver, run)
        case _:
            assert_never(only)


def _show(found: Status) -> None:
    figures = {name: "-" if value is None else value for name, value in found.figures.items()}
    read = found.checkpoint.number if found.checkpoint else "-"
    reached = f"read to block {read}, concluded to {figures['concluded']}"
    stdout().print(f"{reached} (final {figures['final']}, head {figures['head']})")


def _refuse_unless_reached(found: Status, goal: Goal) -> None:
    """End with an exit code that says that the ledger is not as far as was asked for."""
    figures, checkpoint = found.figures, found.checkpoint
    if figures["stalled"]:
        typer.echo(f"watcher: the ledger stands still: {figures['stalled']}", err=True)
        raise typer.Exit(3)
    if isinstance(goal, int) and goal > (checkpoint.number if checkpoint else -1):
        typer.echo(f"watcher: block {goal} is not there yet: the head is {figures['head']}", err=True)
        raise typer.Exit(1)


def _goal(text: str) -> Goal:
    if text == "final":
        return "final"
    if text == "head":
        return "head"
    if text.isascii() and text.isdigit():
        return int(text)
    raise UsageError(f"--to {text}: write final, head or a block number")
