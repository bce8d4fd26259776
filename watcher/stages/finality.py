"""Finality: which block is final, and whether what was read lies under it.

    tag or depth ─▶ the final block as one endpoint has it ─▶ shows it what was read, too? ─▶ noted

Endpoints can be on different branches for a while: one says what is final, another may have given the blocks
before it. Nothing is concluded of blocks that nobody shows together with the final one.
"""

from concurrent.futures import Executor, Future

from watcher.chain.source import ChainSource
from watcher.core.definition import Chain
from watcher.core.types import BlockHash, BlockRef
from watcher.errors import ChainError, EndpointUnavailable
from watcher.store.database import Store, Tx


def read_final(chain: Chain, source: ChainSource, head: BlockRef) -> BlockRef | None:
    """Give the newest final block by the program's rule, None while there is none."""
    if chain.finality.tag is not None:
        return source.tagged(chain.finality.tag)
    number = head.number - (chain.finality.depth or 0)
    return source.headers([number])[0] if number >= 0 else None


def note_final(
    chain: Chain, source: ChainSource, store: Store, head: BlockRef, seen: BlockRef | None
) -> BlockRef | None:
    """Keep the highest final block ever seen, and the head; give the final block that holds now.

    A tag that goes back is ignored. One that goes on is believed when it has the newest stored block up to it
    under it, or the genesis block where nothing is stored: else one of the two is of a branch that was left,
    or of another chain, and the next run finds out. By depth it has to be shown beside the head, too: nobody
    who is stuck lower down may say what lies so far below somebody else's head.
    """
    with store.reading() as tx:
        known_head, known = tx.state.head(), tx.state.final()
        newer = seen if seen is not None and (known is None or seen.number > known.number) else None
        below = None if newer is None else tx.facts.newest(0, newer.number) or _genesis(tx)
    beside = [head] if chain.finality.tag is None else []
    if newer is not None and below is not None and not source.shows([below, newer, *beside]):
        newer = None
    if head != known_head or newer is not None:
        with store.writing(lasting=False) as tx:
            tx.state.set_head(head)
            if newer is not None:
                tx.state.set_final(newer)
    return newer or known


def check_follows(source: ChainSource, store: Store, first: BlockRef, *, ahead: bool) -> None:
    """Raise EndpointUnavailable where nobody shows the first block of a window together with the one below.

    That is the newest stored one, of the history or (`ahead`) of what was read at the head. Stored
    neighbours are compared when the window is written. Over a declared gap, above the genesis block and
    where the reading at the head begins, no parent's hash says that the two are of one branch of one chain.
    """
    with store.reading() as tx:
        extent = tx.facts.extent()
        if ahead:
            stored = None if extent.ahead is None else extent.ahead.last
            below = stored or tx.state.final() or _genesis(tx)
        else:
            stored = extent.checkpoint
            below = stored or _genesis(tx)
        neighbours = below is not None and below.number + 1 == first.number
    if below is None or (stored is not None and neighbours):
        return
    if not (first.parent_hash == below.hash if neighbours else source.shows([below, first])):
        raise EndpointUnavailable(
            f"block {first.number} does not lie above block {below.number} as it was read: it is read again"
        )


def _genesis(tx: Tx) -> BlockRef | None:
    """Give the block that the database's whole chain lies above; only its number and hash are known."""
    identity = tx.state.identity()
    return BlockRef(0, identity.genesis_hash, BlockHash(""), 0) if identity else None


class UnderFinal:
    """Makes sure that what is read as final lies under the final block.

    Who shows the two together is asked while the window is read: nobody waits for it afterwards.
    """

    def __init__(self, source: ChainSource, aside: Executor) -> None:
        """Ask nothing yet; `aside` is where it is asked ahead."""
        self._source = source
        self._aside = aside
        self._asked: dict[tuple[int, BlockRef], Future[list[BlockRef | None]]] = {}

    def ask(self, number: int, final: BlockRef) -> None:
        """Begin to ask who shows the block of a number, which is yet to be read, together with `final`."""
        if number != final.number and (number, final) not in self._asked:
            numbers = [number, final.number]
            self._asked[number, final] = self._aside.submit(self._source.together, numbers)

    def check(self, block: BlockRef, final: BlockRef) -> None:
        """Raise EndpointUnavailable where nobody shows a block, that was read as final, with `final`."""
        asked = self._asked.get((block.number, final))
        self._asked = {key: each for key, each in self._asked.items() if key[0] > block.number}
        if block == final or (asked is not None and _answer(asked) == [block, final]):
            return
        if not self._source.shows([block, final]):
            raise EndpointUnavailable(
                f"block {block.number} does not lie under the final one: it is read again"
            )

    def forget(self) -> None:
        """Take no answer to what was asked so far."""
        for asked in self._asked.values():
            asked.cancel()
        self._asked = {}

    def close(self) -> None:
        """Ask nothing any more, and wait for nobody."""
        self.forget()
        self._aside.shutdown(wait=False)


def _answer(asked: Future[list[BlockRef | None]]) -> list[BlockRef | None] | None:
    try:
        return asked.result()
    except ChainError:
        return None  # it was only asked ahead: now everybody is asked
