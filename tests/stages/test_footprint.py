"""Footprint: what a process that reads is told about memory."""

import gc

from watcher.stages.footprint import OBJECTS_BETWEEN_COLLECTIONS, settle


class Told:
    """A C library that notes what it is told."""

    def __init__(self) -> None:
        """Be told nothing yet."""
        self.options: list[tuple[int, int]] = []

    def mallopt(self, option: int, value: int) -> int:
        """Note one option, as glibc numbers them."""
        self.options.append((option, value))
        return 1


def test_glibc_is_told_to_keep_one_arena_and_others_nothing() -> None:
    """M_ARENA_MAX is -8; a library without `mallopt` is left alone."""
    libc = Told()
    settle(libc)
    assert libc.options == [(-8, 1)]
    settle(object())


def test_garbage_is_collected_seldom_and_never_more_often_than_somebody_wanted() -> None:
    """A higher threshold stays."""
    before = gc.get_threshold()
    try:
        gc.set_threshold(700)
        settle(Told())
        assert gc.get_threshold()[0] == OBJECTS_BETWEEN_COLLECTIONS
        gc.set_threshold(2 * OBJECTS_BETWEEN_COLLECTIONS)
        settle(Told())
        assert gc.get_threshold()[0] == 2 * OBJECTS_BETWEEN_COLLECTIONS
    finally:
        gc.set_threshold(*before)
