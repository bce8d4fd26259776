"""The canonical program: one form for everything that means the same; its SHA-256 is the definition hash.

ProgramFile ─▶ plain JSON without texts and defaults ─▶ every list sorted ─▶ RFC 8785 ─▶ SHA-256

Every list of a program is a set: tables are known by their id, and nothing follows from the order of
addresses, marks, rules or conditions.
"""

from typing import Any

from watcher.config.program_file import ProgramFile
from watcher.core.ledger import canonical


def canonical_program(program: ProgramFile) -> bytes:
    """Give the RFC 8785 JSON that the definition hash is taken of."""
    data = program.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    _drop_spelled_out_defaults(data)
    return canonical(in_order(data))


def in_order(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Sort every list in a JSON value: numbers by size, text by its bytes, tables by id or else by form."""
    if isinstance(value, dict):
        return {key: in_order(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((in_order(item) for item in value), key=_place)
    return value


def _place(item: Any) -> tuple[int, bytes]:  # noqa: ANN401  # any JSON
    if isinstance(item, int):
        return item, b""
    if isinstance(item, dict) and "id" in item:
        return 0, str(item["id"]).encode()
    return 0, item.encode() if isinstance(item, str) else canonical(item)


def _drop_spelled_out_defaults(data: dict[str, Any]) -> None:
    """Leave out what equals a default that another key of the program sets."""
    for app in data.get("app", []):
        for contract in app.get("contract", []):
            if contract.get("from_block", 0) <= data["chain"]["count_from"]:
                contract.pop("from_block", None)
    liveness = data["liveness"]
    lower = {key: bar for key, bar in liveness.pop("leave_below", {}).items() if bar != liveness.get(key)}
    if lower:
        liveness["leave_below"] = lower
