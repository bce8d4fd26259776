"""Event signatures as people write them: parsed, checked, and used to read logs word by word.

`PoolCreated(address indexed token0, uint24 fee, address pool)` ─▶ topic0, where each argument stands
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from eth_abi.abi import is_encodable_type
from eth_abi.grammar import ABIType, TupleType, parse
from eth_utils.crypto import keccak
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from watcher.core.types import Address
from watcher.core.window import Log
from watcher.fields import ZERO_ADDRESS, repeated

_FORM = 'write it as in Solidity: "Created(address indexed creator, uint256 salt, address app)"'
_EVENT = re.compile(r"\s*(?:event\s+)?([A-Za-z_$][\w$]*)\s*\((.*)\)\s*;?\s*", re.ASCII | re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_HEX_OF_WORD = 64
_WORD = 66
_PADDING = "0x" + "0" * 24
_MAX_INDEXED = 3
"""A log has four topics, the first names the event."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an event; `type` is canonical (`uint256`, tuples in parentheses)."""

    type: str
    name: str
    indexed: bool

    def __str__(self) -> str:
        return f"{self.type}{' indexed' if self.indexed else ''}{f' {self.name}' if self.name else ''}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One event."""

    name: str
    parameters: tuple[Parameter, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.parameters))})"

    @property
    def topic0(self) -> str:
        """Give the first topic of the event's logs."""
        types = ",".join(parameter.type for parameter in self.parameters)
        return "0x" + keccak(text=f"{self.name}({types})").hex()

    def position(self, argument: str) -> int:
        """Tell which parameter has that name; ValueError lists the names there are."""
        names = [parameter.name for parameter in self.parameters]
        if argument not in names:
            known = ", ".join(name for name in names if name)
            remedy = f"write one of {known}" if known else "name it in the event"
            raise ValueError(f"is no argument of the event: {remedy}")
        return names.index(argument)


@dataclass(frozen=True, slots=True)
class WordReader:
    """Reads the word of one argument of one event out of logs: from a topic, or from the head of the data."""

    topic0: str
    topics: int
    topic: int | None
    begin: int
    """Where the word begins in the data's hex text, `0x` included; of no meaning where `topic` is set."""
    shortest: int
    """How long the data's hex text is at least: `0x` and the head of every argument that is not indexed."""

    @classmethod
    def of(cls, signature: Signature, argument: str) -> "WordReader":
        """Prepare to read one argument; ValueError where there is none of that name."""
        wanted = signature.parameters[signature.position(argument)]
        indexed = [parameter for parameter in signature.parameters if parameter.indexed]
        in_data = [parameter for parameter in signature.parameters if not parameter.indexed]
        before = [] if wanted.indexed else in_data[: in_data.index(wanted)]
        return cls(
            topic0=signature.topic0,
            topics=1 + len(indexed),
            topic=1 + indexed.index(wanted) if wanted.indexed else None,
            begin=_hex_length(before),
            shortest=_hex_length(in_data),
        )

    def read(self, log: Log) -> str | None:
        """Give the argument's word as `0x…`.

        None where the log is not this event: another first topic, another number of topics, or data that is
        too short for what the event declares.
        """
        topics = log.topics
        if len(topics) != self.topics or topics[0] != self.topic0 or len(log.data) < self.shortest:
            return None
        if self.topic is not None:
            return topics[self.topic]
        return "0x" + log.data[self.begin : self.begin + _HEX_OF_WORD]


def read_event(value: object) -> Signature:
    """Read the signature of an event in a file; ValueError says what is wrong with it."""
    if not isinstance(value, str):
        raise ValueError('is not text: write the event\'s signature in quotes, "Created(address app)"')  # noqa: TRY004  # pydantic reports ValueError
    return parse_signature(value)


EventSignature = Annotated[
    Signature,
    PlainValidator(read_event),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "description": "the event's signature as in Solidity"}),
]
"""An event of the file."""


def address_in(word: str) -> Address | None:
    """Read the address in a `0x…` word of 32 bytes.

    None where the word holds no address (another length, bits above the 20 bytes) or the zero address.
    """
    if len(word) != _WORD or not word.startswith(_PADDING):
        return None
    address = Address("0x" + word[len(_PADDING) :])
    return None if address == ZERO_ADDRESS else address


def parse_types(inside: str) -> list[str]:
    """Read the types of a function's arguments or results; ValueError names one that is unknown."""
    return [_canonical_type(_cut_type(part.strip())[0]) for part in _split(inside)]


def parse_signature(text: str) -> Signature:
    """Read an event's signature; ValueError says what is wrong with it and how to write it."""
    found = _EVENT.fullmatch(text)
    if found is None:
        raise ValueError(f"is not an event's signature: {_FORM}")
    name, inside = found.groups()
    parameters = tuple(_parameter(part) for part in _split(inside))
    twice = repeated(parameter.name for parameter in parameters if parameter.name)
    if twice is not None:
        raise ValueError(f'has two arguments named "{twice}": give each its own name')
    if sum(parameter.indexed for parameter in parameters) > _MAX_INDEXED:
        raise ValueError(f"has more than {_MAX_INDEXED} indexed arguments: no log has room for them")
    return Signature(name, parameters)


def _split(inside: str) -> list[str]:
    """Split at the commas that stand outside of parentheses."""
    parts, depth, begin = [], 0, 0
    for place, sign in enumerate(inside):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append(inside[begin:place])
            begin = place + 1
    return [*parts, inside[begin:]] if inside.strip() else []


def _parameter(text: str) -> Parameter:
    type_text, rest = _cut_type(text.strip())
    words = rest.split()
    indexed = words[:1] == ["indexed"]
    names = words[1:] if indexed else words
    if len(names) > 1 or not all(_NAME.fullmatch(name) for name in names):
        raise ValueError(f'has an argument "{text.strip()}" that cannot be read: {_FORM}')
    return Parameter(_canonical_type(type_text), names[0] if names else "", indexed)


def _cut_type(text: str) -> tuple[str, str]:
    """Cut off the type, which for a tuple reaches past its last parenthesis and array brackets."""
    end = text.rfind(")") + 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[:end], text[end:]


def _canonical_type(text: str) -> str:
    compact = re.sub(r"\s+", "", re.sub(r"\btuple\(", "(", text))
    spelled = re.sub(r"\b(u?int)\b", r"\g<1>256", compact)
    if not is_encodable_type(spelled):
        raise ValueError(f'has an argument of type "{text}", which the ABI does not know: {_FORM}')
    return spelled


def _hex_length(parameters: Sequence[Parameter]) -> int:
    """Tell how long the heads of some arguments are as hex text, `0x` included."""
    return len("0x") + _HEX_OF_WORD * head_words([parameter.type for parameter in parameters])


def head_words(types: Sequence[str]) -> int:
    """Count the words that come before everything of dynamic length, for values of these canonical types."""
    return sum(_head_words(parse(each)) for each in types)


def _head_words(of: ABIType) -> int:
    """Count the words of a type's head: one for what is dynamic, else one for each word of the value."""
    if of.is_dynamic:
        return 1
    if of.is_array:
        length: int = of.arrlist[-1][0]
        return length * _head_words(of.item_type)
    if isinstance(of, TupleType):
        return sum(_head_words(component) for component in of.components)
    return 1
