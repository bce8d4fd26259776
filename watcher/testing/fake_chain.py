"""A chain in memory that tests program block by block: reorgs, lags, pruned history and failures included.

    chain = FakeChain()
    chain.block(create(ALICE), at=1_000)
    chain.block(tx(BOB, APP, logs=[log(APP, USED)]), tx(CAROL, APP, ok=False))
    chain.reorg(1)

It passes the same contract suite as the JSON-RPC source, so what a stage learns here holds on a real node.
Hashes are functions of the content and of the number of reorgs before: the same program of blocks gives the
same chain, and a block that replaces another never has its hash.
"""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from hashlib import sha256

from watcher.chain.code import CallTo, CodeAt, StorageAt, sample_code
from watcher.chain.source import EndpointTrouble, Identity, Tag, Witness
from watcher.core.facts import Sample
from watcher.core.types import Address, BlockHash, BlockRange, BlockRef, ViewCall
from watcher.core.window import BlockReceipts, LogFilter, Window
from watcher.errors import ChainError, HistoryMissing
from watcher.testing.fake_blocks import Changes, FakeBlock, FakeTx, receipts_of

_NO_PARENT = BlockHash("0x" + "00" * 32)
_BLOCK_SECONDS = 1


class FakeChain:
    """A programmable ChainSource; `calls` counts what was asked, by method (`windows` once per window).

    `before`, where set, is called with the method's name ahead of every answer: it may change the chain or
    raise what the answer shall be. `in_trouble` is what `troubles` gives; `expected` is what `expect` was
    told; `beside` are further endpoints, by name, that bear witness with this one.
    """

    def __init__(self, chain_id: int = 31_337, genesis_time: int = 1_700_000_000) -> None:
        """Start with block 0 only."""
        self.chain_id = chain_id
        self.calls: Counter[str] = Counter()
        self.before: Callable[[str], None] | None = None
        self.in_trouble: Sequence[EndpointTrouble] = ()
        self.expected = -1
        self.beside: dict[str, FakeChain] = {}
        self._forks = 0
        self._shown: int | None = None
        self._tags: dict[Tag, int] = {}
        self._state_from = 0
        self._history_from = 0
        self._failures: list[tuple[str | None, ChainError]] = []
        self._blocks = [self._made(None, (), genesis_time, Changes())]

    # Programming the chain

    def block(
        self,
        *transactions: FakeTx,
        at: int | None = None,
        code: Mapping[Address, bytes] | None = None,
        storage: Mapping[tuple[Address, int], str | int] | None = None,
        answers: Mapping[tuple[Address, bytes], bytes | None] | None = None,
    ) -> BlockRef:
        """Append one block, `at` a timestamp (default: a second after the last), and give it.

        `code`, `storage` (slot values as address or number) and `answers` (of contract calls; None reverts)
        change the state from this block on. A contract created by a transaction gets its code by itself.
        """
        parent = self._blocks[-1].ref
        timestamp = parent.timestamp + _BLOCK_SECONDS if at is None else at
        created = {made.contract: made.code for made in transactions if made.contract is not None and made.ok}
        words = {
            key: int(value, 16) if isinstance(value, str) else value for key, value in (storage or {}).items()
        }
        changes = Changes({**created, **(code or {})}, words, answers or {})
        self._blocks.append(self._made(parent, transactions, timestamp, changes))
        return self._blocks[-1].ref

    def empty_blocks(self, count: int, every: int = _BLOCK_SECONDS) -> BlockRef:
        """Append so many blocks without transactions, `every` seconds each, and give the last block."""
        for _ in range(count):
            self.block(at=self._blocks[-1].ref.timestamp + every)
        return self._blocks[-1].ref

    def reorg(self, depth: int) -> BlockRef:
        """Drop the last `depth` blocks and give the fork point; blocks made from now on replace them."""
        if not 0 < depth < len(self._blocks):
            raise ValueError(f"a reorg of {depth} blocks needs more than the {len(self._blocks)} there are")
        del self._blocks[-depth:]
        self._forks += 1
        self._shown = None
        return self._blocks[-1].ref

    def finalize(self, number: int, tag: Tag = "finalized") -> None:
        """Let the tag answer block `number`, also if that is lower than before."""
        self._tags[tag] = number

    def show_head(self, number: int | None) -> None:
        """Pretend that the source knows the chain up to block `number` only; None: all of it."""
        self._shown = number

    def missing_state_below(self, number: int) -> None:
        """Answer state reads before block `number` with HistoryMissing, as a pruned node does."""
        self._state_from = number

    def missing_history_below(self, number: int) -> None:
        """Answer reads of receipts before block `number` with HistoryMissing."""
        self._history_from = number

    def fail_next(self, error: ChainError, times: int = 1, on: str | None = None) -> None:
        """Let the next `times` calls (of method `on`, default: any) raise `error`."""
        self._failures += [(on, error)] * times

    def clone(self) -> "FakeChain":
        """Give a fresh source of the same blocks and tags: no failures, no pruning, everything shown."""
        copy = FakeChain(self.chain_id)
        copy._blocks = list(self._blocks)
        copy._tags = dict(self._tags)
        copy._forks = self._forks
        return copy

    # ChainSource

    def identity(self) -> Identity:
        """Give chain id and genesis hash."""
        self._ask("identity")
        return Identity(self.chain_id, self._blocks[0].ref.hash)

    def expect(self, number: int) -> None:
        """Keep the number for the test to see."""
        self.expected = number

    def head(self) -> BlockRef:
        """Give the newest block shown."""
        self._ask("head")
        return self._visible()[-1].ref

    def tagged(self, tag: Tag) -> BlockRef | None:
        """Give the block that `finalize` named, at most the head; None before."""
        self._ask("tagged")
        number = self._tags.get(tag)
        visible = self._visible()
        return None if number is None else visible[min(number, len(visible) - 1)].ref

    def headers(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Give blocks by number, None above the head."""
        self._ask("headers")
        return [self.ref_or_none(number) for number in numbers]

    def windows(
        self, blocks: BlockRange, size: int, *, only: LogFilter | None = None, every_header: bool = False
    ) -> Generator[Window]:
        """Read blocks as windows of exactly `size` blocks, the last one as long as there are blocks."""
        for first in range(blocks.first, blocks.last + 1, size):
            self._ask("windows")
            part = BlockRange(first, min(first + size - 1, blocks.last))
            read = [self._read(number) for number in _numbers(part)]
            passed = [block for block in read if only is None or only.passes(block)]
            taken = {block.number for block in passed}
            bare = [
                block.header
                for block in read
                if block.number not in taken and (every_header or block.number == part.last)
                if block.header is not None
            ]
            yield Window(part, passed, bare)

    def sample(self, address: Address, block: BlockRef) -> Sample:
        """Read the state that `block` and the blocks before it made."""
        return sample_code(self._state("sample", block), address, block.number)

    def _state(self, question: str, block: BlockRef) -> "_FakeState":
        self._ask(question)
        visible = self._visible()
        if block.number >= len(visible) or visible[block.number].ref.hash != block.hash:
            raise HistoryMissing(f"block {block.number} {block.hash} is not on this chain: read it again")
        if block.number < self._state_from:
            raise HistoryMissing(f"the state of block {block.number} is pruned: use an archive endpoint")
        return _FakeState(visible[: block.number + 1])

    def call(self, call: ViewCall, block: BlockRef) -> bytes | None:
        """Read the state that `block` and the blocks before it made."""
        return self._state("call", block).calls([CallTo(call.address, bytes.fromhex(call.data[2:]))])[0]

    def code_now(self, address: Address) -> bytes:
        """Read the code at the head."""
        self._ask("code_now")
        return _FakeState(self._visible()).values([CodeAt(address)])[0]

    def replaced(self, block: BlockRef, *, lasting: bool = True) -> bool:  # noqa: ARG002  # one voice decides
        """Tell whether the block is another one, or not there."""
        self._ask("replaced")
        return self.ref_or_none(block.number) != block

    def shows(self, blocks: Sequence[BlockRef]) -> bool:
        """Tell whether all these blocks are there."""
        self._ask("shows")
        found = [self.ref_or_none(block.number) for block in blocks]
        return [ref and ref.hash for ref in found] == [block.hash for block in blocks]

    def together(self, numbers: Sequence[int]) -> list[BlockRef | None]:
        """Give blocks by number, None above the head."""
        self._ask("together")
        return [self.ref_or_none(number) for number in numbers]

    def witnesses(self, number: int) -> Sequence[Witness]:
        """Give the block of this chain and of those beside it."""
        self._ask("witnesses")
        found = {name: each.ref_or_none(number) for name, each in {"fake": self, **self.beside}.items()}
        return [
            Witness(name, ref.hash) if ref else Witness(name, None, f"{name} has no block {number}")
            for name, ref in found.items()
        ]

    def troubles(self) -> Sequence[EndpointTrouble]:
        """Give the troubles that a test set."""
        return self.in_trouble

    def _ask(self, method: str) -> None:
        self.calls[method] += 1
        if self.before is not None:
            self.before(method)
        for failure in self._failures:
            if failure[0] in {None, method}:
                self._failures.remove(failure)
                raise failure[1]

    def ref_or_none(self, number: int) -> BlockRef | None:
        """Give a block by number, None above what is shown."""
        visible = self._visible()
        return visible[number].ref if number < len(visible) else None

    def _visible(self) -> list[FakeBlock]:
        return self._blocks if self._shown is None else self._blocks[: self._shown + 1]

    def _read(self, number: int) -> BlockReceipts:
        visible = self._visible()
        if number >= len(visible):
            raise HistoryMissing(f"block {number} is above the head {len(visible) - 1}: wait for it")
        if number < self._history_from:
            raise HistoryMissing(f"the receipts of block {number} are pruned: use an archive endpoint")
        block = visible[number]
        return BlockReceipts(number, block.ref.hash, block.receipts, block.ref)

    def _made(
        self,
        parent: BlockRef | None,
        transactions: Sequence[FakeTx],
        timestamp: int,
        changes: Changes,
    ) -> FakeBlock:
        content = repr((self.chain_id, self._forks, parent, transactions, timestamp, changes))
        ref = BlockRef(
            number=0 if parent is None else parent.number + 1,
            hash=BlockHash(f"0x{sha256(content.encode()).hexdigest()}"),
            parent_hash=_NO_PARENT if parent is None else parent.hash,
            timestamp=timestamp,
        )
        return FakeBlock(ref, receipts_of(transactions), changes)


class _FakeState:
    """The state after the last of some blocks: the latest block that says something about it decides."""

    def __init__(self, blocks: Sequence[FakeBlock]) -> None:
        self._blocks = blocks

    def values(self, reads: Sequence[CodeAt | StorageAt]) -> list[bytes]:
        return [self._value(read) for read in reads]

    def calls(self, calls: Sequence[CallTo]) -> list[bytes | None]:
        return [self._answer(call) for call in calls]

    def _value(self, read: CodeAt | StorageAt) -> bytes:
        for block in reversed(self._blocks):
            match read:
                case CodeAt(address) if address in block.changes.code:
                    return block.changes.code[address]
                case StorageAt(address, slot) if (address, slot) in block.changes.storage:
                    return block.changes.storage[address, slot].to_bytes(32)
                case _:
                    pass
        return b"" if isinstance(read, CodeAt) else bytes(32)

    def _answer(self, call: CallTo) -> bytes | None:
        for block in reversed(self._blocks):
            if (call.address, call.data) in block.changes.answers:
                return block.changes.answers[call.address, call.data]
        return None if self._value(CodeAt(call.address)) else b""


def _numbers(blocks: BlockRange) -> range:
    return range(blocks.first, blocks.last + 1)
