"""Sampling: at which blocks the state of which contracts has to be read, and what was read last.

Sample blocks of a contract: the first block of each UTC day (or `state_every`), the block in which it joins
an app, and each block with an Upgraded, BeaconUpgraded, DiamondCut or ChangedMasterCopy log of it or of its
beacon. Between two samples the state is taken as unchanged.

An app of the kind `open` is looked at only while it is *awake*: from the block of a counted action on, until
the window is empty again and it is not live. So what nobody uses costs nothing, however much was created. Its
contracts are sampled when it wakes, and a proxy that could not run then at each counted action, until it can:
else an action more, which wakes the app earlier, could keep it from being live.
"""

from collections.abc import Iterable, Iterator, Mapping

from watcher.core.applications import Claim, Membership, is_open
from watcher.core.facts import Actor, BlockFacts, CallWant, CodeKind, Sample, SampleWant
from watcher.core.types import Address, AppId, ViewCall


class Sampler:
    """Who belongs to which app, and the last sample of each contract that counts."""

    def __init__(self, every_seconds: int, membership: Membership | None = None) -> None:
        """Start before the first block."""
        self.every_seconds = every_seconds
        self.membership = membership or Membership()
        self.samples: dict[Address, Sample] = {}
        self.period: int | None = None
        self.awake: set[AppId] = set()
        self.stuck: set[Address] = set()

    def fork(self) -> "Sampler":
        """Copy; neither copy sees what the other learns."""
        copy = Sampler(self.every_seconds, self.membership.fork())
        copy.samples = dict(self.samples)
        copy.period = self.period
        copy.awake = set(self.awake)
        copy.stuck = set(self.stuck)
        return copy

    def turns(self, facts: BlockFacts[Actor]) -> bool:
        """Tell whether the next block is the first of a day, or of a `state_every`."""
        return facts.block.timestamp // self.every_seconds != self.period

    def woken(self, facts: BlockFacts[Actor]) -> list[AppId]:
        """Give the apps of the kind `open` that the next block wakes; changes nothing."""
        return [
            app
            for app, activity in facts.activity.items()
            if is_open(app) and activity.actors and app not in self.awake
        ]

    def sleep(self, app: AppId) -> None:
        """Look at an app of the kind `open` no more, until it wakes."""
        self.awake.remove(app)
        for address in self.membership.members(app):
            self._forget(address)

    def due(self, facts: BlockFacts[Actor]) -> list[Address]:
        """Say whose state is due at the next block, sorted; changes nothing."""
        concerned: set[Address] = {item.address for item in facts.announcements}
        ahead = self.membership.part(concerned)
        joined = ahead.apply(facts.block.number, facts.announcements)
        woken = self.woken(facts)

        def counts(address: Address) -> bool:
            owner = (ahead if address in concerned else self.membership).owner(address)
            return owner is not None and owner.counts and (self._looks_at(owner) or owner.app in woken)

        if self.turns(facts):
            due: set[Address] = {*self.membership.addresses(), *concerned}
        else:
            due = joined | self._changed(facts.code_changes)
            for app in woken:
                due.update(self.membership.members(app), ahead.members(app))
            due.update(address for address in self.stuck if self._is_used(address, facts))
        return sorted(address for address in due if counts(address))

    def advance(self, facts: BlockFacts[Actor]) -> list[Address]:
        """Take in the next block's announcements and time; return what `due` would have said."""
        due = self.due(facts)
        self.awake.update(self.woken(facts))
        self.membership.apply(facts.block.number, facts.announcements)
        for address in {item.address for item in facts.announcements}:
            if self.membership.owner(address) is None:
                self._forget(address)
        self.period = facts.block.timestamp // self.every_seconds
        return due

    def take(
        self, due: Iterable[Address], block_number: int, samples: Mapping[tuple[Address, int], Sample]
    ) -> None:
        """Take in the samples that `advance` asked for; KeyError where the caller did not bring one."""
        for address in due:
            self.hold(samples[address, block_number])

    def hold(self, sample: Sample) -> None:
        """Take in a contract's last sample."""
        self._forget(sample.address)
        self.samples[sample.address] = sample
        # What was created without code gets none later: only what stands behind a proxy can.
        if not sample.runnable and sample.kind is not CodeKind.NONE:
            self.stuck.add(sample.address)

    def apps_of(self, addresses: Iterable[Address]) -> set[AppId]:
        """Give the apps that these contracts belong to, of those that are looked at."""
        owners = (self.membership.owner(address) for address in addresses)
        return {owner.app for owner in owners if owner is not None and self._looks_at(owner)}

    def _forget(self, address: Address) -> None:
        self.samples.pop(address, None)
        self.stuck.discard(address)

    def _is_used(self, address: Address, facts: BlockFacts[Actor]) -> bool:
        owner = self.membership.owner(address)
        if owner is None or not is_open(owner.app):
            return False
        activity = facts.activity.get(owner.app)
        return activity is not None and bool(activity.actors)

    def _looks_at(self, owner: Claim) -> bool:
        return owner.app in self.awake or not is_open(owner.app)

    def _changed(self, code_changes: tuple[Address, ...]) -> set[Address]:
        """Give whose code may be another: the emitters', and that of proxies behind a beacon among them."""
        if not code_changes:
            return set()
        emitters = set(code_changes)
        return emitters | {address for address, sample in self.samples.items() if sample.beacon in emitters}


def look_ahead(
    sampler: Sampler, blocks: Iterable[BlockFacts[Actor]], calls: Iterable[ViewCall] = ()
) -> Iterator[SampleWant | CallWant]:
    """Give every sample that these blocks will need, as far as can be told before they are concluded.

    Only what a beacon that is not known yet will ask for is missing; the step asks for it when it gets there.
    """
    ahead = sampler.fork()
    for facts in blocks:
        if ahead.turns(facts):
            yield from (CallWant(call, facts.block.number) for call in calls)
        for address in ahead.advance(facts):
            yield SampleWant(address, facts.block.number)
