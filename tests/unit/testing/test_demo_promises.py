"""The demo's promises: whatever differs from the script is named, and then the demo fails."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from watcher.cli._storyteller import Storyteller
from watcher.core.ledger import sha256_hex
from watcher.testing.demo.cast import CAST
from watcher.testing.demo.promises import Findings, broken, unkept
from watcher.testing.demo.script import Scene
from watcher.testing.receiver import Received

DEADLINE = datetime(2026, 3, 17, 14, 23, 7, tzinfo=UTC)
BUNDLE = b'{"milestone":"first-kpi"}'


def received(kind: str, subject: str, **data: Any) -> Received:  # noqa: ANN401  # whatever a payload holds
    """Make a message as the receiver keeps it."""
    payload = {"type": kind, "data": {"subject": subject, **data}}
    return Received("an-id", b"{}", {}, "/hook", verified=True, taken=True, payload=payload)


FORGED = Received("forged", b"{}", {}, "/hook", verified=False, taken=False, payload=None)


def entry(kind: str, digest: str, **fields: object) -> dict[str, Any]:
    """Make a ledger entry with what the promises look at."""
    return {
        "type": kind,
        "digest": digest,
        "block_number": 209,
        "occurred_at": "2026-03-10T14:23:07Z",
        "evidence": {"bundle_sha256": sha256_hex(BUNDLE)},
        **fields,
    }


def app_rows() -> list[dict[str, Any]]:
    """Give every app as it should be."""
    return [
        {
            "id": candidate.id,
            "verdict": "NOT_LIVE" if candidate.trap else "LIVE",
            "contracts": [{"kind": str(candidate.code)}, {"kind": None}],
        }
        for candidate in CAST
    ]


ENTRIES = [
    entry("milestone.reached", "d1"),
    entry("countdown.elapsed", "d2", occurred_at="2026-03-17T14:23:07Z", block_number=385),
]
GOOD = Findings(
    apps_then=app_rows(),
    apps_now=app_rows(),
    entries=ENTRIES,
    replayed=ENTRIES,
    evidence=BUNDLE,
    requests=[
        received("milestone.observed", "first-kpi", id="one"),
        received("milestone.retracted", "first-kpi", observation="one"),
        received("milestone.observed", "first-kpi", id="two"),
        received("milestone.reached", "first-kpi", digest="d1"),
        received("countdown.elapsed", "tge", digest="d2"),
    ],
)


def complaints(found: Findings) -> list[str]:
    """Name what is broken."""
    return list(broken(found, milestone_block=209, deadline=DEADLINE))


def other_rows(app: str, **fields: object) -> list[dict[str, Any]]:
    """Give every app as it should be but one."""
    return [{**row, **fields} if row["id"] == app else row for row in app_rows()]


def test_nothing_is_said_against_what_is_as_promised() -> None:
    """A demo in which everything was seen ends well."""
    assert complaints(GOOD) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"apps_then": other_rows("perps", verdict="NOT_LIVE")}, "at the milestone the live apps are"),
        ({"apps_now": other_rows("solo", verdict="LIVE")}, "in the end the live apps are"),
        ({"apps_then": other_rows("relay", contracts=[{"kind": "plain"}])}, "code of relay was taken for"),
        ({"apps_then": app_rows()[1:]}, "the code of swap was taken for []"),
        ({"entries": ENTRIES[1:], "replayed": ENTRIES[1:]}, "reached at blocks [], not at 209 alone"),
        ({"entries": [entry("milestone.reached", "d1", block_number=203), ENTRIES[1]]}, "at blocks [203]"),
        ({"entries": [*ENTRIES, ENTRIES[1]]}, "the countdown ended at"),
        ({"entries": [ENTRIES[0]]}, "the countdown ended at []"),
        ({"evidence": b""}, "evidence is not what its ledger entry names"),
        ({"replayed": ENTRIES[:1]}, "a replay gives another ledger: d1 after 1 entries, not d2 after 2"),
        ({"entries": [], "replayed": []}, "a replay gives another ledger:  after 0 entries"),
        ({"requests": [*GOOD.requests, FORGED]}, "could not verify 1 of 6 requests: ['forged']"),
        ({"requests": [replace(GOOD.requests[0], taken=False), *GOOD.requests[1:]]}, "verify 1 of 5"),
        ({"requests": GOOD.requests[:4]}, "are not the ledger's, each once and in its order"),
        ({"requests": GOOD.requests[3:]}, "the observations [] were retracted, not the first of []"),
        ({"requests": [GOOD.requests[2], *GOOD.requests[1:]]}, "the observations ['one'] were retracted"),
    ],
)
def test_whatever_differs_is_named(changed: Mapping[str, Any], said: str) -> None:
    """One thing that is not as it should be is enough for the demo to fail, and is in its complaints."""
    assert any(said in complaint for complaint in complaints(replace(GOOD, **changed)))


SCENE = Scene(
    DEADLINE, "", [("kpi.met", "ten"), ("milestone.reached", "first"), ("milestone.reached", "second")]
)
MET, FIRST, SECOND = (received(kind, name) for kind, name in SCENE.promised)


@pytest.mark.parametrize(
    ("came", "said"),
    [
        ([MET, FIRST, SECOND], []),
        ([MET, SECOND], ["milestone.reached first did not arrive"]),
        ([MET, FIRST, FIRST, SECOND], ["milestone.reached first arrived unexpectedly"]),
        ([MET, FIRST, SECOND, FORGED], ["a request without a valid signature  arrived unexpectedly"]),
        ([FIRST, MET, SECOND], ["messages arrived in the order"]),
    ],
)
def test_a_scene_brings_its_messages_in_their_order_and_no_others(
    came: list[Received], said: list[str]
) -> None:
    """What is lacking, what is too much and what comes too early is named, with the scene's time."""
    found = list(unkept(SCENE, came))
    assert len(found) == len(said)
    for complaint, part in zip(found, said, strict=True):
        assert complaint.startswith("2026-03-17 14:23:07")
        assert part in complaint


def test_what_is_missing_is_what_the_viewer_reads_last() -> None:
    """No happy end and no advice where a promise was not kept; a forged message is told apart."""
    page = StringIO()
    storyteller = Storyteller(Console(file=page, width=160))
    storyteller.tell(SCENE, [FORGED])
    storyteller.conclude(["kpi.met ten did not arrive"], kept=None)
    text = page.getvalue()
    assert "NOT VERIFIED" in text
    assert "NOT everything came as promised\n  -  kpi.met ten did not arrive\n" in text
    assert "watcher init" not in text
