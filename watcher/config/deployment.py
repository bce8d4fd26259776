"""Loading a deployment: the private TOML file, the environment, and the secrets that both name.

file ─▶ document ─▶ overrides ─▶ secrets ─▶ tables ─▶ Deployment
"""

import copy
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError

from watcher.config.document import read_document
from watcher.config.overrides import apply_overrides
from watcher.config.problems import KeyPath, Problem, inside, refusal
from watcher.config.secrets import resolve_secrets
from watcher.config.shape import is_secret
from watcher.config.translation import problems_of
from watcher.errors import ConfigurationError
from watcher.fields import Id, Period, Positive, Rows, Table, Text
from watcher.kinded import Kinded, KindOf
from watcher.signing import private_key

_SQLITE = re.compile(r"sqlite(?:\+pysqlite)?:///(?P<path>[^?:][^?]*)(?P<options>\?.*)?")
_POSTGRESQL = "postgresql+psycopg://"


def _database_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if not _SQLITE.fullmatch(text) and not (text.startswith(_POSTGRESQL) and urlsplit(text).hostname):
        raise ValueError(
            'is no database: write "sqlite:///watcher.db" or "postgresql+psycopg://user@host/name"'
        )
    return url


def _endpoint_url(url: SecretStr) -> SecretStr:
    if not _is_url(url, ("http", "https")):
        raise ValueError('is not the URL of an endpoint: write "https://host/path" or { env = "RPC_URL" }')
    return url


def _websocket_url(url: SecretStr) -> SecretStr:
    if not _is_url(url, ("ws", "wss")):
        raise ValueError(
            'is not the URL of a WebSocket: write "wss://host/path" or { env = "RPC_WEBSOCKET" }'
        )
    return url


def _signing_key(text: SecretStr) -> SecretStr:
    try:
        private_key(text.get_secret_value())
    except ConfigurationError:
        raise ValueError("is no private key: make one with `openssl rand -hex 32`") from None
    return text


