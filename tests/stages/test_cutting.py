"""Cutting: how long the next window is, by what the last one brought."""

from pathlib import Path

from tests.stages.world import definition
from watcher.stages.cutting import ROWS_A_WINDOW, Cutting, Sizes


def length(cutting: Cutting) -> int:
    """Give how many blocks the next window by logs would have."""
    job = cutting.final_job(1, 1_000_000, (), by_logs=True)
    assert job is not None
    return len(job.blocks)


def test_a_window_by_logs_is_shorter_after_many_rows_and_longer_after_few(tmp_path: Path) -> None:
    """So memory stays flat; never shorter than by receipts, never longer than allowed."""
    cutting = Cutting(definition(tmp_path).chain, Sizes(final=500, logs=2_000))
    seen = [length(cutting)]
    for rows in (ROWS_A_WINDOW + 1, ROWS_A_WINDOW + 1, ROWS_A_WINDOW + 1, ROWS_A_WINDOW // 2, 0, 0, 0):
        cutting.learn(rows)
        seen.append(length(cutting))
    assert seen == [2_000, 1_000, 500, 500, 500, 1_000, 2_000, 2_000]
