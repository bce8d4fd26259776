"""How a process that reads windows uses memory: it is told once, before it reads.

Answers are a megabyte each, fetched by many threads, and soon gone again, with everything decoded from them.
Both figures are from `python benchmarks/suite.py light`.
"""

import ctypes
import gc

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""So many new objects are made before the garbage collector looks through them.

Blocks as they are read form no cycles: looking through them every few hundred objects costs a fifth of a
backfill.
"""

_M_ARENA_MAX = -8
"""glibc's name for how many arenas its allocator may have (malloc.h)."""


def settle(libc: object | None = None) -> None:
    """Collect garbage seldom; keep one arena where libc is glibc: one a thread holds 10 MB for nothing."""
    gc.set_threshold(max(gc.get_threshold()[0], OBJECTS_BETWEEN_COLLECTIONS))
    mallopt = getattr(libc or ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
