"""Sampling: at which blocks the state of which contracts has to be read, and what was read last.

Sample blocks of a contract: the first block of each UTC day (or `state_every`), the block in which it joins
an app, and each block with an Upgraded, BeaconUpgraded, DiamondCut or ChangedMasterCopy log of it or of its
beacon. Between two samples the state is taken as unchanged.
"""

from collections.abc import Iterable, Iterator, Mapping

from watcher.core.applications import Membership
from watcher.core.facts import Actor, BlockFacts, CallWant, Sample, SampleWant
from watcher.core.types import Address, AppId, ViewCall


class Sampler:
    """Who belongs to which app, and the last sample of each contract that counts."""

    def __init__(self, every_seconds: int, membership: Membership | None = None) -> None:
        """Start before the first block."""
        self.every_seconds = every_seconds
        self.membership = membership or Membership()
        self.samples: dict[Address, Sample] = {}
        self.period: int | None = None

    def fork(self) -> "Sampler":
        """Copy; neither copy sees what the other learns."""
        copy = Sampler(self.every_seconds, self.membership.fork())
        copy.samples = dict(self.samples)
        copy.period = self.period
        return copy

    def turns(self, facts: BlockFacts[Actor]) -> bool:
        """Tell whether the next block is the first of a day, or of a `state_every`."""
        return facts.block.timestamp // self.every_seconds != self.period

    def due(self, facts: BlockFacts[Actor]) -> list[Address]:
        """Say whose state is due at the next block, sorted; changes nothing."""
        membership, joined = self.membership, set[Address]()
        if facts.announcements:
            membership = membership.fork()
            joined = membership.apply(facts.block.number, facts.announcements)
        if self.turns(facts):
            due: Iterable[Address] = membership.addresses()
        else:
            due = joined | self._changed(facts.code_changes)
        return sorted(address for address in due if _counts(membership, address))

    def advance(self, facts: BlockFacts[Actor]) -> list[Address]:
        """Take in the next block's announcements and time; return what `due` would have said."""
        due = self.due(facts)
        self.membership.apply(facts.block.number, facts.announcements)
        for address in {item.address for item in facts.announcements}:
            if self.membership.owner(address) is None:
                self.samples.pop(address, None)
        self.period = facts.block.timestamp // self.every_seconds
        return due

    def take(
        self, due: Iterable[Address], block_number: int, samples: Mapping[tuple[Address, int], Sample]
    ) -> None:
        """Take in the samples that `advance` asked for; KeyError where the caller did not bring one."""
        for address in due:
            self.samples[address] = samples[address, block_number]

    def apps_of(self, addresses: Iterable[Address]) -> set[AppId]:
        """Give the apps that these contracts belong to."""
        owners = (self.membership.owner(address) for address in addresses)
        return {owner.app for owner in owners if owner is not None}

    def _changed(self, code_changes: tuple[Address, ...]) -> set[Address]:
        """Give whose code may be another: the emitters', and that of proxies behind a beacon among them."""
        if not code_changes:
            return set()
        emitters = set(code_changes)
        return emitters | {address for address, sample in self.samples.items() if sample.beacon in emitters}


def _counts(membership: Membership, address: Address) -> bool:
    owner = membership.owner(address)
    return owner is not None and owner.counts


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
