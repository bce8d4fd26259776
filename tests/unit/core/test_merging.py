"""Merging what two readings of one block say."""

from tests.unit.core.givens import ref
from watcher.core.facts import Activity, Announcement, BlockFacts, Creation, PauseLog
from watcher.core.merging import merged
from watcher.core.types import Address, AppId

ALPHA, BETA = AppId("alpha"), AppId("beta")
ONE, TWO, USER = (Address("0x" + digit * 40) for digit in "123")


def claim(app: AppId, address: Address) -> Announcement:
    """Let an app's contract join."""
    return Announcement(app, address, "curated", -1)


def facts(app: AppId, address: Address, **more: object) -> BlockFacts[Address]:
    """Let a block say something of one app."""
    at = ref(5, 100)
    return BlockFacts(
        at,
        {app: Activity({USER: 1})},
        (claim(app, address),),
        (Creation(address, USER),),
        measures={"sum": {app: 7}, "all": {"": 1}},
        **more,  # type: ignore[arg-type]
    )


def test_both_readings_are_kept_and_common_ones_once() -> None:
    """Apps side by side; what both say of everybody is said once."""
    pauses, changes = (PauseLog(ONE, paused=True),), (TWO,)
    old = facts(ALPHA, ONE, pauses=pauses)
    new = facts(BETA, TWO, pauses=pauses, code_changes=changes)
    found = merged(old, new, frozenset())
    assert set(found.activity) == {ALPHA, BETA}
    assert found.announcements == (claim(ALPHA, ONE), claim(BETA, TWO))
    assert found.creations == (Creation(ONE, USER), Creation(TWO, USER))
    assert (found.pauses, found.code_changes) == (pauses, changes)
    assert found.measures == {"sum": {ALPHA: 7, BETA: 7}, "all": {"": 1}}


def test_what_is_of_an_old_listing_is_left_out() -> None:
    """Activity, claims and amounts of a dropped app; an amount that nobody has any more goes whole."""
    found = merged(facts(ALPHA, ONE), BlockFacts(ref(5, 100)), frozenset({ALPHA}))
    assert (found.activity, found.announcements, found.measures) == ({}, (), {"all": {"": 1}})
