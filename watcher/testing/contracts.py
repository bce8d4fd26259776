"""The contracts of contracts_abi/, ready to be deployed, called and recognised by their logs.

contracts_abi/<Name>.json ─▶ CompiledContract ─▶ data of a transaction ─▶ devnet or any other node
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from eth_abi.abi import decode, encode
from eth_typing import ABI, ABIElement, ABIEvent
from eth_utils.abi import (
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
    get_abi_input_types,
    get_abi_output_types,
)

from watcher.errors import UsageError
from watcher.shipped import shipped


@dataclass(frozen=True, slots=True)
class CompiledContract:
    """One contract: its interface and its bytecode, to create it and as it stands on the chain."""

    name: str
    abi: ABI
    bytecode: bytes
    runtime: bytes

    def creation(self, *arguments: object) -> bytes:
        """Return the data of a transaction that creates it with these constructor arguments."""
        constructors = [element for element in self.abi if element["type"] == "constructor"]
        return self.bytecode + (_encoded(constructors[0], arguments) if constructors else b"")

    def call(self, function: str, *arguments: object) -> bytes:
        """Return the data of a call; addresses are given as hex, bytes as bytes."""
        element = self._element("function", function)
        return function_abi_to_4byte_selector(element) + _encoded(element, arguments)

    def selector(self, function: str) -> bytes:
        """Return the four bytes that call the function."""
        return function_abi_to_4byte_selector(self._element("function", function))

    def returned(self, function: str, output: bytes) -> tuple[Any, ...]:
        """Decode what a call of the function returned, one item a return value."""
        return decode(get_abi_output_types(self._element("function", function)), output)

    def topic(self, event: str) -> str:
        """Return topic 0 of the event's logs as `0x…` hex."""
        return f"0x{event_abi_to_log_topic(cast(ABIEvent, self._element('event', event))).hex()}"

    def _element(self, kind: str, name: str) -> ABIElement:
        for element in self.abi:
            if element["type"] == kind and element.get("name") == name:
                return element
        raise UsageError(f"{self.name} has no {kind} {name}: see contracts_abi/sources/{self.name}.sol")


@cache
def compiled(name: str) -> CompiledContract:
    """Load a contract of contracts_abi/ by its name; an unknown one raises UsageError."""
    path = shipped("contracts_abi", f"{name}.json")
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in path.parent.glob("*.json")))
        raise UsageError(f"there is no contract {name} in contracts_abi; there are {known}")
    artifact = json.loads(path.read_text(encoding="utf-8"))
    return CompiledContract(
        name=artifact["contractName"],
        abi=artifact["abi"],
        bytecode=bytes.fromhex(artifact["bytecode"].removeprefix("0x")),
        runtime=bytes.fromhex(artifact["deployedBytecode"].removeprefix("0x")),
    )


def _encoded(element: ABIElement, arguments: Sequence[object]) -> bytes:
    return encode(get_abi_input_types(element), arguments)
