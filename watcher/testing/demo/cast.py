"""Who takes part in the demo: ten apps that come to count, and five that do not, each for its own reason.

Data only: what is built from it is in `apps`, what happens to it in `script`.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from watcher.core.facts import CodeKind


class FoundBy(StrEnum):
    """How the program file says that the app's contracts are found."""

    LISTED = "listed"
    REGISTRY = "registry"
    DEPLOYER = "deployer"
    FACTORY = "factory"


class Senders(Enum):
    """Who sends an app its transactions."""

    CROWD = auto()
    ONE_ACCOUNT = auto()
    ITS_DEPLOYER = auto()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One app of the program; `opens` is the day on which it is deployed and first used.

    `code` is what the watcher has to recognise. `trap` says, for people, why one that looks alive does not
    count; empty: it counts.
    """

    id: str
    opens: int
    found_by: FoundBy
    code: CodeKind
    senders: Senders = Senders.CROWD
    hollow: bool = False
    """Its proxy leads to an address without code: every call succeeds, and nothing happens."""
    trap: str = ""


CAST = (
    Candidate("swap", 1, FoundBy.LISTED, CodeKind.PLAIN),
    Candidate("game", 1, FoundBy.DEPLOYER, CodeKind.PLAIN),
    Candidate("pools", 2, FoundBy.FACTORY, CodeKind.PLAIN),
    Candidate("cards", 2, FoundBy.FACTORY, CodeKind.EIP1167),
    Candidate(
        "auction",
        2,
        FoundBy.REGISTRY,
        CodeKind.PLAIN,
        trap="it was live until it was paused, and whoever calls it now is refused",
    ),
    Candidate("market", 3, FoundBy.REGISTRY, CodeKind.PLAIN),
    Candidate("lending", 3, FoundBy.REGISTRY, CodeKind.EIP1967),
    Candidate(
        "relay",
        3,
        FoundBy.REGISTRY,
        CodeKind.DELEGATION,
        trap="a person's account that borrows code (EIP-7702) and can drop it at any time",
    ),
    Candidate("social", 4, FoundBy.REGISTRY, CodeKind.BEACON),
    Candidate("names", 4, FoundBy.REGISTRY, CodeKind.EIP1822),
    Candidate(
        "shell",
        4,
        FoundBy.REGISTRY,
        CodeKind.EIP1967,
        hollow=True,
        trap="a proxy to an address without code: each call succeeds and does nothing",
    ),
    Candidate("wallet", 5, FoundBy.REGISTRY, CodeKind.SAFE),
    Candidate(
        "solo",
        5,
        FoundBy.REGISTRY,
        CodeKind.PLAIN,
        Senders.ONE_ACCOUNT,
        trap="busier than all others, but it is one sender all the time",
    ),
    Candidate(
        "insider",
        6,
        FoundBy.REGISTRY,
        CodeKind.PLAIN,
        Senders.ITS_DEPLOYER,
        trap="only the account that deployed it ever uses it",
    ),
    Candidate("perps", 7, FoundBy.REGISTRY, CodeKind.DIAMOND),
)
"""Everyone, by the day on which they open."""

COUNTING = tuple(candidate.id for candidate in CAST if not candidate.trap)
"""The ten."""

PAUSED, TENTH = "auction", "perps"
"""The app that is paused, and the one with which the milestone is reached."""


def candidate_of(name: str) -> Candidate:
    """Give a candidate by its id."""
    return next(candidate for candidate in CAST if candidate.id == name)
