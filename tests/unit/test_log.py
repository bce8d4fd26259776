"""Log lines: JSON in a pipe, readable on a terminal, and never a secret."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.log_state import logging_kept
from watcher import log


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    """Leave logging as it was found."""
    with logging_kept():
        yield


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """Read what was logged as JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_time_and_level() -> None:
    """Machines read it; the words of whoever logged are its keys."""
    stream = io.StringIO()
    log.configure(stream)
    structlog.get_logger(log.STAGES).info("run", stage="index", ok=True, blocks=7, seconds=0.5)
    [line] = lines(stream)
    assert str(line.pop("time")).endswith("Z")
    assert line == {
        "event": "run",
        "level": "info",
        "stage": "index",
        "ok": True,
        "blocks": 7,
        "seconds": 0.5,
    }


def test_on_a_terminal_a_line_is_for_people() -> None:
    """The same words, not as JSON."""
    stream = Terminal()
    log.configure(stream)
    structlog.get_logger(log.STAGES).warning("run", stage="index")
    assert "run" in stream.getvalue()
    assert "{" not in stream.getvalue()


def test_the_runs_of_stages_can_be_left_out() -> None:
    """Where a progress bar or an error says the same; what else is logged stays."""
    stream = io.StringIO()
    log.configure(stream, stage_runs=False)
    structlog.get_logger(log.STAGES).warning("run", stage="index")
    structlog.get_logger("watcher.channels.log").info("milestone.reached")
    assert [line["event"] for line in lines(stream)] == ["milestone.reached"]


def test_libraries_are_heard_when_they_warn() -> None:
    """Their chatter is not ours; the scheduler may not even warn of runs that take long."""
    stream = io.StringIO()
    log.configure(stream)
    logging.getLogger("urllib3").info("Starting new connection")
    logging.getLogger("urllib3").warning("Retrying %s", "https://rpc.example/v2/k3y")
    logging.getLogger("apscheduler.scheduler").warning("maximum number of running instances reached")
    assert [line["event"] for line in lines(stream)] == ["Retrying https://rpc.example/***"]


def test_configuring_again_replaces_what_was() -> None:
    """One line is written once, to the stream that was named last."""
    first, second = io.StringIO(), io.StringIO()
    log.configure(first)
    log.configure(second)
    structlog.get_logger("watcher.run").info("started")
    assert (first.getvalue(), len(lines(second))) == ("", 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("signed with whsec_c2VjcmV0IHNlY3JldA==!", "signed with whsec_***!"),
        ("https://user:pass@rpc.example:8545/v2/k3y?token=t0ken: 429", "https://rpc.example:8545/*** 429"),
        ("at https://rpc.example, or wss://rpc.example/", "at https://rpc.example, or wss://rpc.example/"),
        ("postgresql+psycopg://watcher:pw@db.example/watcher", "postgresql+psycopg://db.example/***"),
        ("sqlite:////data/watcher.db is full", "sqlite:////data/watcher.db is full"),
    ],
)
def test_what_may_hold_a_key_is_taken_out_of_texts(text: str, shown: str) -> None:
    """Of a URL scheme and host are left: many providers put their key into path or query."""
    assert log.redact(None, "info", {"error": text, "blocks": 3}) == {"error": shown, "blocks": 3}


def test_a_traceback_is_text_without_secrets_too() -> None:
    """It is written out before the secrets are taken out."""
    stream = io.StringIO()
    log.configure(stream)
    try:
        int("https://rpc.example/v2/k3y")
    except ValueError:
        structlog.get_logger("watcher.run").exception("unforeseen")
    [line] = lines(stream)
    assert "https://rpc.example/***" in str(line["exception"])
    assert "k3y" not in stream.getvalue()


def test_payloads_are_left_as_receivers_get_them() -> None:
    """They are public; the source of the program's terms is part of them."""
    payload = {"source": "https://example.org/terms"}
    assert log.redact(None, "info", {"data": payload}) == {"data": payload}
