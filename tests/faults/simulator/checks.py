"""What must hold when a story has ended, whatever happened in it.

ledger = clean replay, byte for byte · ledger = the oracle's recount · facts = a clean reading's
every entry reached the receiver under one id · every observation has its outcome · nothing stands still
every long trouble was told of, and its end; so was every block before which the ledger stood still
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from tests.faults.simulator import attesting, measured
from tests.faults.simulator.recount import recount_measures
from tests.faults.simulator.story import Story
from tests.stages.world import Watch
from tests.unit.core.givens import CountLive
from tests.unit.core.oracle import recount
from watcher.core.attestations import Attestation
from watcher.core.facts import BlockFacts, Sample
from watcher.core.types import ActorId, Address
from watcher.metrics.live_apps import LiveApps
from watcher.stages.attesting import admit, exported
from watcher.store.database import Store
from watcher.testing.fake_blocks import FakeBlock

Facts = list[tuple[Any, ...]]
Attested = tuple[Attestation, ...]
OTHERS = (measured.ID, attesting.OVER_TIME)
"""How the ids begin of what the oracle does not know."""


def findings(story: Story, clean_store: Store) -> Iterator[str]:
    """Tell what does not hold; nothing: all is well. The clean replay is read into an empty database."""
    ledger = _ledger(story.store)
    admitted = _admitted(story.store)
    for each in admitted:
        admit(story.definition, clean_store, json.dumps(dict(exported(each))))
    watch = Watch(story.definition, story.truth.chain.clone(), clean_store)
    watch.sync("final")
    clean = _ledger(clean_store)
    facts, expected = _facts(story.store, story.truth.final), _facts(clean_store, story.truth.final)
    yield from _first_difference("ledger and clean replay", ledger, clean)
    yield from _first_difference("facts and a clean reading's", facts, expected)
    plain = [each for each in _told(ledger) if not each[1].startswith(OTHERS)]
    yield from _first_difference("ledger and the oracle's", plain, _recounted(story, admitted))
    if not story.definition.chain.gaps:
        measures = recount_measures(story.definition, *_final(story))
        told = [each for each in _told(ledger) if each[1] in measures.about]
        expected = [(kind, subject, number, _text(at)) for kind, subject, number, at in measures.entries]
        yield from _first_difference("ledger and the recount of measures", sorted(told), sorted(expected))
        amounts = [
            (each["subject"], Fraction(each["evidence"]["summary"]["amount"]))
            for each in ledger
            if each["type"] == "tranche.unlocked" and each["subject"] in measures.about
        ]
        yield from _first_difference(
            "tokens unlocked and their recount", sorted(amounts), sorted(measures.unlocked.items())
        )
    yield from _deliveries(story, ledger)
    yield from _observations(story)
    yield from _troubles(story)
    yield from _stalls(story)


def _ledger(store: Store) -> list[dict[str, Any]]:
    with store.reading() as tx:
        return list(tx.ledger.entries())


def _admitted(store: Store) -> Attested:
    """Give what was admitted, under the times that it got: an input of the replay, as the chain is."""
    with store.reading() as tx:
        return tx.attestations.all()


def _told(ledger: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(each["type"], each["subject"], each["block_number"], each["occurred_at"]) for each in ledger]


def _text(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _final(story: Story) -> tuple[list[FakeBlock], list[BlockFacts[ActorId]]]:
    """Give the final blocks that count, as they were made and as they were noted."""
    chain, final = story.definition.chain, story.truth.final
    facts = [
        each
        for each in story.truth.facts
        if chain.count_from <= each.block.number <= final
        and chain.next_block(each.block.number - 1) == each.block.number
    ]
    return [story.truth.chain._blocks[each.block.number] for each in facts], facts


def _recounted(story: Story, admitted: Attested) -> list[tuple[Any, ...]]:
    """Recount by brute force what was noted while the chain was made, every final block of it."""
    _, blocks = _final(story)
    refs = {facts.block.number: facts.block for facts in blocks}
    known: dict[tuple[Address, int], Sample] = {}

    def state_at(address: Address, number: int) -> Sample:
        if (address, number) not in known:
            known[address, number] = story.truth.chain.sample(address, refs[number])
        return known[address, number]

    definition = replace(
        story.definition,
        kpis={
            name: replace(kpi, metric=CountLive()) if isinstance(kpi.metric, LiveApps) else kpi
            for name, kpi in story.definition.kpis.items()
            if not name.startswith(OTHERS)
        },
        milestones={
            name: each for name, each in story.definition.milestones.items() if not name.startswith(OTHERS)
        },
    )
    found = recount(definition, blocks, state_at, admitted)
    return [(kind, subject, number, _text(at)) for kind, subject, number, at in found.entries]


def _facts(store: Store, final: int) -> Facts:
    """Give what the stored blocks say, actors by address; creations are read in one of the two ways only."""
    with store.reading() as tx:
        rows = tx.facts.blocks(-1, final, 1_000_000)
        ids = {actor for row in rows for activity in row.activity.values() for actor in activity.actors}
        names = tx.facts.actor_addresses(ids)
    return [
        _plain(row, names)
        for row in rows
        if row.activity or row.announcements or row.pauses or row.code_changes or row.measures
    ]


def _plain(row: BlockFacts[ActorId], names: dict[ActorId, Address]) -> tuple[Any, ...]:
    activity = {
        app: (
            {names[actor]: count for actor, count in each.actors.items()},
            each.failed,
            each.gas,
            each.contracts,
        )
        for app, each in row.activity.items()
    }
    return row.block, activity, row.announcements, row.pauses, row.code_changes, row.measures


def _deliveries(story: Story, ledger: list[dict[str, Any]]) -> Iterator[str]:
    """Each entry came at least once, always with the same id and the same bytes."""
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for message in story.receiver.taken:
        bodies[message.id].add(message.body)
    for event_id, seen in bodies.items():
        if len(seen) > 1:
            yield f"message {event_id} came with {len(seen)} different bodies"
    came = [json.loads(next(iter(seen))) for seen in bodies.values()]
    for entry in ledger:
        same = [
            each
            for each in came
            if each["type"] == entry["type"]
            and each["data"].get("subject") == entry["subject"]
            and each["data"].get("sequence") == entry["sequence"]
        ]
        if len(same) != 1:
            yield f"entry {entry['sequence']} {entry['type']} {entry['subject']} came under {len(same)} ids"


def _troubles(story: Story) -> Iterator[str]:
    """Whatever failed for long was told of, and all that was told of was told to be over."""
    said = {message.id: json.loads(message.body) for message in story.receiver.taken}
    degraded = {name: each["data"] for name, each in said.items() if each["type"] == "watcher.degraded"}
    over = [each["data"]["degraded"] for each in said.values() if each["type"] == "watcher.recovered"]
    told = {(data["stage"], data["since"]) for data in degraded.values()}
    for stage, since in sorted(story.outages - told):
        yield f"nobody was told that {stage} fails since {since}"
    for name, data in degraded.items():
        if over.count(name) != 1:
            times = over.count(name)
            yield f"{data['stage']} was told to fail since {data['since']}, and {times} times to work again"


def _stalls(story: Story) -> Iterator[str]:
    """Each block before which the ledger stood still for long was told of, once, and no other block."""
    said = {message.id: json.loads(message.body) for message in story.receiver.taken}
    told = Counter(each["data"]["before_block"] for each in said.values() if each["type"] == "ledger.stalled")
    for number in sorted(story.stalls - told.keys()):
        yield f"nobody was told that the ledger stood still before block {number}"
    for number in sorted(told.keys() - story.doubts):
        yield f"the ledger was told to stand still before block {number}, and did not"
    for number, times in sorted(told.items()):
        if times > 1:
            yield f"it was told {times} times that the ledger stands still before block {number}"


def _observations(story: Story) -> Iterator[str]:
    with story.store.reading() as tx:
        for each in tx.state.observations():
            if each.block_number <= story.truth.final:
                yield f"observation of {each.milestone} at block {each.block_number} has no outcome"
        stalled = [open_want.last_error for open_want in tx.facts.wants() if open_want.last_error]
    if stalled:
        yield f"the ledger stands still although everything can be read: {stalled[0]}"


def _first_difference(what: str, left: list[Any], right: list[Any]) -> Iterator[str]:
    if left == right:
        return
    for place, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            yield f"{what} differ at {place}: {one} against {other}"
            return
    longer = left if len(left) > len(right) else right
    yield f"{what}: {len(left)} against {len(right)}, first more: {longer[min(len(left), len(right))]}"
