"""The implementations of ChainSource, each over a chain that the same program of blocks can be played on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.nodes import Anvil
from watcher.chain.bytecode import address_of
from watcher.chain.code import (
    BEACON_SLOT,
    EIP1822_SLOT,
    EIP1967_SLOT,
    FACET_ADDRESSES,
    IMPLEMENTATION,
    MASTER_COPY,
    SAFE_SLOT,
)
from watcher.chain.endpoint import EndpointSettings
from watcher.chain.reader import JsonRpcSource
from watcher.chain.source import ChainSource
from watcher.core.types import Address, BlockRange
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet
from watcher.testing.fake_blocks import PLAIN_CODE, PROXY_CODE, address, create, log, tx
from watcher.testing.fake_chain import FakeChain

CHAIN_ID = 31_337
DEPLOYER = 0
KEEP_STATES = 4
"""So many blocks of state the pruned anvil keeps."""


@dataclass(frozen=True)
class Use:
    """One account uses an app, which emits a log; `fails`: it calls what reverts."""

    sender: int
    app: Address
    fails: bool = False

    @property
    def data(self) -> bytes:
        """Give the data of the call."""
        return compiled("App").call("fail") if self.fails else compiled("App").call("use", 1)


class ChainUnderTest(Protocol):
    """A chain to play the program on, and the source that reads it."""

    source: ChainSource
    accounts: Sequence[Address]

    def deploy(self, contract: str, *arguments: object) -> Address:
        """Create a contract of contracts_abi/ by the first account, in a block of its own."""
        ...

    def clone(self, logic: Address) -> Address:
        """Make an ERC-1167 clone."""
        ...

    def delegate(self, account: int, target: Address) -> None:
        """Give an account the code of another by EIP-7702."""
        ...

    def mine(self, *uses: Use) -> int:
        """Make one block of these transactions, in this order, and give its number."""
        ...

    def reorg(self, depth: int) -> None:
        """Replace the last blocks by as many empty ones."""
        ...

    def prune(self) -> None:
        """Forget the state of block 1; add blocks if need be."""
        ...


class Faked:
    """FakeChain: no network, no EVM."""

    def __init__(self) -> None:
        self.chain = FakeChain(CHAIN_ID)
        self.source: ChainSource = self.chain
        self.accounts: Sequence[Address] = [address(f"account {number}") for number in range(10)]
        self._nonce = 0

    def deploy(self, contract: str, *arguments: object) -> Address:
        """Say what state the contract would have."""
        self._nonce += 1
        made = create(self.accounts[DEPLOYER], nonce=self._nonce, code=PLAIN_CODE)
        here = made.contract
        assert here is not None
        behind = str(arguments[0]) if arguments else ""
        slots = {
            "Proxy1967": EIP1967_SLOT,
            "BeaconProxy": BEACON_SLOT,
            "Proxy1822": EIP1822_SLOT,
            "SafeProxy": SAFE_SLOT,
        }
        word = bytes(12) + bytes.fromhex(behind[2:])
        answers = {
            "Beacon": {(here, IMPLEMENTATION): word},
            "SafeProxy": {(here, MASTER_COPY): word},
            "Diamond": {(here, FACET_ADDRESSES): (32).to_bytes(32) + (1).to_bytes(32) + word},
        }
        self.chain.block(
            made,
            code={here: PROXY_CODE} if contract in {*slots, "Diamond"} else {},
            storage={(here, slots[contract]): behind} if contract in slots else {},
            answers=answers.get(contract, {}),
        )
        return here

    def clone(self, logic: Address) -> Address:
        """Write the clone's code."""
        self._nonce += 1
        code = bytes.fromhex(f"363d3d373d3d3d363d73{logic[2:]}5af43d82803e903d91602b57fd5bf3")
        made = create(self.accounts[DEPLOYER], nonce=self._nonce, code=code)
        self.chain.block(made)
        assert made.contract is not None
        return made.contract

    def delegate(self, account: int, target: Address) -> None:
        """Write the designator."""
        self.chain.block(code={self.accounts[account]: bytes.fromhex(f"ef0100{target[2:]}")})

    def mine(self, *uses: Use) -> int:
        """Make the receipts that the calls would have."""
        made = [
            tx(
                self.accounts[use.sender],
                use.app,
                ok=not use.fails,
                logs=[log(use.app, compiled("App").topic("Used"), f"0x{self.accounts[use.sender][2:]:0>64}")],
            )
            for use in uses
        ]
        return self.chain.block(*made).number

    def reorg(self, depth: int) -> None:
        """Fork and fill up."""
        self.chain.reorg(depth)
        self.chain.empty_blocks(depth)

    def prune(self) -> None:
        """Forget the first states."""
        self.chain.missing_state_below(2)


