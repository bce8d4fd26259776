"""List, show and replay what was, is and will be sent to channels."""

import json as json_text
from datetime import UTC, datetime
from typing import Annotated

import typer

from watcher import bootstrap
from watcher.cli._app import new_app
from watcher.cli._delivery import (
    COLUMNS,
    attempt_json,
    attempt_text,
    delivery_json,
    delivery_row,
    instant,
    next_attempt,
)
from watcher.cli._options import CONFIG, PROGRAM, ConfigOption, JsonOption, ProgramOption
from watcher.cli._output import print_json
from watcher.cli._table import print_lines, print_table
from watcher.clock import SystemClock
from watcher.core.moments import AtTime, parse_moment
from watcher.core.types import iso_utc
from watcher.errors import UsageError
from watcher.store.database import Tx
from watcher.store.outbox import Attempt, Delivery, DeliveryStatus, EventHistory

app = new_app()

ChannelOption = Annotated[str | None, typer.Option(metavar="ID", help="of this channel only")]
StatusOption = Annotated[DeliveryStatus | None, typer.Option(help="of this status only")]

_FINISHED = (DeliveryStatus.DELIVERED, DeliveryStatus.DEAD, DeliveryStatus.SUPERSEDED)
_NO = 1


@app.command("list")
def list_(
    *,
    channel: ChannelOption = None,
    status: StatusOption = None,
    limit: Annotated[int, typer.Option(min=1, help="at most so many, the newest")] = 50,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """List deliveries, the newest first."""
    files = bootstrap.load(program, config)
    with bootstrap.reading(files) as store, store.reading() as tx:
        found = tx.outbox.list(channel, status, limit)
        if not found:
            _refuse_unknown(files, channel)
        disabled = _disabled(files, tx)
    if json:
        for delivery in found:
            print_json(delivery_json(delivery))
        return
    print_table(COLUMNS, [delivery_row(delivery) for delivery in found])
    print_lines(disabled)


@app.command()
def show(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="the event's id, its `webhook-id`")],
    *,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Show an event: what receivers get, to which channels it goes, and what came of each attempt."""
    files = bootstrap.load(program, config)
    with bootstrap.reading(files) as store, store.reading() as tx:
        history = _history(tx, event_id)
    event = history.event
    payload = json_text.loads(event.body)
    if json:
        deliveries = [
            {
                **delivery_json(delivery),
                "history": [attempt_json(each) for each in _attempts(history, delivery)],
            }
            for delivery in history.deliveries
        ]
        print_json({"id": event.id, "type": event.type, "payload": payload, "deliveries": deliveries})
        return
    lines = [f"{event.type} {event.id}, of {iso_utc(event.occurred_at)}, written {instant(event.created_at)}"]
    for delivery in history.deliveries:
        following = f", next attempt {next_attempt(delivery)}" if next_attempt(delivery) else ""
        lines.append(f"{delivery.channel}: {delivery.status}{following}")
        lines += [f"  {attempt_text(attempt)}" for attempt in _attempts(history, delivery)]
    if not history.deliveries:
        lines.append("no channel asked for it when it was written")
    print_lines([*lines, json_text.dumps(payload, indent=2, ensure_ascii=False)])


@app.command()
def replay(
    event_id: Annotated[str | None, typer.Argument(metavar="EVENT_ID", help="this event only")] = None,
    *,
    channel: Annotated[
        str | None, typer.Option(metavar="ID", help="of this channel only; a disabled one is enabled")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="of events written then or later, UTC")
    ] = None,
    status: Annotated[
        list[DeliveryStatus] | None,
        typer.Option(help="of these statuses; default: dead, or with EVENT_ID all that are finished"),
    ] = None,
    json: JsonOption = False,
    program: ProgramOption = PROGRAM,
    config: ConfigOption = CONFIG,
) -> None:
    """Let finished deliveries go out again, with the same id and the same bytes, and enable a channel.

    Exits with 1 where there is nothing to send again.
    """
    files = bootstrap.load(program, config)
    _refuse_unknown(files, channel)
    written_since = None if since is None else _since(since)
    statuses = status or (_FINISHED if event_id else (DeliveryStatus.DEAD,))
    with bootstrap.reading(files) as store, store.writing() as tx:
        if event_id is not None:
            _history(tx, event_id)
        enabled = channel is not None and _enable(tx, channel)
        count = tx.outbox.replay(
            SystemClock().now(), channel=channel, event_id=event_id, since=written_since, statuses=statuses
        )
        disabled = _disabled(files, tx)
    if json:
        print_json({"replayed": count, "enabled": enabled})
    else:
        again = [f"channel {channel} is enabled again"] if enabled else []
        will = (
            ["the daemon sends what waits; or run `watcher sync --only deliver`"] if count or enabled else []
        )
        waits = "1 delivery waits" if count == 1 else f"{count} deliveries wait"
        print_lines([f"{waits} to be sent again", *again, *disabled, *will])
    if not count and not enabled:
        raise typer.Exit(_NO)


def _refuse_unknown(files: bootstrap.Files, channel: str | None) -> None:
    known = bootstrap.expected(files.deployment).channels
    if channel is not None and channel not in known:
        raise UsageError(
            f'"{channel}" is no channel of the deployment file: there is {", ".join(known) or "none"}'
        )


def _disabled(files: bootstrap.Files, tx: Tx) -> list[str]:
    """Say which channels are switched off, and how they are switched on."""
    states = [tx.outbox.channel(channel) for channel in bootstrap.expected(files.deployment).channels]
    return [
        f"channel {state.id} is disabled since {instant(state.disabled_at)} ({state.reason}): "
        f"`watcher deliveries replay --channel {state.id}` enables it"
        for state in states
        if state is not None and state.disabled_at is not None
    ]


def _enable(tx: Tx, channel: str) -> bool:
    state = tx.outbox.channel(channel)
    if state is None or state.disabled_at is None:
        return False
    tx.outbox.enable(channel)
    return True


def _history(tx: Tx, event_id: str) -> EventHistory:
    history = tx.outbox.show(event_id)
    if history is None:
        raise UsageError(f'there is no event "{event_id}": `watcher deliveries list` shows the ids')
    return history


def _attempts(history: EventHistory, delivery: Delivery) -> tuple[Attempt, ...]:
    return history.attempts[delivery.sequence]


def _since(text: str) -> datetime:
    moment = parse_moment(text)
    if not isinstance(moment, AtTime):
        raise UsageError(f"--since {text}: write a day or an instant, events are written in wall-clock time")
    return datetime.fromtimestamp(moment.first, UTC)
