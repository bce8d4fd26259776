"""Two bundles side by side: every place that differs is named, and nothing else is."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.comparison import Absent, Difference, differences

BUNDLE: dict[str, Any] = {
    "milestone": "first",
    "block": {"number": 7, "hash": "0x07"},
    "condition": {"any_of": ["two", "three"]},
    "kpis": [{"id": "two", "low": "2", "high": None}],
    "apps": [
        {
            "id": "alpha",
            "active_days": 2,
            "days": [{"day": "2026-02-01", "actions": 13}, {"day": "2026-02-02", "actions": 4}],
            "contracts": [{"address": "0xaa", "logic": []}],
        },
        {"id": "beta", "active_days": 0, "days": [], "contracts": []},
    ],
}
NOTHING = Absent.ABSENT

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.lists(st.fixed_dictionaries({"id": st.text(max_size=2), "of": inner}), max_size=3)
    ),
    max_leaves=12,
)


def changed(*path: str | int, to: object) -> dict[str, Any]:
    """Give the bundle with one value changed."""
    found = copy.deepcopy(BUNDLE)
    place: Any = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return found


@pytest.mark.parametrize(
    ("bundle", "words", "sides"),
    [
        (changed("block", "hash", to="0x08"), "block, hash", ("0x08", "0x07")),
        (changed("apps", 0, "days", 0, "actions", to=14), "app alpha, day 2026-02-01, actions", (14, 13)),
        (changed("apps", 0, "active_days", to=3), "app alpha, active days", (3, 2)),
        (changed("kpis", 0, "low", to="3"), "KPI two, low", ("3", "2")),
        (changed("kpis", 0, "high", to="2"), "KPI two, high", ("2", None)),
        (changed("condition", "any_of", to=["two"]), "condition, any of", (["two"], ["two", "three"])),
        (
            changed("apps", 0, "days", to=BUNDLE["apps"][0]["days"][:1]),
            "app alpha, day 2026-02-02",
            (NOTHING, BUNDLE["apps"][0]["days"][1]),
        ),
        (
            changed("apps", 0, "contracts", 0, "logic", to=["0xbb"]),
            "app alpha, contract 0xaa, logic",
            (["0xbb"], []),
        ),
        (changed("apps", to=BUNDLE["apps"][::-1]), "order of apps", (["beta", "alpha"], ["alpha", "beta"])),
        (changed("apps", 1, "active_days", to=False), "app beta, active days", (False, 0)),
        (changed("more", to=1), "more", (1, NOTHING)),
        (
            changed("kpis", to=[*BUNDLE["kpis"], *BUNDLE["kpis"]]),
            "kpis",
            ([*BUNDLE["kpis"], *BUNDLE["kpis"]], BUNDLE["kpis"]),
        ),
    ],
)
def test_the_place_that_differs_is_named(
    bundle: dict[str, Any], words: str, sides: tuple[object, object]
) -> None:
    """By what people call it, with what stands on either side."""
    [found] = differences(bundle, BUNDLE)
    assert (found.words, (found.bundle, found.recount)) == (words, sides)


@given(JSON)
def test_what_is_the_same_does_not_differ(value: object) -> None:
    """Whatever bundles hold."""
    assert differences(value, copy.deepcopy(value)) == []


@given(JSON, JSON)
def test_what_is_not_the_same_differs(left: object, right: object) -> None:
    """No difference is overlooked; True is not 1 at any place that has a name of its own."""
    if left != right:
        assert differences(left, right)


def test_a_side_that_has_nothing_has_no_key() -> None:
    """Null is something."""
    assert Difference(("a", "b"), "a, b", NOTHING, None).as_json() == {
        "path": ["a", "b"],
        "words": "a, b",
        "recount": None,
    }
