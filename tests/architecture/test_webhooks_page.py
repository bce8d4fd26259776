"""docs/webhooks.md says what the code does: types, fields, example messages, schedule, verification."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, ClassVar, cast

import msgspec
import pytest
from standardwebhooks import Webhook

from tests.architecture.project import ROOT
from watcher.clock import SystemClock
from watcher.core import evidence
from watcher.core.aggregates import Shape
from watcher.core.backoff import SCHEDULE
from watcher.core.countdown import CountdownStatus, Phase
from watcher.core.definition import (
    AllOf,
    AnyOf,
    Chain,
    Countdown,
    Definition,
    Finality,
    Kpi,
    LivenessPolicy,
    Milestone,
    Provenance,
)
from watcher.core.events import EVENT_TYPES, FINAL_ONLY, Event, Notice, entry_event, notice_event
from watcher.core.kpis import KpiStatus
from watcher.core.ledger import Draft, EntryType, LedgerHead
from watcher.core.readings import Needs, Reading, View
from watcher.core.state import State
from watcher.core.types import (
    BlockHash,
    BlockRef,
    Comparator,
    CountdownId,
    KpiId,
    MilestoneId,
    Verdict,
    WindowSpec,
)
from watcher.stages.announce import Announcer, Minted
from watcher.stages.marks import mark
from watcher.store.database import Tx

PAGE = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
OPERATOR = "Example Labs"
BLOCK = BlockRef(21_442_197, BlockHash("0x" + "5c" * 32), BlockHash("0x" + "5b" * 32), 1_780_315_203)
KPI, MILESTONE, COUNTDOWN = KpiId("ten-live-apps"), MilestoneId("first-kpi"), CountdownId("tge")


class TenApps:
    """A metric that reads ten."""

    integral: ClassVar = True
    shape: ClassVar = Shape.LEVEL
    needs: ClassVar = Needs(verdicts=True)

    def read(self, view: View) -> Reading:
        """Give ten, whatever is there."""
        del view
        return Reading(Fraction(10), Fraction(10))


DEFINITION = Definition(
    program_id="example",
    title="Example",
    schema=1,
    hash="8f" * 32,
    provenance=Provenance("observer", "https://example.org/token-terms"),
    chain=Chain(4326, "megaeth", Finality(tag="finalized"), count_from=1),
    liveness=LivenessPolicy(WindowSpec(7, "rolling")),
    apps={},
    kpis={KPI: Kpi(KPI, TenApps(), Comparator.AT_LEAST, Fraction(10))},
    milestones={MILESTONE: Milestone(MILESTONE, "First", AnyOf((AllOf((KPI,)),)))},
    countdowns={COUNTDOWN: Countdown(COUNTDOWN, MILESTONE, 604_800, (3_600, 0))},
)
MET = KpiStatus(Verdict.MET, Reading(Fraction(10), Fraction(10)), met=True)
HEAD = LedgerHead(sequence=41, digest="3d" * 32)


def entry() -> Event:
    """Make the message of a reached milestone."""
    state = State.initial(DEFINITION)
    state.kpis[KPI] = MET
    proof = evidence.milestone_reached(DEFINITION, state, BLOCK, DEFINITION.milestones[MILESTONE])
    drafts = [Draft(EntryType.MILESTONE_REACHED, MILESTONE, proof)]
    (made,) = HEAD.fork().append(DEFINITION, BLOCK, drafts)
    return entry_event(DEFINITION, made, OPERATOR)


class Collecting:
    """Stands in for the announcer: keeps the notices."""

    def __init__(self) -> None:
        """Start without any."""
        self.notices: list[Notice] = []

    def notice(self, _tx: Tx, notice: Notice) -> Minted:
        """Keep one."""
        self.notices.append(notice)
        return Minted("", new=True)


def notice() -> Event:
    """Make the message of the mark an hour before the deadline."""
    deadline = BLOCK.timestamp + 604_800
    state = State.initial(DEFINITION)
    state.kpis[KPI] = MET
    state.countdowns[COUNTDOWN] = CountdownStatus(Phase.RUNNING, 1, BLOCK.timestamp, deadline)
    collecting = Collecting()
    no_tx, announcer = cast("Tx", None), cast("Announcer", collecting)
    assert mark(no_tx, DEFINITION, announcer, final=state, ahead=state, now=deadline - 3_600) == 1
    head = {"sequence": HEAD.sequence + 2, "digest": "d1" * 32}
    notice_id = "0b9d6a52-8c1e-4f0e-9f5e-2f4f5d3c7a10"
    return notice_event(DEFINITION, collecting.notices[0], notice_id, head, OPERATOR)


def block(kind: str) -> str:
    """Give the text of the page's fenced block of a kind."""
    found = re.search(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"docs/webhooks.md has no block ```{kind}"
    return found.group(1)


def headers(event: Event, at: datetime) -> dict[str, str]:
    """Give the headers of an attempt at an instant, signed with the secret that the page shows."""
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]{30,}", PAGE))
    body = msgspec.json.encode(event.payload).decode()
    return {
        "webhook-id": event.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event.id, at, body),
    }


