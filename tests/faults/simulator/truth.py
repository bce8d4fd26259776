"""The simulated chain: what really happened, block by block, with the facts that follow beside it.

    seed ─▶ Setting (a program) + Truth.grow() ─▶ FakeChain, and the facts that a person would note

The facts are noted as the transactions are made, by code that shares nothing with extraction: they are what
the oracle recounts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from eth_utils.crypto import keccak

from tests.faults.simulator import measured
from tests.faults.simulator.attesting import CLAIM, Signers
from watcher.abi import parse_signature
from watcher.chain.code import EIP1967_SLOT
from watcher.config.program import load_program
from watcher.core.applications import open_app
from watcher.core.definition import Definition
from watcher.core.facts import Activity, Announcement, BlockFacts, PauseLog
from watcher.core.tracked import PAUSED, UNPAUSED, UPGRADED
from watcher.core.types import ActorId, Address, AppId, BlockRef
from watcher.testing.fake_blocks import PLAIN_CODE, PROXY_CODE, FakeLog, FakeTx, address, create, log, tx
from watcher.testing.fake_chain import FakeChain

CHAIN_ID = 31_337
GENESIS = 1_700_000_000
STEPS = (0, 1, 1, 2, 12, 60, 700, 3_600, 9_000, 60_000)
"""Seconds between blocks: equal timestamps, busy minutes, skipped hours and days."""

USED = "0x" + "11" * 32
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
MADE = f"0x{keccak(text='Made(address)').hex()}"
OWNER, FACTORY, LOGIC, HOLLOW = (address(name) for name in ("owner", "factory", "logic", "hollow"))
USERS = [address(f"user {number}") for number in range(7)]
PLAIN, PROXY, LATE, LEAVING, FOUND = (
    address(name) for name in ("plain", "proxy", "late", "leaving", "found 0")
)

ENTRY_POINT = Address("0x0000000071727de22e5e9d8baf0edac6f37da032")
"""ERC-4337's, v0.7: the chain's family lists it."""
FORWARDER = address("forwarder")
_FORWARDED = "Forwarded(address indexed signer, bool done)"
OPENS = parse_signature("BeforeExecution()").topic0
OPERATION = parse_signature(
    "UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed paymaster, "
    "uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed)"
).topic0
FORWARDED = parse_signature(_FORWARDED).topic0
MARKER = f"""[[liveness.marker]]
event = "{_FORWARDED}"
actor = "signer"
success = "done"
emitters = ["{FORWARDER}"]"""

Acts = tuple[tuple[Address, bool, tuple[FakeLog, ...]], ...]
"""Who authorised what inside one transaction, whether it succeeded, and the logs that it made."""

PROGRAM = """schema = 1
id = "simulated"
{title}
provenance = {{ authority = "observer", source = "https://example.org" }}
[chain]
id = 31337
name = "simulated"
family = "ethereum"
finality = {{ {finality} }}
count_from = {count_from}
state_every = "{state_every}"
{gap}
[liveness]
unit = "{unit}"
reach = "{reach}"
window = {{ days = {days}, kind = "{kind}" }}
min_actions = {min_actions}
min_actors = {min_actors}
{liveness}
[[app]]
id = "plain"
contract = [{{ address = "{plain}" }}]
[[app]]
id = "proxy"
contract = [{{ address = "{proxy}" }}]
[[app]]
id = "late"
contract = [{{ address = "{late}", from_block = {late_from} }}]
[[app]]
id = "leaving"
contract = [{{ address = "{leaving}", until_block = {leaves_at} }}]
[[app]]
id = "found"
{found}
{everybody}
[[kpi]]
id = "two"
metric = {{ kind = "live_apps" }}
at_least = 2
[[kpi]]
id = "more"
metric = {{ kind = "live_apps" }}
more_than = 2
[[milestone]]
id = "first"
any_of = ["more", {{ all_of = ["two"] }}]
[[milestone]]
id = "second"
all_of = ["more", "two"]
[[countdown]]
id = "tge"
after = "first"
duration = "{duration}"
marks = ["1h"]
on_regression = "{on_regression}"
{rearm}
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a seed chose of the program; `depth` None: finality goes by the tag.

    `listed`: no contract is found, so that the definition alone says who belongs to which app. `everybody`:
    what users create makes apps of their own. `bundled`: users act inside of others' transactions.
    """

    definition: Definition
    depth: int | None
    factory: bool
    touched: bool
    file: Path
    measured: measured.Measured
    signers: Signers
    listed: bool
    everybody: bool
    bundled: bool


def setting(seed: int, random: Random, folder: Path, *, plain: bool) -> Setting:
    """Choose a program; a `plain` one counts live apps, and nothing else."""
    signers = Signers(Random(f"{seed}/attested"), plain=plain)
    depth = random.choice((None, 3, 8, 16))
    factory = random.random() < 0.5
    touched = random.random() < 0.6
    policy = random.choice(("continue", "pause", "cancel"))
    lower = random.random() < 0.4
    liveness = [
        "not_paused = true" if random.random() < 0.5 else "",
        f'dormant_after = "{random.choice((1, 5))}h"' if random.random() < 0.4 else "",
        "leave_below = { min_actions = 2 }" if lower else "",
        "max_actions_per_actor = 2" if random.random() < 0.3 else "",
        f'attested = ["{CLAIM}"]' if signers.about_apps else "",
    ]
    count_from = random.choice((1, 1, 4))
    late_from = random.randint(5, 30)
    leaves_at = late_from + random.randint(10, 40)
    gap_at = random.choice(
        [at for at in range(12, 40) if not {late_from, leaves_at} & set(range(at, at + 3))]
    )
    gap = f'[[chain.gap]]\nfirst = {gap_at}\nlast = {gap_at + 2}\nreason = "lost"'
    listed = not plain and Random(f"{seed}/listed").random() < 0.25
    everybody = not (plain or listed) and Random(f"{seed}/everybody").random() < 0.2
    bundled = not plain and touched and Random(f"{seed}/bundled").random() < 0.3
    if bundled:
        liveness.append(MARKER)  # the last of its table: it begins one
    discover = (
        f'kind = "factory_event"\nfactories = ["{FACTORY}"]\nevent = "Made(address made)"\nargument = "made"'
        if factory
        else f'kind = "deployer"\naccounts = ["{OWNER}"]'
    )
    text = PROGRAM.format(
        title="",
        finality='tag = "finalized"' if depth is None else f"depth = {depth}",
        count_from=count_from,
        state_every=random.choice(("1d", "6h")),
        gap=gap if random.random() < 0.25 and not everybody else "",
        unit="action" if bundled else "transaction",
        reach="touched" if touched else "direct",
        days=random.choice((1, 1, 2)),
        kind=random.choice(("rolling", "rolling", "complete_days")),
        min_actions=random.randint(2, 5),
        min_actors=random.randint(1, 3),
        liveness="\n".join(line for line in liveness if line),
        plain=PLAIN,
        proxy=PROXY,
        late=LATE,
        late_from=late_from,
        leaving=LEAVING,
        leaves_at=leaves_at,
        found=f'contract = [{{ address = "{FOUND}" }}]' if listed else f"[[app.discover]]\n{discover}",
        everybody='[[app]]\nid = "by"\n[[app.discover]]\nkind = "open"' if everybody else "",
        duration=random.choice(("2h", "1d", "7d")),
        on_regression=policy,
        rearm="rearm = true" if policy == "cancel" and random.random() < 0.5 else "",
    )
    file = folder / "program.toml"
    besides = Random(f"{seed}/measured")
    more = measured.Measured("", besides) if plain else measured.draw(besides, PLAIN, GENESIS)
    file.write_text(f"{text}\n{more.tables}\n{signers.tables()}", encoding="utf-8")
    definition = load_program(file).definition
    return Setting(definition, depth, factory, touched, file, more, signers, listed, everybody, bundled)


class Truth:
    """The chain as it really is, and the facts of its blocks from `count_from` on."""

    def __init__(self, chosen: Setting, random: Random) -> None:
        """Make block 0, and block 1 in which what was there before is given code."""
        self.chain = FakeChain(CHAIN_ID, GENESIS)
        self.facts: list[BlockFacts[ActorId]] = []
        self.final = 0
        self._chosen = chosen
        self._random = random
        self._made = 0
        self._highest = 0
        self._besides = Random(f"{random.random()}" if chosen.everybody or chosen.bundled else "")
        self._acts: dict[FakeTx, Acts] = {}
        self._noted(self.chain.head(), [], [])
        code = dict.fromkeys((PLAIN, LATE, LEAVING, LOGIC), PLAIN_CODE)
        if chosen.listed:
            code[FOUND] = PLAIN_CODE
        first = self.chain.block(
            code={**code, PROXY: PROXY_CODE}, storage={(PROXY, EIP1967_SLOT): LOGIC}, at=GENESIS + 5
        )
        self._noted(first, [], [])

    @property
    def head(self) -> BlockRef:
        """Give the newest block."""
        return self.chain._blocks[-1].ref

    def reorg(self) -> int:
        """Replace some blocks above finality by as many new ones and one more; return how many."""
        depth = self._random.randint(1, max(1, self.head.number - self.final))
        if self.head.number - depth < max(self.final, 1):
            return 0
        self.chain.reorg(depth)
        del self.facts[-depth:]
        for _ in range(depth + 1):
            self.grow()
        return depth

    def finalize(self, *, everything: bool = False) -> None:
        """Let finality follow the head."""
        self._highest = max(self._highest, self.head.number)
        if self._chosen.depth is not None:
            self.final = max(self.final, self._highest - self._chosen.depth)
        elif everything or self._random.random() < 0.6:
            to = self.head.number if everything else self._random.randint(self.final, self.head.number)
            self.final = max(self.final, to)
            self.chain.finalize(self.final)

    def grow(self, *, quiet: bool = False) -> None:
        """Add one block; a `quiet` one is empty."""
        number = self.head.number + 1
        members = self._members(number)
        made: list[FakeTx] = []
        announced: list[Announcement] = []
        code: dict[Address, bytes] = {}
        storage: dict[tuple[Address, int], str | int] = {}
        if not quiet and self._random.random() < 0.06 and not self._chosen.listed:
            made.append(self._find(announced, made, code))
            members = {**members, announced[-1].address: AppId("found")}
        if self._chosen.everybody and not quiet and self._besides.random() < 0.15:
            made.append(self._created(announced, made))
            members = {**members, announced[-1].address: announced[-1].app}
        if not quiet and self._random.random() < 0.05:
            logic = self._random.choice((LOGIC, LOGIC, HOLLOW))
            storage[PROXY, EIP1967_SLOT] = logic
            made.append(tx(OWNER, PROXY, logs=[log(PROXY, UPGRADED)]))
        if not quiet:
            made += [self._use(list(members)) for _ in range(self._random.choice((0, 0, 1, 2, 4)))]
        if self._chosen.bundled and not quiet and self._besides.random() < 0.6:
            made.append(self._bundle([PLAIN, PROXY, LATE, LEAVING, *members]))
        at = self.head.timestamp + self._random.choice(STEPS)
        answers = self._chosen.measured.answers()
        block = self.chain.block(*made, at=at, code=code, storage=storage, answers=answers)
        self._noted(block, made, announced)

    def _find(
        self, announced: list[Announcement], before: list[FakeTx], code: dict[Address, bytes]
    ) -> FakeTx:
        """Let the found app gain a contract, by its factory or its deployer."""
        self._made += 1
        contract = address(f"found {self._made}")
        logs_before = sum(len(each.logs) for each in before)
        if self._chosen.factory:
            code[contract] = PLAIN_CODE
            source = next(iter(self._sources("found")))
            announced.append(Announcement(AppId("found"), contract, source, logs_before))
            return tx(OWNER, FACTORY, logs=[log(FACTORY, MADE, data=f"0x{'00' * 12}{contract[2:]}")])
        announced.append(Announcement(AppId("found"), contract, f"deployer:{OWNER}", logs_before))
        if self._chosen.everybody:
            announced.append(Announcement(open_app(AppId("by"), OWNER), contract, "open", logs_before))
        return create(OWNER, contract=contract)

    def _created(self, announced: list[Announcement], before: list[FakeTx]) -> FakeTx:
        """Let a user create a contract, which is an app of its own, or another contract of one."""
        self._made += 1
        creator, contract = self._besides.choice(USERS[:4]), address(f"created {self._made}")
        app = open_app(AppId("by"), creator)
        announced.append(Announcement(app, contract, "open", sum(len(each.logs) for each in before)))
        return create(creator, contract=contract)

    def _bundle(self, contracts: list[Address]) -> FakeTx:
        """Let somebody carry out what users authorised, through an EntryPoint or a forwarder."""
        random = self._besides
        entered = random.random() < 0.6
        logs: list[FakeLog] = [log(ENTRY_POINT, OPENS)] if entered else []
        acts: list[tuple[Address, bool, tuple[FakeLog, ...]]] = []
        for _ in range(random.randint(1, 3)):
            user, done = random.choice(USERS), random.random() < 0.85
            theirs = [
                log(random.choice(contracts), random.choice((USED, USED, USED, TRANSFER)))
                for _ in range(random.choice((0, 1, 1, 2)))
            ]
            word = "0x" + user[2:].rjust(64, "0")
            if entered:
                data = "0x" + "".join(f"{number:064x}" for number in (0, done, 1, 1))
                closing = log(ENTRY_POINT, OPERATION, "0x" + "77" * 32, word, "0x" + "00" * 32, data=data)
            else:
                closing = log(FORWARDER, FORWARDED, word, data=f"0x{done:064x}")
            logs += [*theirs, closing]
            acts.append((user, done, tuple(theirs)))
        logs += [log(random.choice(contracts), USED)] * random.choice((0, 0, 1))  # nobody's
        made = tx(OWNER, ENTRY_POINT if entered else FORWARDER, logs=logs, ok=random.random() < 0.93)
        made = self._chosen.measured.more(made, [PLAIN, PROXY])
        self._acts[made] = tuple(acts) if made.ok else ()
        return made

    def _acted(self, made: FakeTx) -> Acts:
        """Give who authorised what in a transaction: its sender all of it, unless it is a bundle."""
        if made.to is None:
            return ()
        return self._acts.get(made, ((Address(made.sender), made.ok, made.logs),))

    def _sources(self, app: str) -> list[str]:
        return [found.source for found in self._chosen.definition.apps[AppId(app)].discoveries]

    def _use(self, contracts: list[Address]) -> FakeTx:
        random = self._random
        to = random.choice([PLAIN, PLAIN, PROXY, PROXY, LATE, LEAVING, *contracts, address("nobody")])
        topics = random.choice(((USED,), (USED,), (USED,), (USED,), (TRANSFER,), (), (PAUSED,), (UNPAUSED,)))
        logs: list[FakeLog] = [log(to, *topics)] * random.choice((0, 1, 1, 1, 2)) if topics else []
        if random.random() < 0.1:
            logs = [*logs, log(random.choice([PLAIN, PROXY]), USED)]
        made = tx(random.choice(USERS), to, logs=logs, ok=random.random() < 0.93)
        return self._chosen.measured.more(made, [PLAIN, PLAIN, PROXY, *contracts])

    def _members(self, number: int) -> dict[Address, AppId]:
        """Give who belongs to which app at a block, by the announcements before it and the program."""
        members: dict[Address, AppId] = {}
        said = [item for facts in self.facts for item in facts.announcements]
        for item in [*said, *self._listed(number)]:
            if item.removed:
                members.pop(item.address, None)
            elif item.source != "open" or item.address not in members:
                members[item.address] = item.app
        return members

    def _listed(self, number: int) -> tuple[Announcement, ...]:
        """Give what the program's lists say at a block."""
        said: list[Announcement] = []
        chain = self._chosen.definition.chain
        blocks = self._listing()
        apps = {"plain": PLAIN, "proxy": PROXY, "late": LATE, "leaving": LEAVING}
        if self._chosen.listed:
            apps["found"] = FOUND
        for app, contract in apps.items():
            joins, leaves = blocks[contract]
            source = f"curated:{app}"
            if number == max(joins, chain.count_from):
                said.append(Announcement(AppId(app), contract, source, -1, listed=True))
            if number == leaves:
                said.append(Announcement(AppId(app), contract, source, -1, removed=True, listed=True))
        return tuple(said)

    def _listing(self) -> Mapping[Address, tuple[int, int | None]]:
        """Read back what the program file says of its listed contracts."""
        text = self._chosen.file.read_text(encoding="utf-8")
        late_from = int(text.split("from_block = ")[1].split(" ")[0])
        leaves_at = int(text.split("until_block = ")[1].split(" ")[0])
        always = dict.fromkeys((PLAIN, PROXY, FOUND), (0, None))
        return {**always, LATE: (late_from, None), LEAVING: (0, leaves_at)}

    def _noted(self, block: BlockRef, made: list[FakeTx], announced: list[Announcement]) -> None:
        """Write down what a block says; nothing before `count_from` and inside a declared gap."""
        chain = self._chosen.definition.chain
        if block.number < chain.count_from or chain.next_block(block.number - 1) != block.number:
            self.facts.append(BlockFacts(block))
            return
        said = (*self._listed(block.number), *announced)
        members = {item.address: item.app for item in said if not item.removed and item.source == "open"}
        members |= self._members(block.number)
        members |= {item.address: item.app for item in said if not item.removed and item.source != "open"}
        acted: dict[AppId, dict[ActorId, int]] = {}
        acts = [(each.to, *act) for each in made for act in self._acted(each)]
        for to, who, done, emitted in acts:
            if not done:
                continue
            reached = {Address(one.address) for one in emitted if one.topics[:1] != (TRANSFER,)}
            contracts = reached if self._chosen.touched else {Address(to or "")}
            actor = ActorId(1 + [*USERS, OWNER].index(who))
            for app in {members[contract] for contract in contracts if contract in members}:
                actors = acted.setdefault(app, {})
                actors[actor] = actors.get(actor, 0) + 1
        logs = [one for each in made for one in each.logs if each.ok]
        watched = self._chosen.definition.liveness.not_paused
        self.facts.append(
            BlockFacts(
                block,
                {app: Activity(actors, 0, 0, 0, 0, 0, {}) for app, actors in acted.items()},
                said,
                (),
                tuple(
                    PauseLog(Address(one.address), one.topics[0] == PAUSED)
                    for one in logs
                    if watched and one.topics[:1] in ((PAUSED,), (UNPAUSED,))
                ),
                tuple(Address(one.address) for one in logs if one.topics[:1] == (UPGRADED,)),
            )
        )
