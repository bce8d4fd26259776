"""Whether the source of apps is verified, as an explorer says: what `watcher attest verified-source` signs.

required contracts of an app, and the code behind their proxies ─▶ explorer ─▶ all verified? ─▶ Sources
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watcher.core.definition import Definition
from watcher.core.standing import facts_of
from watcher.core.state import State
from watcher.core.types import Address, AppId
from watcher.errors import CannotTell, UsageError
from watcher.explorers import Explorer

CLAIM = "source-verified"
"""What a program asks for under `attested`."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What an explorer says of one app; `page` shows the first contract without source, or the first."""

    app: AppId
    asked: tuple[Address, ...]
    unverified: tuple[Address, ...]
    page: str


def sources(
    definition: Definition, state: State, explorer: Explorer, only: Sequence[str] = ()
) -> Iterator[Sources]:
    """Ask about the required contracts of each app that the program lists, or of those named.

    ChainError where the explorer does not answer: nothing is said of that app then.
    """
    for app in _apps(definition, state, only):
        asked = _code_of(definition, state, app)
        unverified = tuple(address for address in asked if not explorer.verified(address))
        yield Sources(app, asked, unverified, explorer.page((unverified or asked)[0]))


def _apps(definition: Definition, state: State, only: Sequence[str]) -> Sequence[AppId]:
    if not only:
        if not definition.apps:
            raise UsageError("this program lists no app: name those to ask about with --app")
        return sorted(definition.apps)
    for name in only:
        if name not in state.apps:
            raise UsageError(f'--app "{name}" is no app of this program: `watcher apps` lists them')
    return [AppId(name) for name in only]


def _code_of(definition: Definition, state: State, app: AppId) -> tuple[Address, ...]:
    """Give the contracts whose source says what an app does: proxies, and what they lead to."""
    facts = facts_of(definition, state, app)
    asked: list[Address] = []
    for contract in facts.required or ():
        sample = facts.samples.get(contract)
        asked += [contract, *(logic.address for logic in sample.logic)] if sample else [contract]
    if not asked:
        raise CannotTell(f'app "{app}" has no contracts yet: name other apps with --app')
    return tuple(dict.fromkeys(asked))
