"""The first word of `watcher status`, from the signs that the store holds."""

from dataclasses import replace

import pytest

from watcher.core.health import BEHIND_SECONDS, Health, Signs, Standing, Trouble, diagnose, lag_seconds

NOW = 1_800_000_000
WELL = Signs(now=NOW, patience_seconds=60, last_look=NOW - 2, concluded=500, final=500)
TROUBLE = Trouble(NOW - 50, "channel ops is switched off", "put its receiver right")
OLDER = Trouble(NOW - 90, "stage evaluate fails: disk full", "make room")


def test_all_is_well_when_the_chain_is_read_and_concluded() -> None:
    """There is nothing to add, and nothing to do."""
    assert diagnose(WELL) == Health(Standing.OK)
    assert str(diagnose(WELL)) == "OK"


@pytest.mark.parametrize(("ago", "standing"), [(60, Standing.OK), (61, Standing.BLIND)])
def test_the_watcher_is_blind_when_the_chain_was_not_read_in_time(ago: int, standing: Standing) -> None:
    """Patience counts to the second; since when is when the chain was last read."""
    health = diagnose(replace(WELL, last_look=NOW - ago))
    assert health.standing is standing
    if standing is Standing.BLIND:
        assert (health.since, health.reason) == (NOW - ago, "the chain was last read 61 s ago")
        assert "watcher run" in health.remedy


def test_a_watcher_that_never_looked_is_blind() -> None:
    """Since when cannot be told."""
    health = diagnose(replace(WELL, last_look=None))
    assert (health.standing, health.since) == (Standing.BLIND, None)
    assert str(health).startswith("BLIND: the chain was never read; ")


def test_the_blind_are_told_what_troubles_them() -> None:
    """A stage that fails says why the chain is not read, and its remedy is the one that helps."""
    health = diagnose(replace(WELL, last_look=NOW - 100, troubles=(OLDER, TROUBLE)))
    assert health.reason == "the chain was last read 100 s ago. stage evaluate fails: disk full"
    assert health.remedy == "make room"


def test_every_trouble_degrades_and_the_oldest_says_since_when() -> None:
    """All of them are named; what to do is about the oldest."""
    health = diagnose(replace(WELL, troubles=(TROUBLE, OLDER)))
    assert health == Health(
        Standing.DEGRADED,
        NOW - 90,
        "channel ops is switched off. stage evaluate fails: disk full",
        "make room",
    )
    assert str(health) == (
        "DEGRADED since 2027-01-15T07:58:30Z: channel ops is switched off. stage evaluate fails: disk full; "
        "make room"
    )


@pytest.mark.parametrize(("lag", "standing"), [(BEHIND_SECONDS, Standing.OK), (301, Standing.BEHIND)])
def test_conclusions_that_lag_behind_finality_are_behind(lag: int, standing: Standing) -> None:
    """Counted in chain time: a clock that is wrong on this machine changes nothing."""
    signs = replace(WELL, concluded=10_000, final=10_000 + lag)
    assert diagnose(signs).standing is standing
    assert lag_seconds(signs) == lag
    if standing is Standing.BEHIND:
        assert diagnose(signs).since == 10_000
        assert "301 s" in diagnose(signs).reason


def test_where_nothing_is_concluded_yet_the_watcher_is_behind() -> None:
    """Since when cannot be told, and there is no lag to count."""
    signs = replace(WELL, concluded=None)
    assert (diagnose(signs).standing, diagnose(signs).since) == (Standing.BEHIND, None)
    assert lag_seconds(signs) is None


def test_where_nothing_is_final_yet_nobody_is_behind() -> None:
    """A young chain, or one that lost its tag: there is nothing to conclude."""
    signs = replace(WELL, final=None, concluded=None)
    assert diagnose(signs).standing is Standing.OK
    assert lag_seconds(signs) is None


def test_conclusions_are_never_ahead_of_finality() -> None:
    """A tag that went back after conclusions were drawn is no negative lag."""
    assert lag_seconds(replace(WELL, concluded=600, final=500)) == 0
