"""Stage runs: what health reads, and how few of them are kept."""

import json

from tests.contract.store.givens import later
from tests.databases import query
from watcher.store.database import Store
from watcher.store.runs import StageRun


def _run(second: int, *, ok: bool, stage: str = "index") -> StageRun:
    error = None if ok else "no answer"
    return StageRun(stage, later(second), later(second + 1), ok, error, {"blocks": second})


def test_a_stage_that_never_ran_has_no_runs(store: Store) -> None:
    """Nothing is known: neither good nor bad."""
    with store.reading() as tx:
        assert tx.runs.last("index") is None
        assert tx.runs.last_ok("index") is None
        assert tx.runs.failing_since("index") is None


def test_health_says_since_when_a_stage_fails(store: Store) -> None:
    """From the first failure after the last good run; a good run ends it. Stages do not mix."""
    with store.writing() as tx:
        for second, ok in ((0, False), (1, True), (2, False), (3, False)):
            tx.runs.add(_run(second, ok=ok))
        tx.runs.add(_run(4, ok=True, stage="evaluate"))
        assert tx.runs.last("index") == _run(3, ok=False)
        assert tx.runs.last_ok("index") == _run(1, ok=True)
        assert tx.runs.failing_since("index") == later(2)
        assert tx.runs.failing_since("evaluate") is None
        tx.runs.add(_run(5, ok=True))
        assert tx.runs.failing_since("index") is None


def test_what_fails_now_is_listed_by_the_beginning_of_its_name(store: Store) -> None:
    """The last run decides; a percent sign in a name is nothing but that."""
    with store.writing() as tx:
        for stage, ok in (
            ("endpoint b", False),
            ("endpoint a", False),
            ("endpoint c", False),
            ("index", False),
        ):
            tx.runs.add(_run(1, ok=ok, stage=stage))
        tx.runs.add(_run(2, ok=True, stage="endpoint c"))
        assert tx.runs.failing("endpoint ") == ["endpoint a", "endpoint b"]
        assert tx.runs.failing("endpoint%") == []


def test_old_runs_go_but_not_those_that_health_rests_on(store: Store, database_url: str) -> None:
    """However long a stage fails, it is known since when, and when it last was well."""
    with store.writing() as tx:
        tx.runs.add(_run(0, ok=True))
        tx.runs.add(_run(1, ok=True))
        for second in range(2, 12):
            tx.runs.add(_run(second, ok=False), keep=4)
        tx.runs.add(_run(0, ok=True, stage="evaluate"), keep=4)
        assert tx.runs.last_ok("index") == _run(1, ok=True)
        assert tx.runs.failing_since("index") == later(2)
    kept = query(database_url, "SELECT detail FROM v_stage_runs WHERE stage = 'index' ORDER BY started_at")
    assert [json.loads(row["detail"])["blocks"] for row in kept] == [1, 2, 8, 9, 10, 11]
