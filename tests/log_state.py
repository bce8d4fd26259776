"""Logging is one for the whole process: what a test configures is put back behind it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from watcher.log import STAGES

_LOGGERS = (None, "watcher", STAGES, "apscheduler", "web3")


@contextmanager
def logging_kept() -> Iterator[None]:
    """Put handlers, levels and structlog's configuration back in the end."""
    root = logging.getLogger()
    handlers, levels = root.handlers[:], [logging.getLogger(name).level for name in _LOGGERS]
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for name, level in zip(_LOGGERS, levels, strict=True):
            logging.getLogger(name).setLevel(level)
        structlog.reset_defaults()
