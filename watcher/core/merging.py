"""Merging what a block says for apps that were read later into what it says already.

stored row, apps whose facts are of an old listing left out ┐
                                                            ├─▶ the row that one reading would have made
what was read for the changed apps and new metrics          ┘
"""

from collections.abc import Set as AbstractSet

from watcher.core.facts import BlockFacts
from watcher.core.types import Address, AppId


def merged(
    stored: BlockFacts[Address], read: BlockFacts[Address], dropped: AbstractSet[AppId]
) -> BlockFacts[Address]:
    """Put together what two readings of one block say; of `dropped` apps only what was read now counts.

    Pauses and changes of code are noted whoever emits them, so that both readings say the same about them.
    """
    measures = {
        key: {app: amount for app, amount in amounts.items() if app not in dropped}
        for key, amounts in stored.measures.items()
    }
    for key, amounts in read.measures.items():
        measures[key] = {**measures.get(key, {}), **amounts}
    created = {item.address: item for item in (*stored.creations, *read.creations)}
    return BlockFacts(
        stored.block,
        {
            **{app: item for app, item in stored.activity.items() if app not in dropped},
            **read.activity,
        },
        (*(item for item in stored.announcements if item.app not in dropped), *read.announcements),
        tuple(created.values()),
        stored.pauses or read.pauses,
        stored.code_changes or read.code_changes,
        {key: amounts for key, amounts in measures.items() if amounts},
    )