class Served:
    """JSON-RPC over the devnet."""

    def __init__(self, devnet: Devnet, url: str) -> None:
        self.devnet = devnet
        self.source: ChainSource = patient(EndpointSettings("devnet", url))
        self.accounts: Sequence[Address] = [account.address for account in devnet.accounts]

    def deploy(self, contract: str, *arguments: object) -> Address:
        """Deploy by a transaction."""
        made = self.devnet.deploy(self.devnet.accounts[DEPLOYER], contract, *arguments)
        self.devnet.mine()
        return made

    def clone(self, logic: Address) -> Address:
        """Ask a factory, and read the clone's address from its log."""
        factory = self.deploy("CloneFactory")
        self.devnet.transact(
            self.devnet.accounts[DEPLOYER], factory, compiled("CloneFactory").call("clone", logic)
        )
        return cloned(self.source, self.devnet.mine())

    def delegate(self, account: int, target: Address) -> None:
        """Send a type-4 transaction."""
        self.devnet.delegate(self.devnet.accounts[account], target)
        self.devnet.mine()

    def mine(self, *uses: Use) -> int:
        """Send the calls and seal the block."""
        for use in uses:
            self.devnet.transact(self.devnet.accounts[use.sender], use.app, use.data)
        return self.devnet.mine()

    def reorg(self, depth: int) -> None:
        """Go back and fill up."""
        self.devnet.revert(self.devnet.head.number - depth)
        self.devnet.mine_empty(depth)

    def prune(self) -> None:
        """Forget the first states."""
        self.devnet.prune(2)


class OnAnvil:
    """JSON-RPC over anvil, which seals blocks when told to and keeps few states."""

    OPTIONS = (
        "--order",
        "fifo",
        "--prune-history",
        str(KEEP_STATES),
        "--slots-in-an-epoch",
        "1",
    )

    def __init__(self, node: Anvil) -> None:
        self.node = node
        self.source: ChainSource = patient(EndpointSettings("anvil", node.url))
        self.accounts: Sequence[Address] = node.accounts

    def deploy(self, contract: str, *arguments: object) -> Address:
        """Deploy by a transaction."""
        return self.node.deploy(self.accounts[DEPLOYER], contract, *arguments)

    def clone(self, logic: Address) -> Address:
        """Ask a factory, and read the clone's address from its log."""
        factory = self.deploy("CloneFactory")
        self.node.send(self.accounts[DEPLOYER], factory, compiled("CloneFactory").call("clone", logic))
        return cloned(self.source, self.node.mine())

    def delegate(self, account: int, target: Address) -> None:
        """Set the designator by hand: signing one is the devnet's part."""
        self.node.ask("anvil_setCode", self.accounts[account], f"0xef0100{target[2:]}")
        self.node.mine()

    def mine(self, *uses: Use) -> int:
        """Send the calls and seal the block."""
        for use in uses:
            self.node.send(self.accounts[use.sender], use.app, use.data)
        return self.node.mine()

    def reorg(self, depth: int) -> None:
        """Let anvil replace them."""
        self.node.reorg(depth)

    def prune(self) -> None:
        """Go on until the first states are dropped."""
        for _ in range(2 * KEEP_STATES):
            self.node.mine()


def cloned(source: ChainSource, number: int) -> Address:
    """Read the address in the last log of a block."""
    [window] = source.windows(BlockRange(number, number), 1)
    return address_of(bytes.fromhex(window.blocks[0].receipts[-1].logs[-1].topics[1][2:]))


def patient(endpoint: EndpointSettings) -> JsonRpcSource:
    """Make a source whose rests take no time."""
    return JsonRpcSource([endpoint], CHAIN_ID, wait=lambda _seconds: False)
