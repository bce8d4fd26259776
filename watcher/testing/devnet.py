"""A small L2 in this process: a real EVM whose blocks, time, finality, reorgs and pruning the caller decides.

    Devnet ─▶ devnet_rpc ─▶ devnet_server ─▶ the watcher, as from any node

Transactions wait in a queue until `mine` puts all of them into one block: a test or the demo says what each
block holds. Nothing happens by itself, and the same calls give the same hashes.
"""

from collections.abc import Sequence
from threading import RLock

from eth_utils.address import to_canonical_address

from watcher.chain.source import Tag
from watcher.core.types import Address
from watcher.errors import HistoryMissing
from watcher.testing.contracts import compiled
from watcher.testing.devnet_block import DevnetBlock, data
from watcher.testing.devnet_chain import Account, EvmChain, created_by
from watcher.testing.devnet_state import StateAt
from watcher.testing.py_evm import SignedTransactionAPI

BLOCK_SECONDS = 1
_CALL_GAS = 500_000
_CREATION_GAS = 3_000_000
_TO_CREATE = b""


class Devnet:
    """A chain of blocks made to order; `accounts` are funded, and the same on every devnet.

    `automine` seals a block for every transaction that comes in raw. `lock` is held while the chain changes;
    who needs several answers about one moment holds it too.
    """

    def __init__(
        self, genesis_time: int, chain_id: int = 31_337, accounts: int = 32, *, automine: bool = False
    ) -> None:
        """Make block 0 at `genesis_time` (Unix seconds)."""
        self.accounts: Sequence[Account] = tuple(Account.derive(index) for index in range(accounts))
        self.automine = automine
        self.lock = RLock()
        self._evm = EvmChain(chain_id, genesis_time, self.accounts)
        self._blocks = [DevnetBlock(self._evm.genesis)]
        self._block_of: dict[str, int] = {}
        self._queue: list[SignedTransactionAPI] = []
        self._nonces: dict[bytes, int] = {}
        self._travelled = 0
        self._forks = 0
        self._tags: dict[Tag, int] = {}
        self._state_from = 0

    # Transactions

    def transact(
        self, account: Account, to: Address, call: bytes = b"", value: int = 0, gas: int = _CALL_GAS
    ) -> str:
        """Queue a signed transaction and give its hash; `call` is its data, `value` is in wei."""
        return self._send(account, to=to_canonical_address(to), call=call, value=value, gas=gas)

    def deploy(self, account: Account, contract: str, *arguments: object) -> Address:
        """Queue the creation of a contract of contracts_abi/ and give the address that it will have."""
        return self._create(account, compiled(contract).creation(*arguments))

    def deploy_code(self, account: Account, runtime: bytes) -> Address:
        """Queue the creation of a contract with just this code and give the address that it will have."""
        return self._create(account, bytes.fromhex(f"61{len(runtime):04x}80600a3d393df3") + runtime)

    def delegate(self, authority: Account, target: Address) -> str:
        """Queue an EIP-7702 transaction that gives the account the target's code, and give its hash.

        The zero address takes the code away again.
        """
        with self.lock:
            nonce = self._take_nonces(authority, 2)
            return self._enqueue(self._evm.sign_delegation(authority, nonce, to_canonical_address(target)))

    def send_raw(self, raw: bytes) -> str:
        """Queue a transaction that was signed elsewhere (and mine it under `automine`); give its hash.

        Raises ValidationError, with geth's words, where no block could take it.
        """
        with self.lock:
            transaction = self._evm.decode(raw)
            self._evm.check(transaction, self._state(self.head), self._next_nonce(transaction.sender))
            self._nonces[transaction.sender] = transaction.nonce + 1
            sent = self._enqueue(transaction)
            if self.automine:
                self.mine()
            return sent

    # Blocks and time

    def mine(self, timestamp: int | None = None) -> int:
        """Seal one block with everything queued, in order, and give its number.

        Its time is `timestamp` (Unix seconds; it may equal the last block's, never precede it), else a second
        after the last block plus what was travelled. If a transaction cannot be included, ValidationError is
        raised, no block is made and the queue is empty.
        """
        with self.lock:
            queued, self._queue = self._queue, []
            self._nonces.clear()
            self._seal(queued, self._later(BLOCK_SECONDS) if timestamp is None else timestamp)
            return self.head.number

    def mine_empty(self, count: int, every_seconds: int = BLOCK_SECONDS) -> int:
        """Seal blocks without transactions, so many seconds apart, and give the last one's number."""
        with self.lock:
            for _ in range(count):
                self._seal([], self._later(every_seconds))
            return self.head.number

    def travel(self, seconds: int) -> None:
        """Let the next block come so many seconds later than it would have."""
        with self.lock:
            self._travelled += seconds

    def finalize(self, number: int, tag: Tag = "finalized") -> None:
        """Let the tag answer block `number`, even a lower one than before; the head if that is lower."""
        with self.lock:
            self._tags[tag] = number

    def revert(self, fork_point: int) -> None:
        """Forget every block above `fork_point` and the queue: a reorg, once other blocks are made.

        The new blocks differ in their hashes even if they repeat the old ones.
        """
        with self.lock:
            self._block_of = {sent: number for sent, number in self._block_of.items() if number <= fork_point}
            del self._blocks[fork_point + 1 :]
            self._queue.clear()
            self._nonces.clear()
            self._travelled = 0
            self._forks += 1

    def prune(self, number: int) -> None:
        """Answer reads of the state before block `number` with HistoryMissing; blocks and receipts stay."""
        with self.lock:
            self._state_from = number

    # Reading

    @property
    def chain_id(self) -> int:
        """Give the chain id."""
        return self._evm.chain_id

    @property
    def head(self) -> DevnetBlock:
        """Give the newest block."""
        return self._blocks[-1]

    def tagged(self, tag: Tag) -> DevnetBlock | None:
        """Give the block that `finalize` named; None before."""
        number = self._tags.get(tag)
        return None if number is None else self._blocks[min(number, self.head.number)]

    def block(self, number: int) -> DevnetBlock | None:
        """Give a block by number; None above the head."""
        return self._blocks[number] if number < len(self._blocks) else None

    def blocks(self, first: int, last: int) -> Sequence[DevnetBlock]:
        """Give the blocks from first to last, both inclusive."""
        return self._blocks[first : last + 1]

    def block_of_hash(self, block_hash: str) -> DevnetBlock | None:
        """Give a block by hash; None where it is unknown or was reverted."""
        return next((block for block in reversed(self._blocks) if block.hash == block_hash), None)

    def block_of_transaction(self, sent: str) -> DevnetBlock | None:
        """Give the block that holds the transaction with this hash; None where none does (any more)."""
        number = self._block_of.get(sent)
        return None if number is None else self._blocks[number]

    def state(self, block: DevnetBlock) -> StateAt:
        """Give the state after a block; HistoryMissing where it was pruned."""
        if block.number < self._state_from:
            root = block.json["stateRoot"]
            raise HistoryMissing(f"missing trie node {root} (path ) state {root} is not available")
        return self._state(block)

    def _state(self, block: DevnetBlock) -> StateAt:
        return self._evm.state(block.sealed)

    def _create(self, account: Account, code: bytes) -> Address:
        with self.lock:
            nonce = self._next_nonce(to_canonical_address(account.address))
            self._send(account, to=_TO_CREATE, call=code, value=0, gas=_CREATION_GAS)
            return Address(data(created_by(to_canonical_address(account.address), nonce)))

    def _send(self, account: Account, *, to: bytes, call: bytes, value: int, gas: int) -> str:
        with self.lock:
            nonce = self._take_nonces(account, 1)
            return self._enqueue(self._evm.sign(account, nonce, to=to, data=call, value=value, gas=gas))

    def _enqueue(self, transaction: SignedTransactionAPI) -> str:
        self._queue.append(transaction)
        return data(transaction.hash)

    def _next_nonce(self, sender: bytes) -> int:
        if sender not in self._nonces:
            self._nonces[sender] = self._state(self.head).nonce(sender)
        return self._nonces[sender]

    def _take_nonces(self, account: Account, count: int) -> int:
        sender = to_canonical_address(account.address)
        nonce = self._next_nonce(sender)
        self._nonces[sender] = nonce + count
        return nonce

    def _later(self, seconds: int) -> int:
        travelled, self._travelled = self._travelled, 0
        return self.head.timestamp + seconds + travelled

    def _seal(self, transactions: Sequence[SignedTransactionAPI], timestamp: int) -> None:
        fork = str(self._forks).encode() if self._forks else b""
        block = DevnetBlock(self._evm.append(self.head.sealed, transactions, timestamp, fork))
        self._blocks.append(block)
        for transaction in transactions:
            self._block_of[data(transaction.hash)] = block.number
