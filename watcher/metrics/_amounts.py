"""What several metrics share: which app they are about, what they add up, and in which unit.

measure (smallest unit) ─▶ View.amounts, View.totals ─▶ Fraction of whole units
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from watcher.abi import Signature
from watcher.core.ledger import canonical, sha256_hex
from watcher.core.measures import TOGETHER, Amounts
from watcher.core.readings import View
from watcher.core.types import AppId
from watcher.fields import refuse

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""topic0 of Transfer(address,address,uint256), ERC-20."""

_WORD = 66


def about(view: View, app: str | None) -> View:
    """Narrow a view to the app of the settings, unless one is asked about already."""
    return view if app is None or view.app is not None else replace(view, app=AppId(app))


def amount(amounts: Mapping[str, Amounts], key: str, app: AppId | None, *, by_app: bool) -> int:
    """Give what a measure says: of one app, of all, or where it does not go by app."""
    said = amounts.get(key, {})
    if not by_app:
        return said.get(TOGETHER, 0)
    return said.get(app, 0) if app is not None else sum(said.values())


def whole(value: int, decimals: int) -> Fraction:
    """Turn the smallest unit into whole ones."""
    return Fraction(value, 10**decimals)


def measure_key(*form: object) -> str:
    """Name a measure by what it adds up, so that equal ones are kept once in whatever program."""
    plain = [sorted(part) if isinstance(part, tuple) else part and str(part) for part in form]
    return sha256_hex(canonical(plain))[:16]


def unsigned(event: Signature, argument: str) -> None:
    """Refuse an argument that there is none of, or that is no unsigned number."""
    try:
        parameter = event.parameters[event.position(argument)]
    except ValueError as error:
        raise refuse(("argument",), str(error)) from None
    if not (parameter.type.startswith("uint") and parameter.type[4:].isdigit()):
        raise refuse(
            ("argument",), f"has the type {parameter.type}: name one of an unsigned type, such as uint256"
        )


def one_source(app: str | None, emitters: object) -> None:
    """Refuse an app beside listed emitters, whose logs are of no app."""
    if app is not None and emitters is not None:
        raise refuse(("app",), "does not go together with emitters: leave one out")


def number_in(word: str | None) -> int | None:
    """Read the unsigned number in a `0x…` word of 32 bytes; None where it is no such word."""
    if word is None or len(word) != _WORD:
        return None
    return int(word, 16)
