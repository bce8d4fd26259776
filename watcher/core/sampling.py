"""Sampling: at which blocks the state of which contracts has to be read, and what was read last.

Sample blocks of a contract: the first block of each UTC day (or `state_every`), the block in which it joins
an app, and each block with an Upgraded, BeaconUpgraded, DiamondCut or ChangedMasterCopy log of it or of its
beacon. Between two samples the state is taken as unchanged.
"""

from collections.abc import Iterable, Iterator, Mapping

from watcher.core.applications import COUNTED_ROLES, Membership
from watcher.core.facts import Actor, BlockFacts, Sample, SampleWant
from watcher.core.types import Address, AppId


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

    def advance(self, facts: BlockFacts[Actor]) -> list[Address]:
        """Take in a block's announcements; return the contracts whose state is due at this block, sorted."""
        joined = self.membership.apply(facts.block.number, facts.announcements)
        for address in {item.address for item in facts.announcements}:
            if self.membership.owner(address) is None:
                self.samples.pop(address, None)
        period = facts.block.timestamp // self.every_seconds
        if period != self.period:
            self.period = period
            due: Iterable[Address] = list(self.membership.addresses())
        else:
            due = joined | self._changed(facts.code_changes)
        return sorted(address for address in due if self._counts(address))

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
        if not code_changes:
            return set()
        changed = {address for address in code_changes if self.membership.owner(address)}
        beacons = set(code_changes)
        return changed | {address for address, sample in self.samples.items() if sample.beacon in beacons}

    def _counts(self, address: Address) -> bool:
        owner = self.membership.owner(address)
        return owner is not None and owner.role in COUNTED_ROLES


def look_ahead(sampler: Sampler, blocks: Iterable[BlockFacts[Actor]]) -> Iterator[SampleWant]:
    """Give every sample that these blocks will need, as far as can be told before they are concluded.

    Only what a beacon that is not known yet will ask for is missing; the step asks for it when it gets there.
    """
    ahead = sampler.fork()
    for facts in blocks:
        for address in ahead.advance(facts):
            yield SampleWant(address, facts.block.number)
