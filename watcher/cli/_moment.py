"""The option `--at`, and how a command names the block that it took."""

from typing import Annotated

import typer

from watcher.core.moments import Moment, parse_moment

AtOption = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="BLOCK|DATE", help="as of an earlier block, a UTC day (its last block) or an instant"
    ),
]


def moment(at: str | None) -> Moment | None:
    """Read the option; None: as of the last concluded block."""
    return None if at is None else parse_moment(at)
