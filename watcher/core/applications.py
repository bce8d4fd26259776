"""Which contract belongs to which application at which block.

    announcements (discovery, one kind a file) ─▶ Membership ─▶ the owner of each address

Membership is by whole blocks: from the block of the announcement up to, not including, the block of the
removal. At one block a contract belongs to one app: listed claims first, then the earliest by block and log
index, and last those of the kind `open`, which claims whatever is created; other claims are kept, shown and
ignored.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from watcher.core.facts import Announcement
from watcher.core.types import Address, AppId
from watcher.core.window import BlockReceipts, Query

_OPEN = "/"
"""No listed app has it in its id."""

COUNTED_ROLES = frozenset({"core", "router"})
"""Contracts of other roles (token, oracle, admin) belong to the app but count for nothing."""


def open_app(rule: AppId, creator: Address) -> AppId:
    """Name the app of an account that creates contracts: `chain/0x…` where the rule is the app `chain`."""
    return AppId(f"{rule}{_OPEN}{creator}")


def is_open(app: AppId) -> bool:
    """Tell whether an app was found by the kind `open`, one for each account, and is not listed."""
    return _OPEN in app


class Discovery(Protocol):
    """One way to find the contracts of one app; implementations live in `watcher.discovery`."""

    @property
    def source(self) -> str:
        """Name this instance uniquely within its program, e.g. `registry:0x…:kumbaya`."""
        ...

    def wants(self) -> Query:
        """Say what has to be kept of a window for `read`."""
        ...

    def read(self, block: BlockReceipts) -> Iterable[Announcement]:
        """Give what this block announces and removes, in log order.

        Called for readable blocks in ascending order, once each, blocks without receipts too; a method that
        wants the logs of some emitters is asked only about blocks in which one of them emitted something.
        Pure: the same block gives the same announcements.
        """
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """An app's claim to a contract; smaller claims win (listed first, `open` last, else the earliest)."""

    app: AppId
    source: str
    listed: bool
    block_number: int
    log_index: int
    role: str = "core"

    @property
    def counts(self) -> bool:
        """Tell whether the contract counts for the app while this claim prevails."""
        return self.role in COUNTED_ROLES

    @property
    def rank(self) -> tuple[bool, bool, int, int, str]:
        """Order claims to one contract; the source only breaks what cannot be told apart otherwise."""
        return (not self.listed, is_open(self.app), self.block_number, self.log_index, self.source)


class Membership:
    """All claims that stand at one block, and what follows from them."""

    def __init__(self, claims: Iterable[tuple[Address, Claim]] = ()) -> None:
        """Start from claims that stand already."""
        self._claims: dict[Address, tuple[Claim, ...]] = {}
        self._members: dict[AppId, dict[Address, Claim]] = {}
        self._own: set[AppId] = set()
        for address, claim in claims:
            self._put(address, (*self._claims.get(address, ()), claim))

    def fork(self) -> "Membership":
        """Copy cheaply; neither copy sees what the other learns.

        The members of an app are shared until one of the two changes them: there may be very many apps.
        """
        copy = Membership()
        copy._claims, copy._members = dict(self._claims), dict(self._members)
        self._own.clear()
        return copy

    def part(self, addresses: Iterable[Address]) -> "Membership":
        """Copy what is known of a few contracts."""
        claims = ((address, claim) for address in addresses for claim in self._claims.get(address, ()))
        return Membership(claims)

    def apply(self, block_number: int, announcements: Iterable[Announcement]) -> set[Address]:
        """Take in one block's announcements; return the contracts that joined an app at this block.

        A contract that changed from one app to another joined, and so did one whose role came to count; one
        that was announced again did not, and one whose role does not count never does.
        """
        before: dict[Address, AppId | None] = {}
        for item in announcements:
            before.setdefault(item.address, self._counts_for(item.address))
            claims = self._claims.get(item.address, ())
            mine = [claim for claim in claims if claim.app == item.app and claim.source == item.source]
            if item.removed:
                self._put(item.address, tuple(claim for claim in claims if claim not in mine))
            elif not mine:
                claim = Claim(item.app, item.source, item.listed, block_number, item.log_index, item.role)
                self._put(item.address, (*claims, claim))
        now = {address: self._counts_for(address) for address in before}
        return {address for address, app in now.items() if app is not None and app != before[address]}

    def owner(self, address: Address) -> Claim | None:
        """Give the claim that prevails for a contract, None where no app claims it."""
        claims = self._claims.get(address)
        return claims[0] if claims else None

    def members(self, app: AppId) -> dict[Address, Claim]:
        """Give the contracts that belong to an app, each with the claim that prevails; do not change it."""
        return self._members.get(app, {})

    def counted(self, app: AppId) -> list[Address]:
        """Give the app's contracts whose role counts, sorted."""
        return sorted(address for address, claim in self.members(app).items() if claim.counts)

    def claims(self) -> Iterator[tuple[Address, Claim]]:
        """Give every claim that stands, prevailing or not, by address and rank."""
        for address in sorted(self._claims):
            for claim in self._claims[address]:
                yield address, claim

    def apps(self) -> Iterator[AppId]:
        """Give the apps that have a contract, in no order."""
        return (app for app, members in self._members.items() if members)

    def addresses(self) -> Iterable[Address]:
        """Give every contract that some app claims."""
        return self._claims.keys()

    def _counts_for(self, address: Address) -> AppId | None:
        owner = self.owner(address)
        return owner.app if owner is not None and owner.counts else None

    def _put(self, address: Address, claims: tuple[Claim, ...]) -> None:
        old = self.owner(address)
        if old is not None:
            del self._mine(old.app)[address]
        if not claims:
            self._claims.pop(address, None)
            return
        ranked = tuple(sorted(claims, key=lambda claim: claim.rank))
        self._claims[address] = ranked
        self._mine(ranked[0].app)[address] = ranked[0]

    def _mine(self, app: AppId) -> dict[Address, Claim]:
        """Give the members of an app to change, which no copy shares."""
        if app not in self._own:
            self._members[app] = dict(self._members.get(app, ()))
            self._own.add(app)
        return self._members[app]
