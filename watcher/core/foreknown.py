"""Who belongs to which app at a block below which nothing was read: known where the definition alone says so.

definition ─▶ knows_members() ─▶ announced_before(block) ─▶ what `Tracked` learns before the head is read
"""

from watcher.core.definition import Definition
from watcher.core.facts import BlockFacts
from watcher.core.types import Address, BlockHash, BlockRef
from watcher.core.window import BlockReceipts

_UNREAD = BlockHash("")
"""The hash of a block that was not read: only its number counts here."""


def knows_members(definition: Definition) -> bool:
    """Tell whether nothing that happens on the chain changes who belongs to an app, or is excluded."""
    queries = [discovery.wants() for discovery in definition.discoveries]
    return not definition.liveness.exclude_deployers and all(
        query.blocks and not query.log_addresses and not query.creators for query in queries
    )


def announced_before(definition: Definition, number: int) -> tuple[BlockFacts[Address], ...]:
    """Give what the blocks below a number announce, each with its number and nothing else.

    Right only where `knows_members` says so.
    """
    discoveries = definition.discoveries
    found: list[BlockFacts[Address]] = []
    for at in sorted(frozenset().union(*(discovery.wants().blocks for discovery in discoveries))):
        if at >= number:
            break
        block = BlockReceipts(at, _UNREAD, ())
        announcements = tuple(item for discovery in discoveries for item in discovery.read(block))
        found.append(BlockFacts(BlockRef(at, _UNREAD, _UNREAD, 0), announcements=announcements))
    return tuple(found)
