"""Logging: JSON lines on stderr, or readable on a terminal; one canonical line for each run of a stage.

    structlog loggers ─┐
                       ├─▶ level, time, traceback as text ─▶ secrets out ─▶ one line on stderr
    libraries' logging ┘

Whoever logs keeps secrets out; what goes over every line here is belt and braces.
"""

import logging
import re
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

STAGES = "watcher.stages"
"""The logger of the canonical lines."""

_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]+")
_URL = re.compile(
    r"""\b(?P<scheme>(?:https?|wss?|postgres[a-z+]*)://)
        (?:[^\s/?#@]*@)?                      # user and password
        (?P<host>[^\s/?#@"',;<>)]*)
        (?P<rest>[/?\#][^\s"'<>]*)?           # path and query: many providers put their key there""",
    re.VERBOSE,
)

Line = MutableMapping[str, Any]


def configure(stream: TextIO, *, stage_runs: bool = True) -> None:
    """Send the process's log lines to a stream, info and worse; of libraries only warnings and worse.

    Without `stage_runs` there are no lines for runs of stages. The last call counts.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
    ]
    terminal = stream.isatty()
    render: Processor = (
        structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(default=str)
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("watcher").setLevel(logging.INFO)
    logging.getLogger(STAGES).setLevel(logging.INFO if stage_runs else logging.CRITICAL)
    # It warns each time a run takes longer than its interval, which any backfill does.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # It reports each end of a WebSocket, which watcher.chain.heads does once.
    logging.getLogger("web3").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def redact(_logger: object, _method: str, line: Line) -> Line:
    """Take keys and what may hold one out of a line's texts: of a URL scheme and host are left.

    Payloads (mappings and lists) are left alone: they are public, and receivers get the same.
    """
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = _URL.sub(_public, _SECRET.sub("whsec_***", value))
    return line


def _public(found: re.Match[str]) -> str:
    rest = found["rest"] or ""
    return f"{found['scheme']}{found['host']}{rest if rest in ('', '/') else '/***'}"