def _is_url(url: SecretStr, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(url.get_secret_value())
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class Endpoint(Table):
    """One JSON-RPC endpoint of the chain."""

    id: Id = Field(description="names the endpoint in logs, errors and health")
    url: Annotated[SecretStr, AfterValidator(_endpoint_url)] = Field(description="its http(s) URL")
    websocket: Annotated[SecretStr, AfterValidator(_websocket_url)] | None = Field(
        None,
        description="its ws(s) URL, where it tells of new heads: they are read at once, not at the next poll",
    )
    calls_per_minute: Positive | None = Field(None, description="a ceiling, where the provider has one")


class Schedule(Table):
    """How often each stage runs."""

    index: Period = Field("2s", validate_default=True, description="reading the chain")
    evaluate: Period = Field("2s", validate_default=True, description="concluding")
    deliver: Period = Field("1s", validate_default=True, description="looking for messages to send")
    heartbeat: Period = Field("1h", validate_default=True, description="sending `watcher.heartbeat`")


class DeploymentFile(Table):
    """A deployment file."""

    schema_version: Literal[1] = Field(alias="schema", description="the version of the file's form: 1")
    database: Annotated[SecretStr, AfterValidator(_database_url)] = Field(
        description='"sqlite:///watcher.db" or "postgresql+psycopg://user@host/name"'
    )
    operator: Text = Field("unnamed", description="who runs this watcher: named in each message")
    agree: Positive = Field(
        1, description="so many endpoints must show a milestone's block before it is entered as reached"
    )
    signing_key: Annotated[SecretStr, AfterValidator(_signing_key)] | None = Field(
        None, description="an ed25519 key, 64 hex digits, that signs bundles and ledger heads where asked"
    )
    attestations: Text | None = Field(
        None, description="a folder whose *.json files are admitted as attestations, beside this file"
    )
    endpoint: Rows[Endpoint] = Field(min_length=1, description="[[endpoint]] with id and url")
    schedule: Schedule = Field(default_factory=Schedule, description="how often each stage runs")
    channel: Rows[Annotated[Kinded, KindOf("channels")]] = Field((), description="who is told")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment as it was read; no `repr` shows a secret.

    `database` is an SQLAlchemy URL whose path, where it is a file, is absolute. Each channel's `settings` are
    the `Settings` of its kind.
    """

    path: Path
    database: SecretStr
    operator: str
    endpoints: tuple[Endpoint, ...]
    schedule: Schedule
    channels: tuple[Kinded, ...]
    agree: int = 1
    """So many endpoints have to show a milestone's block before it is entered."""
    signing_key: SecretStr | None = None
    """What signs bundles and ledger heads."""
    attestations: Path | None = None
    """A folder whose files are admitted."""


def load_deployment(path: Path | str, environment: Mapping[str, str] | None = None) -> Deployment:
    """Read and validate a deployment file as a whole; `environment` defaults to the process's own.

    ConfigurationError lists every problem with file, key and remedy, and the value where it is no secret.
    """
    environment = os.environ if environment is None else environment
    document = read_document(Path(path), purpose="deployment")
    folder = document.path.absolute().parent
    data = copy.deepcopy(document.data)
    try:
        origins = apply_overrides(data, environment)
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    literal = _literal_secrets(data, origins)
    secrets = resolve_secrets(data, folder, environment)
    problems = [*literal, *secrets.problems]
    file: DeploymentFile | None = None
    try:
        file = DeploymentFile.model_validate(data)
    except ValidationError as error:
        missing = {problem.at for problem in problems}
        found = problems_of(error, DeploymentFile, data)
        problems += [_guarded(item, data, secrets.at, origins) for item in found if item.at not in missing]
    else:
        problems += [*_duplicate_ids("endpoint", data), *_duplicate_ids("channel", data)]
        if file.agree > len(file.endpoint):
            text = f"is more than the {len(file.endpoint)} of [[endpoint]]: it can never be met"
            problems.append(Problem(("agree",), text))
    if file is None or problems:
        raise refusal(document.path, data, problems)
    return Deployment(
        path=document.path,
        database=_with_absolute_path(file.database, folder),
        operator=file.operator,
        endpoints=file.endpoint,
        schedule=file.schedule,
        channels=file.channel,
        agree=file.agree,
        signing_key=file.signing_key,
        attestations=None if file.attestations is None else folder / file.attestations,
    )


def _literal_secrets(data: dict[str, Any], origins: Mapping[KeyPath, str]) -> list[Problem]:
    """Refuse secrets that stand in the file itself, where backups and repositories would keep them."""
    channels = data.get("channel")
    places: list[KeyPath] = [
        ("channel", place, "secrets", number)
        for place, channel in enumerate(channels if isinstance(channels, list) else [])
        if isinstance(channel, dict) and isinstance(channel.get("secrets"), list)
        for number, secret in enumerate(channel["secrets"])
        if isinstance(secret, str)
    ]
    if isinstance(data.get("signing_key"), str) and ("signing_key",) not in origins:
        places.append(("signing_key",))
    text = 'is written out: keep it outside of the file and write { env = "NAME" } or { file = "path" }'
    return [Problem(at, text, hidden=True) for at in places]


def _guarded(
    problem: Problem, data: object, secrets: set[KeyPath], origins: Mapping[KeyPath, str]
) -> Problem:
    """Hide a value that may hold a secret, and say which variable set it."""
    at = problem.at
    holds_more = isinstance(reduce(inside, at, data), dict | list)
    hidden = holds_more or at in secrets or at in origins or is_secret(DeploymentFile, at, data)
    said = f"(set by {origins[at]}) {problem.message}" if at in origins else problem.message
    return Problem(at, said, hidden)


def _duplicate_ids(table: str, data: dict[str, Any]) -> list[Problem]:
    ids = [row["id"] for row in data.get(table, [])]
    return [
        Problem((table, place, "id"), f"is the id of {table}[{ids.index(name)}] already: choose another")
        for place, name in enumerate(ids)
        if name in ids[:place]
    ]


def _with_absolute_path(url: SecretStr, folder: Path) -> SecretStr:
    found = _SQLITE.fullmatch(url.get_secret_value())
    if found is None:
        return url
    return SecretStr(f"sqlite:///{folder / found['path']}{found['options'] or ''}")
