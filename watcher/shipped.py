"""Finds the data that the package carries: programs, chain families, schemas, ABIs.

A wheel holds the folders `config` and `contracts_abi` inside the package; in a checkout they lie beside it.
Nothing depends on the working directory.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEEL = _PACKAGE / "_shipped"
_ROOT = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parent


def shipped(*parts: str) -> Path:
    """Return the path of a shipped file or folder, e.g. `shipped("config", "programs", "megaeth.toml")`.

    It is not looked at: a path that does not exist fails where it is opened.
    """
    return _ROOT.joinpath(*parts)
