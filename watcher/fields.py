"""Field types of settings: what the values in a program or deployment file may look like.

    TOML value ─▶ field type ─▶ plain value

Each knows its file form (with the remedy when it is wrong), its canonical form and its JSON Schema. The
models in `watcher.config` and the `Settings` of discovery kinds, metrics and channels are built from these.
"""

import re
from collections.abc import Hashable, Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Annotated, Any, Final, TypeVar

from eth_utils.address import to_checksum_address
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from watcher.core.ledger import decimal_text
from watcher.core.types import SECONDS_PER_DAY, SECONDS_PER_HOUR, Address, iso_utc

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8785 refuses larger ones)."""

TOLD: Final = "told"
"""The type of the errors that `refuse` makes: their message needs no translation."""

ZERO_ADDRESS = Address("0x" + "0" * 40)
"""Where nothing can be deployed: it never belongs to an app."""

_AMOUNT = re.compile(r"[0-9]+(_[0-9]+)*(\.[0-9]+)?")
_AMOUNT_LENGTH = 100
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_DURATION = re.compile(r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,9})s)?")
_DURATION_FORM = 'write days, hours, minutes and seconds as in "7d", "1d12h", "30m" or "90s"'

_Row = TypeVar("_Row")
_Value = TypeVar("_Value", bound=Hashable)


class Table(BaseModel):
    """A table of a file: every key known, no value turned into another type, frozen once read."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def refuse(at: tuple[str | int, ...], message: str) -> ValidationError:
    """Make the error of one key inside of a table, for validators of the whole table to raise.

    `message` goes on from the key and says what to write.
    """
    told = PydanticCustomError(TOLD, "{message}", {"message": message})
    return ValidationError.from_exception_data("table", [InitErrorDetails(type=told, loc=at, input=None)])


def exactly_one(table: Table, keys: tuple[str, ...]) -> str:
    """Give the one key of these that the table has; ValueError where it has none or several."""
    given = [key for key in keys if getattr(table, key) is not None]
    if len(given) != 1:
        found = f"has {' and '.join(given)}" if given else "has none"
        raise ValueError(f"needs exactly one of {', '.join(keys)}, but {found}: write one")
    return given[0]


def parse_address(value: object) -> Address:
    """Read an address; ValueError says what to write where it is none or its EIP-55 checksum is wrong."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise ValueError("is not an address: write 0x and 40 hex digits, in quotes")
    lower = value.lower()
    if value != lower and value != to_checksum_address(lower):
        right = to_checksum_address(lower)
        raise ValueError(
            f"has a wrong checksum: check it at its source, then write {right}, or all of it lowercase"
        )
    if lower == ZERO_ADDRESS:
        raise ValueError("is the zero address: nothing can be deployed there, name a real one")
    return Address(lower)


def parse_amount(value: object) -> Fraction:
    """Read an amount, exact: a decimal string or a TOML integer; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError('is not an exact amount: write an integer, or a decimal in quotes as in "53.3"')  # noqa: TRY004  # pydantic reports ValueError
    text = str(value)
    if len(text) > _AMOUNT_LENGTH or not _AMOUNT.fullmatch(text):
        raise ValueError('is not an amount: write digits, with _ between them if you like, such as "1_000.5"')
    return Fraction(text.replace("_", ""))


def parse_duration(value: object) -> int:
    """Read a duration as seconds; a day is 86,400 of them. ValueError says how to write it."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not value or found is None:
        raise ValueError(f"is not a duration: {_DURATION_FORM}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * SECONDS_PER_DAY + hours * SECONDS_PER_HOUR + minutes * 60 + seconds


def parse_positive_duration(value: object) -> int:
    """Read a duration of at least one second."""
    seconds = parse_duration(value)
    if seconds == 0:
        raise ValueError("is no time at all: write a duration of at least one second")
    return seconds


def parse_instant(value: object) -> int:
    """Read an instant as Unix seconds: text, or a TOML time with its offset; ValueError where it is none."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        read = None
    if not isinstance(read, datetime) or read.tzinfo is None or read.microsecond:
        raise ValueError('is not an instant: write day, time and offset as in "2026-12-31T00:00:00Z"')
    return int(read.timestamp())


def unique(rows: tuple[_Value, ...]) -> tuple[_Value, ...]:
    """Refuse a list that holds something twice; return it as it is."""
    twice = repeated(rows)
    if twice is not None:
        raise ValueError(f"holds {twice} twice: list it once")
    return rows


def repeated(rows: Iterable[_Value]) -> _Value | None:
    """Give the first element that occurs a second time, None where all differ."""
    seen: set[_Value] = set()
    for row in rows:
        if row in seen:
            return row
        seen.add(row)
    return None


def _schema(pattern: str, description: str, **more: Any) -> WithJsonSchema:  # noqa: ANN401  # JSON
    return WithJsonSchema({"type": "string", "pattern": pattern, "description": description, **more})


_DURATION_SCHEMA = _schema(
    f"^{_DURATION.pattern}$", "days, hours, minutes, seconds: 7d, 1d12h, 30m, 90s", minLength=1
)

# TOML gives lists; strict mode would want tuples.
Rows = Annotated[tuple[_Row, ...], Field(strict=False)]
"""A list of the file, as a tuple."""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
"""Words for people; never empty."""

Id = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100), Field(description="an id")
]
"""The name by which other tables, the ledger and the command line know a thing."""

Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
"""A whole number, zero included: a block number, a number of digits."""

Positive = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
"""A whole number from one on."""

Days = Annotated[int, Field(ge=1, le=3_660)]
"""The length of a window: up to ten years."""

HexAddress = Annotated[
    Address,
    PlainValidator(parse_address),
    _schema("^0x[0-9a-fA-F]{40}$", "lowercase, or with its EIP-55 checksum"),
]
"""An address of the file, lowercase once read."""

HexAddresses = Annotated[Rows[HexAddress], Field(min_length=1), AfterValidator(unique)]
"""A set of addresses, at least one."""

HexKey = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True),
    Field(description="an ed25519 public key: 64 hex digits"),
]
"""A public key of the file, lowercase once read."""

Amount = Annotated[
    Fraction,
    PlainValidator(parse_amount),
    PlainSerializer(decimal_text, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{_AMOUNT.pattern}$"},
                {"type": "integer", "minimum": 0},
            ],
            "description": "an integer, or a decimal in quotes",
        }
    ),
]
"""An exact amount."""

Seconds = Annotated[int, PlainValidator(parse_duration), _DURATION_SCHEMA]
"""A duration of the file in seconds, zero allowed."""

PositiveSeconds = Annotated[int, PlainValidator(parse_positive_duration), _DURATION_SCHEMA]
"""A duration of the file in seconds, at least one."""

Instant = Annotated[
    int,
    PlainValidator(parse_instant),
    PlainSerializer(iso_utc, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "an instant: 2026-12-31T00:00:00Z"}
    ),
]
"""An instant of the file, as Unix seconds."""

Period = Annotated[
    timedelta,
    PlainValidator(lambda value: timedelta(seconds=parse_positive_duration(value))),
    _DURATION_SCHEMA,
]
"""A duration of the file as a timedelta, at least one second."""
