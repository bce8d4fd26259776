"""The demo's apps on the chain: deployed, announced and used by real transactions.

Candidate ─▶ transactions in the devnet's queue; who mines them, and when, is the script's business
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from eth_utils.address import to_canonical_address

from watcher.core.facts import CodeKind
from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.demo.cast import CAST, Candidate, FoundBy, Senders
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_block import data
from watcher.testing.devnet_chain import created_by

CROWD_AT_FIRST, CROWD_LATER = 8, 4
"""Different senders a day: while an app is new, and afterwards."""
BUSY_SENDER, BUSY_DEPLOYER = 20, 10
"""Transactions a day of those who use an app alone."""

_CREATING_GAS = 3_000_000
_NOBODY = Address("0x" + "0b" * 20)
"""An address without code, where a hollow proxy leads."""
_PROXIES = {CodeKind.EIP1967: "Proxy1967", CodeKind.EIP1822: "Proxy1822", CodeKind.SAFE: "SafeProxy"}


@dataclass(frozen=True, slots=True)
class Factory:
    """A factory of one app: the event and the argument that name what it makes, the call that makes it."""

    address: Address
    event: str
    argument: str
    call: bytes

    @property
    def makes(self) -> Address:
        """Give the address of what it makes first: a contract's nonce begins at 1 (EIP-161)."""
        return Address(data(created_by(to_canonical_address(self.address), 1)))


class Apps:
    """The contracts of the cast, and the accounts behind them."""

    def __init__(self, devnet: Devnet) -> None:
        """Queue what is there before any app opens: registry, factories, shared logic, listed contracts."""
        self._devnet = devnet
        owner, builder, studio, insider, solo, delegating, *crowd = devnet.accounts
        self._owner, self._builder, self._solo, self._delegating = owner, builder, solo, delegating
        self._deployers = {"game": studio, "insider": insider}
        self._crowd = crowd
        self._contracts: dict[str, Sequence[Address]] = {}
        self._logic = devnet.deploy(builder, "App")
        self.registry = devnet.deploy(owner, "AppRegistry")
        self.listed = (devnet.deploy(builder, "App"), devnet.deploy(builder, "App"))
        self.token = devnet.deploy(builder, "Token")
        self.factories = {
            "pools": Factory(
                devnet.deploy(builder, "Factory"),
                "AppCreated(address indexed creator, uint256 salt, address app)",
                "app",
                compiled("Factory").call("create"),
            ),
            "cards": Factory(
                devnet.deploy(builder, "CloneFactory"),
                "Cloned(address indexed instance)",
                "instance",
                compiled("CloneFactory").call("clone", self._logic),
            ),
        }

    def deployer_of(self, candidate: Candidate) -> Address:
        """Give the account that creates an app's contracts."""
        return self._deployers.get(candidate.id, self._builder).address

    def open(self, candidate: Candidate) -> None:
        """Queue what deploys an app and, where it is found by the registry, announces it there."""
        contracts = self.listed if candidate.found_by is FoundBy.LISTED else (self._build(candidate),)
        self._contracts[candidate.id] = contracts
        if candidate.found_by is FoundBy.REGISTRY:
            announcement = compiled("AppRegistry").call("announce", candidate.id, contracts[0])
            self._devnet.transact(self._owner, self.registry, announcement)

    def use(self, candidate: Candidate, day: int) -> None:
        """Queue what an app's senders do on one day; each of a crowd sends one transaction."""
        match candidate.senders:
            case Senders.CROWD:
                size = CROWD_AT_FIRST if day <= candidate.opens + 1 else CROWD_LATER
                first = 3 * CAST.index(candidate) + 5 * day
                senders = [self._crowd[(first + place) % len(self._crowd)] for place in range(size)]
            case Senders.ONE_ACCOUNT:
                senders = [self._solo] * BUSY_SENDER
            case Senders.ITS_DEPLOYER:
                senders = [self._deployers[candidate.id]] * BUSY_DEPLOYER
            case _:
                assert_never(candidate.senders)
        contracts = self._contracts[candidate.id]
        for place, sender in enumerate(senders):
            self._devnet.transact(sender, contracts[place % len(contracts)], compiled("App").call("use", day))

    def pause(self, candidate: Candidate) -> None:
        """Queue the transaction that pauses an app."""
        self._devnet.transact(self._owner, self._contracts[candidate.id][0], compiled("App").call("pause"))

    def _build(self, candidate: Candidate) -> Address:
        """Queue the creation of an app's contract, and give the address that it will have."""
        devnet = self._devnet
        if candidate.found_by is FoundBy.FACTORY:
            factory = self.factories[candidate.id]
            devnet.transact(self._builder, factory.address, factory.call, gas=_CREATING_GAS)
            return factory.makes
        if candidate.code is CodeKind.DELEGATION:
            devnet.delegate(self._delegating, self._logic)
            return self._delegating.address
        builder = self._deployers.get(candidate.id, self._builder)
        logic = _NOBODY if candidate.hollow else self._logic
        match candidate.code:
            case CodeKind.BEACON:
                return devnet.deploy(builder, "BeaconProxy", devnet.deploy(builder, "Beacon", logic))
            case CodeKind.DIAMOND:
                return devnet.deploy(builder, "Diamond", logic, [compiled("App").selector("use")])
            case CodeKind.PLAIN:
                return devnet.deploy(builder, "App")
            case proxy:
                return devnet.deploy(builder, _PROXIES[proxy], logic)
