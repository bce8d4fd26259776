"""A street on the devnet: people use two apps by themselves, through accounts, bundles, forwarders and fakes.

what is done, as a tree ─▶ a transaction on a real EVM
                        ─▶ whom it counts for, told from the tree: the oracle, which never looks at a log
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_chain import Account

PROGRAM = """
schema = 1
id = "street"
[provenance]
authority = "observer"
source = "https://example.org/terms"
[chain]
id = 31337
family = "ethereum"
finality = {{ depth = {depth} }}
count_from = 1
[liveness]
unit = "action"
reach = "touched"
window = {{ days = 1, kind = "rolling" }}
min_actions = 5
min_actors = 4
max_actions_per_actor = 3
exclude = [{{ kind = "listed", addresses = ["{excluded}"] }}]
[[liveness.marker]]
event = "BeforeExecution()"
opens = true
emitters = ["{entry}", "{other_entry}"]
[[liveness.marker]]
event = "UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed paymaster, \
uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed)"
actor = "sender"
success = "success"
emitters = ["{entry}", "{other_entry}"]
[[liveness.marker]]
event = "ExecutionSuccess(bytes32 txHash, uint256 payment)"
emitters = ["{safe}"]
[[liveness.marker]]
event = "ExecutionFailure(bytes32 txHash, uint256 payment)"
fails = true
emitters = ["{safe}"]
[[liveness.marker]]
event = "ExecutedForwardRequest(address indexed signer, uint256 nonce, bool success)"
actor = "signer"
success = "success"
emitters = ["{forwarder}"]
[[app]]
id = "game"
contract = [{{ address = "{game}" }}]
[[app]]
id = "shop"
contract = [{{ address = "{shop}" }}]
[[kpi]]
id = "actions"
metric = {{ kind = "app_actions" }}
aggregate = {{ kind = "sum", window = {{ days = 1, kind = "rolling" }} }}
at_least = 10
[[kpi]]
id = "actors"
metric = {{ kind = "app_actors", window = {{ days = 1, kind = "rolling" }} }}
at_least = 5
[[kpi]]
id = "both"
metric = {{ kind = "live_apps" }}
at_least = 2
[[milestone]]
id = "busy"
any_of = ["both", {{ all_of = ["actions", "actors"] }}]
"""

DEPTH = 2
"""As the program has it: so many blocks on top make one final."""


@dataclass(frozen=True)
class Call:
    """What somebody lets a contract do; `who` authorised what is in `inner`, where the contract says so."""

    to: Address
    data: bytes
    uses: str | None = None
    """The app of which it makes a contract say something."""
    reverts: bool = False
    inner: Sequence[tuple[Address | None, "Call"]] = ()
    """What it carries out, one after the other, each with who authorised it; None: nobody believed."""

    def credit(self, counts: Counter[tuple[Address, str]]) -> tuple[set[str], bool]:
        """Count what is in it; give the apps that nobody in it accounts for, and whether anybody was told."""
        loose, told = {self.uses} if self.uses else set[str](), False
        for who, call in self.inner:
            left, below = call.credit(counts)
            if who is None:
                loose |= left
                told |= below
                continue
            told = True
            if not call.reverts:
                counts.update((who, app) for app in left)
        return loose, told


@dataclass
class Street:
    """The contracts, and what was done in each block."""

    devnet: Devnet
    done: dict[int, Counter[tuple[Address, str]]] = field(default_factory=dict)
    """By block: how often each actor's action reached each app and counts."""

    def __post_init__(self) -> None:
        """Deploy everything in block 1."""
        self.relayer, self.excluded, *self.people = self.devnet.accounts[:8]
        self._queued: Counter[tuple[Address, str]] = Counter()
        names = (
            "App",
            "App",
            "EntryPointLike",
            "EntryPointLike",
            "EntryPointLike",
            "SafeLike",
            "ForwarderLike",
        )
        deployed = [self.devnet.deploy(self.relayer, name) for name in names]
        self.game, self.shop, self.entry, self.other_entry, self.fake, self.safe, self.forwarder = deployed
        self.mine()

    def counted(self, app: str, first: int, last: int) -> Counter[Address]:
        """Tell who counted for an app in the blocks from first to last, and how often."""
        counts: Counter[Address] = Counter()
        for number, done in self.done.items():
            if first <= number <= last:
                counts.update({actor: count for (actor, of), count in done.items() if of == app})
        return counts

    def program(self, folder: Path) -> Definition:
        """Write the street's program, program.toml, and load it."""
        file = folder / "program.toml"
        listed = ("entry", "other_entry", "safe", "forwarder", "game", "shop")
        text = PROGRAM.format(
            depth=DEPTH, excluded=self.excluded.address, **{name: getattr(self, name) for name in listed}
        )
        file.write_text(text, encoding="utf-8")
        return load_program(file).definition

    # What can be done

    def use(self, app: str) -> Call:
        """Use an app."""
        return Call(getattr(self, app), compiled("App").call("use", 1), uses=app)

    def quiet(self, app: str) -> Call:
        """Use an app in a way that shows in no log."""
        return Call(getattr(self, app), compiled("App").call("quiet"))

    def fail(self, app: str) -> Call:
        """Fail to use an app."""
        return Call(getattr(self, app), compiled("App").call("fail"), reverts=True)

    def bundle(self, entry: Address, *operations: tuple[Account, Call]) -> Call:
        """Hand operations of several accounts to an EntryPoint; one that is not listed is a fake."""
        who = [account.address for account, _ in operations]
        data = compiled("EntryPointLike").call(
            "handle", who, [call.to for _, call in operations], [call.data for _, call in operations]
        )
        believed = entry in {self.entry, self.other_entry}
        inner = [(name if believed else None, call) for name, (_, call) in zip(who, operations, strict=True)]
        return Call(entry, data, inner=inner)

    def in_safe(self, call: Call) -> Call:
        """Let the Safe do something."""
        return Call(
            self.safe, compiled("SafeLike").call("execute", call.to, call.data), inner=[(self.safe, call)]
        )

    def forward(self, signer: Account, call: Call) -> Call:
        """Let the forwarder do something for a signer."""
        data = compiled("ForwarderLike").call("execute", signer.address, call.to, call.data)
        return Call(self.forwarder, data, inner=[(signer.address, call)])

    def send(self, sender: Account, call: Call) -> None:
        """Queue a transaction."""
        self.devnet.transact(sender, call.to, call.data, gas=2_000_000)
        credited: Counter[tuple[Address, str]] = Counter()
        loose, told = call.credit(credited)
        if not told and not call.reverts:
            credited.update((sender.address, app) for app in loose)
        self._queued.update({key: n for key, n in credited.items() if key[0] != self.excluded.address})

    def mine(self, seconds: int = 1) -> int:
        """Seal a block with what was sent, so many seconds after the last one."""
        number = self.devnet.mine(self.devnet.head.timestamp + seconds)
        self.done[number], self._queued = self._queued, Counter()
        return number

    def revert(self, fork_point: int) -> None:
        """Lose the blocks above one."""
        self.devnet.revert(fork_point)
        self.done = {number: done for number, done in self.done.items() if number <= fork_point}

    # Anything at all

    def anything(self, random: Random) -> None:
        """Send one transaction of any kind."""
        call = self._mixed(random) if random.random() < 0.2 else self._any_call(random, depth=2)
        self.send(random.choice((self.relayer, *self.people)), call)

    def _any_call(self, random: Random, depth: int) -> Call:
        shape = random.randrange(6) if depth else 0
        if shape == 0:
            return self._leaf(random)
        if shape == 1:
            return self.in_safe(self._any_call(random, depth - 1))
        if shape == 2:
            return self.forward(self._anybody(random), self._any_call(random, depth - 1))
        if shape == 3:
            # Of leaves only: whoever is believed inside of a fake takes the logs that came before.
            return self.bundle(self.fake, *self._leaves(random))
        if depth == 1:
            return self.bundle(self.other_entry, *self._leaves(random))
        calls = [
            self._mixed(random) if random.random() < 0.2 else self._any_call(random, depth - 1)
            for _ in range(random.randint(1, 4))
        ]
        return self.bundle(self.entry, *[(self._anybody(random), call) for call in calls])

    def _mixed(self, random: Random) -> Call:
        """Use apps and then hand in a bundle: what came before it opened is not its."""
        inner = self.bundle(self.other_entry, *self._leaves(random))
        return self.bundle(self.fake, *self._leaves(random), (self._anybody(random), inner))

    def _leaves(self, random: Random) -> list[tuple[Account, Call]]:
        return [(self._anybody(random), self._leaf(random)) for _ in range(random.randint(1, 3))]

    def _leaf(self, random: Random) -> Call:
        return random.choice((self.use, self.use, self.use, self.quiet, self.fail))(
            random.choice(("game", "shop"))
        )

    def _anybody(self, random: Random) -> Account:
        return random.choice((self.excluded, *self.people))
