"""The chain of a program: its table put together with what is known of its family."""

from watcher.config import program_file as form
from watcher.config.families import system_transactions
from watcher.core.definition import Chain, Finality, Gap


def chain_of(table: form.Chain) -> Chain:
    """Give the chain that a program is about."""
    return Chain(
        id=table.id,
        family=table.family,
        finality=Finality(table.finality.tag, table.finality.depth),
        count_from=table.count_from,
        state_every_seconds=table.state_every,
        gaps=tuple(
            Gap(gap.first, gap.last, gap.reason) for gap in sorted(table.gap, key=lambda gap: gap.first)
        ),
        system=system_transactions(table.family),
    )