@pytest.mark.parametrize(("kind", "event"), [("json entry", entry()), ("json notice", notice())])
def test_the_example_messages_are_what_the_code_makes(kind: str, event: Event) -> None:
    """To renew the page, copy what this test expected."""
    assert block(kind) == json.dumps(event.payload, indent=2) + "\n"


def test_the_example_headers_fit_the_example_message() -> None:
    """A reader can check the arithmetic of the signature."""
    at = datetime.fromtimestamp(BLOCK.timestamp + 2, UTC)
    expected = "".join(f"{name}: {value}\n" for name, value in headers(entry(), at).items())
    assert block("text") == expected


def test_the_example_receiver_works(capsys: pytest.CaptureFixture[str]) -> None:
    """It takes a message once, takes it again in silence, and refuses one that was changed."""
    scope: dict[str, Any] = {}
    exec(block("python"), scope)  # noqa: S102  # the page's own code
    event = entry()
    body = msgspec.json.encode(event.payload)
    # The verifier compares with the machine's clock, so the attempt has to be of now.
    signed = headers(event, SystemClock().now())
    assert scope["handle"](signed, body) == 204
    assert scope["handle"](signed, body) == 204
    assert capsys.readouterr().out == "milestone.reached first-kpi\n"
    assert scope["handle"](signed, body.replace(b"reached", b"breached")) == 401


def test_every_type_stands_in_its_table_once_and_no_other() -> None:
    """Ledger entries in the first table, notices in the second."""
    entries, notices = PAGE.split("**Ledger entries** are final.")[1].split("**Notices** are about")
    rows = re.compile(r"^\| `([a-z]+\.[a-z_]+)` \|", re.MULTILINE)
    assert sorted(rows.findall(entries)) == sorted(FINAL_ONLY)
    assert sorted(rows.findall(notices)) == sorted(set(EVENT_TYPES) - FINAL_ONLY)


def test_every_field_of_the_examples_is_explained() -> None:
    """In the table of fields, or in the row of the type."""
    for event in (entry(), notice()):
        data: Mapping[str, Any] = event.payload["data"]
        (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{event.type}` |"))
        for name in data:
            assert f"`data.{name}`" in PAGE or f"`{name}`" in row, name


def test_the_schedule_on_the_page_is_the_one_that_runs() -> None:
    """Ten rows, with the pauses that the code keeps."""
    rows = re.findall(r"^\| (\d+) \| (?:at once|(\d+) (s|min|h)) \|$", PAGE, re.MULTILINE)
    seconds = {"": 0, "s": 1, "min": 60, "h": 3_600}
    pauses = [timedelta(seconds=int(number or 0) * seconds[unit]) for _, number, unit in rows]
    assert tuple(pauses) == SCHEDULE
    assert [int(attempt) for attempt, _, _ in rows] == list(range(1, len(SCHEDULE) + 1))
