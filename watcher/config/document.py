"""Reading one TOML file: its bytes, their hash and its tables, with an error for each way it fails."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from watcher.config.problems import Problem, refusal
from watcher.config.translation import problems_of
from watcher.errors import ConfigurationError

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read; `sha256` is over all its bytes."""

    path: Path
    sha256: str
    data: dict[str, Any]

    def validate(self, model: type[_Model]) -> _Model:
        """Read the tables with a model; ConfigurationError lists everything that is wrong."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise self.refusal(problems_of(error, model, self.data)) from None

    def refusal(self, problems: list[Problem]) -> ConfigurationError:
        """Make the error that reports these problems of this file."""
        return refusal(self.path, self.data, problems)


def read_document(path: Path, *, purpose: str) -> Document:
    """Read a TOML file; `purpose` ("program", "deployment") names it in errors."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path}: there is no such {purpose} file; check the path, or write one with `watcher init`"
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"{path}: the {purpose} file cannot be read ({reason}); make it a file that this user may read"
        ) from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path}: the {purpose} file is not UTF-8 (byte {error.start} is 0x{content[error.start]:02x}); "
            "save it as UTF-8"
        ) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{path}: the {purpose} file is not TOML: {error}; correct it there"
        ) from None
    return Document(path, hashlib.sha256(content).hexdigest(), data)
