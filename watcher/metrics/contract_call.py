"""Metric `contract_call`: a number that a view function returns, read at sample blocks.

first block of each sampling period ─▶ eth_call ─▶ one word of what comes back ─▶ whole units

Between two samples the number is taken as unchanged. A contract that is not there yet reads zero; a call that
reverts, or returns no such number, leaves the reading unknown.
"""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_utils.crypto import keccak
from pydantic import Field, model_validator

from watcher.abi import head_words, parse_types
from watcher.core.aggregates import Shape
from watcher.core.readings import NOTHING, UNKNOWN, Needs, Reading, View
from watcher.core.types import ViewCall
from watcher.fields import Count, HexAddress, Rows, Table, Text, refuse
from watcher.metrics._amounts import whole

_FUNCTION = re.compile(
    r"\s*(?:function\s+)?([A-Za-z_$][\w$]*)\s*\((.*?)\)[^()]*?returns\s*\((.*)\)\s*;?\s*", re.DOTALL
)
_UNSIGNED = re.compile(r"uint[0-9]+")
_WORD = 32
_FORM = 'write it as in Solidity: "totalAssets() returns (uint256)"'


class Settings(Table):
    """Which contract, which function, with which arguments, and which of its results."""

    address: HexAddress = Field(description="the contract")
    function: Text = Field(description='the function: "convertToAssets(uint256) returns (uint256)"')
    arguments: Rows[str | int | bool] = Field((), description="its arguments, in order")
    result: Count = Field(0, description="which of its results, from 0; an unsigned number")
    decimals: Annotated[int, Field(ge=0, le=255)] = Field(0, description="digits behind the point")

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        self.parts()
        self.data()
        return self

    def parts(self) -> tuple[str, list[str], list[str]]:
        """Give name, argument types and result types, canonical."""
        found = _FUNCTION.fullmatch(self.function)
        if found is None:
            raise refuse(("function",), f"is not a function's signature: {_FORM}")
        name, takes, returns = found.groups()
        try:
            results = parse_types(returns)
            arguments = parse_types(takes)
        except ValueError as error:
            raise refuse(("function",), str(error)) from None
        if self.result >= len(results) or not _UNSIGNED.fullmatch(results[self.result]):
            raise refuse(("result",), f"names no unsigned number among ({', '.join(results)}): count from 0")
        return name, arguments, results

    def data(self) -> str:
        """Give the input of the call."""
        name, types, _ = self.parts()
        try:
            encoded = encode(types, self.arguments)
        except (EncodingError, ValueError, TypeError):
            raise refuse(("arguments",), f"do not fit ({', '.join(types)}): write one for each") from None
        return "0x" + (keccak(text=f"{name}({','.join(types)})")[:4] + encoded).hex()


@dataclass(frozen=True, slots=True)
class ContractCall:
    """What the function returned at the last sample: a word of so many bits, at `place` of at least `words`.

    Nothing else of the answer is looked at: what a contract returns may be anything.
    """

    call: ViewCall
    place: int
    words: int
    bits: int
    decimals: int
    integral: ClassVar = False
    shape: ClassVar = Shape.LEVEL

    @property
    def needs(self) -> Needs:
        """Ask for the call at sample blocks."""
        return Needs(calls=(self.call,))

    def read(self, view: View) -> Reading:
        """Give the reading as of the view's block."""
        answer = view.calls.get(self.call)
        if answer == b"":
            return NOTHING
        if answer is None or len(answer) < self.words * _WORD:
            return UNKNOWN
        value = int.from_bytes(answer[self.place * _WORD : (self.place + 1) * _WORD])
        return UNKNOWN if value >> self.bits else Reading.exactly(whole(value, self.decimals))


def build(settings: Settings) -> ContractCall:
    """Make the metric."""
    _, _, results = settings.parts()
    call = ViewCall(settings.address, settings.data())
    bits = int(results[settings.result].removeprefix("uint"))
    return ContractCall(
        call, head_words(results[: settings.result]), head_words(results), bits, settings.decimals
    )


def bounds(settings: Settings, app_count: int | None) -> Reading:  # noqa: ARG001  # one form for all metrics
    """Give what the metric can read at all."""
    return UNKNOWN
