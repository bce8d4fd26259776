"""Actions: what users authorised inside one transaction, told by the markers that close each of them.

    receipt's logs ─▶ markers of listed emitters ─▶ Action (actor, success, the logs it made) ─▶ extraction

Each log belongs to at most one action, the innermost that closed after it, so nothing counts twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from watcher.core.types import Address
from watcher.core.window import Log, Receipt

_SUCCESS = "0x1"


class Words(Protocol):
    """Reads one argument's word out of logs."""

    def read(self, log: Log) -> str | None:
        """Give the word as `0x…`; None where the log does not have the event's form."""
        ...


@dataclass(frozen=True, slots=True)
class Marker:
    """One event that closes an action, or with `opens` begins a bundle of them."""

    topic0: str
    emitters: frozenset[Address]
    """Whose event is believed; the same event of anybody else is a log like any other."""
    form: Words | None = None
    """Reads any word that is read. None where none is: which arguments are indexed is then nobody's concern.

    Safes index what they did not before 1.4, and an account goes from one release to the next.
    """
    actor: Words | None = None
    """None: the actor is the emitter itself."""
    success: Words | None = None
    """Not zero where the action succeeded."""
    error: Words | None = None
    """Not zero where the action failed."""
    fails: bool = False
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One user-authorised execution; `logs` are those that it made."""

    actor: Address
    succeeded: bool
    logs: Sequence[Log]


class Markers:
    """Cuts receipts into actions."""

    def __init__(self, markers: Iterable[Marker]) -> None:
        """Look each marker up by its emitter and first topic."""
        self._markers: dict[tuple[str, str], Marker] = {
            (emitter, each.topic0): each for each in markers for emitter in each.emitters
        }

    def actions(self, receipt: Receipt) -> list[Action]:
        """Give a transaction's actions in the order in which they closed.

        One without closing markers is one action of its sender. Beside closing markers, logs that none of
        them closes are nobody's.
        """
        if receipt.status != _SUCCESS:
            return [Action(Address(receipt.sender), succeeded=False, logs=receipt.logs)]
        closed = list(self._closed(receipt.logs))
        return closed or [Action(Address(receipt.sender), succeeded=True, logs=receipt.logs)]

    def _closed(self, logs: Iterable[Log]) -> Iterator[Action]:
        pending: list[Log] = []
        begins: dict[str, int] = {}
        """Where in `pending` the bundle of an emitter that opened one goes on."""
        for log in logs:
            marker = self._markers.get((log.address, log.topics[0])) if log.topics else None
            if marker is None or (marker.form is not None and marker.form.read(log) is None):
                pending.append(log)
                continue
            if marker.opens:
                begins[log.address] = len(pending)
                continue
            begin = begins.get(log.address, max(begins.values(), default=0))
            # The marker may be an app's own log as well, of an account that is listed as the app's.
            yield Action(_actor(marker, log), _succeeded(marker, log), [*pending[begin:], log])
            del pending[begin:]
            begins = {emitter: min(place, begin) for emitter, place in begins.items()}


def _actor(marker: Marker, log: Log) -> Address:
    word = marker.actor.read(log) if marker.actor is not None else None
    return Address(log.address if word is None else "0x" + word[-40:])


def _succeeded(marker: Marker, log: Log) -> bool:
    if marker.success is not None:
        return _is_set(marker.success, log)
    if marker.error is not None:
        return not _is_set(marker.error, log)
    return not marker.fails


def _is_set(words: Words, log: Log) -> bool:
    word = words.read(log)
    return word is not None and int(word, 16) != 0
