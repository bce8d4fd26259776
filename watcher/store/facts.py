"""Everything that was read of the chain, as one repository: blocks, single reads, totals over them."""

from watcher.store.blocks import Blocks
from watcher.store.reads import OpenWant, Reads
from watcher.store.totals import Totals

__all__ = ["Facts", "OpenWant"]


class Facts(Blocks, Reads, Totals):
    """What `tx.facts` offers; each part has its own file."""
