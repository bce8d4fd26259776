"""Loading a deployment: the file, the environment over it, and the secrets that both name."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.config.givens import DEPLOYMENT, edited, written
from watcher.channels import log, webhook
from watcher.config.deployment import Deployment, load_deployment
from watcher.shipped import shipped

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # no one's
KEY = "07" * 32
FULL = """\
schema = 1
database = { env = "DATABASE_URL" }
operator = "Example Ltd"
agree = 2
signing_key = { file = "signing.key" }
[[endpoint]]
id = "main"
url = { file = "rpc" }
websocket = { env = "WEBSOCKET" }
calls_per_minute = 300
[[endpoint]]
id = "spare-2"
url = "https://rpc.example.org/key"
[schedule]
index = "5s"
heartbeat = "1d"
[[channel]]
id = "ops"
kind = "webhook"
url = "http://127.0.0.1:9000/hook"
secrets = [{ env = "NEW_SECRET" }, { file = "old" }]
events = ["milestone.*", "countdown.*"]
finality = "final"
critical = true
allow_private_addresses = true
[[channel]]
id = "log"
kind = "log"
"""
ENVIRONMENT = {
    "DATABASE_URL": "postgresql+psycopg://user:pass@host/name",
    "NEW_SECRET": SECRET,
    "WEBSOCKET": "wss://rpc.example.org/secret-key",
}


def _full(folder: Path, **environment: str) -> Deployment:
    written(folder, "https://rpc.example.org/secret-key\n", "rpc")
    written(folder, SECRET, "old")
    written(folder, f"{KEY}\n", "signing.key")
    return load_deployment(written(folder, FULL), ENVIRONMENT | environment)


def test_a_database_and_one_endpoint_are_enough(tmp_path: Path) -> None:
    """Everything else has a default; a database file is relative to the deployment file."""
    path = written(tmp_path, DEPLOYMENT)
    deployment = load_deployment(path, {})
    assert deployment.path == path
    assert deployment.database.get_secret_value() == f"sqlite:///{tmp_path}/watcher.db"
    assert deployment.operator == "unnamed"
    assert deployment.agree == 1
    assert deployment.signing_key is None
    assert [endpoint.id for endpoint in deployment.endpoints] == ["main"]
    assert deployment.endpoints[0].calls_per_minute is None
    schedule = deployment.schedule
    assert (schedule.index, schedule.evaluate) == (timedelta(seconds=2), timedelta(seconds=2))
    assert (schedule.deliver, schedule.heartbeat) == (timedelta(seconds=1), timedelta(hours=1))
    assert deployment.channels == ()


def test_everything_can_be_said(tmp_path: Path) -> None:
    """Secrets come from the environment and from files beside the deployment file."""
    deployment = _full(tmp_path)
    assert deployment.database.get_secret_value() == ENVIRONMENT["DATABASE_URL"]
    assert deployment.operator == "Example Ltd"
    assert deployment.agree == 2
    assert deployment.signing_key is not None
    assert deployment.signing_key.get_secret_value() == KEY
    assert KEY not in repr(deployment)
    main, spare = deployment.endpoints
    assert (main.id, main.url.get_secret_value()) == ("main", "https://rpc.example.org/secret-key")
    assert main.websocket is not None
    assert main.websocket.get_secret_value() == ENVIRONMENT["WEBSOCKET"]
    assert spare.websocket is None
    assert (main.calls_per_minute, spare.calls_per_minute) == (300, None)
    assert deployment.schedule.index == timedelta(seconds=5)
    assert deployment.schedule.heartbeat == timedelta(days=1)
    ops, logged = deployment.channels
    assert (ops.kind, logged.kind) == ("webhook", "log")
    assert isinstance(logged.settings, log.Settings)
    assert isinstance(ops.settings, webhook.Settings)
    assert [secret.get_secret_value() for secret in ops.settings.secrets] == [SECRET, SECRET]
    assert ops.settings.events == ("milestone.*", "countdown.*")
    assert (ops.settings.finality, ops.settings.critical) == ("final", True)


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    """Neither repr nor str of what was loaded holds a secret, a URL or a password."""
    shown = f"{_full(tmp_path)!r} {_full(tmp_path)}"
    for secret in (SECRET, "secret-key", "pass", "rpc.example.org", "9000"):
        assert secret not in shown


def test_the_process_environment_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands pass none of their own."""
    monkeypatch.setenv("WATCHER__OPERATOR", "Somebody")
    assert load_deployment(str(written(tmp_path, DEPLOYMENT))).operator == "Somebody"


@pytest.mark.parametrize(
    ("written_url", "loaded"),
    [
        ("sqlite:///data/w.db", "sqlite:///{folder}/data/w.db"),
        ("sqlite:///../w.db?timeout=5", "sqlite:///{folder}/../w.db?timeout=5"),
        ("sqlite+pysqlite:///w.db", "sqlite:///{folder}/w.db"),
        ("sqlite:////var/lib/w.db", "sqlite:////var/lib/w.db"),
        ("postgresql+psycopg://host/name", "postgresql+psycopg://host/name"),
    ],
)
def test_database_files_are_relative_to_the_deployment_file(
    written_url: str, loaded: str, tmp_path: Path
) -> None:
    """Wherever the program was started from."""
    path = written(tmp_path, edited(DEPLOYMENT, "sqlite:///watcher.db", written_url))
    assert load_deployment(path, {}).database.get_secret_value() == loaded.format(folder=tmp_path)


def test_the_shipped_deployment_is_valid() -> None:
    """What `watcher init` writes loads as it is."""
    deployment = load_deployment(shipped("config", "watcher.toml"), {})
    assert [channel.kind for channel in deployment.channels] == ["log"]


def test_the_webhook_that_the_shipped_deployment_shows_is_valid(tmp_path: Path) -> None:
    """Its commented lines can be used by taking the comment signs off."""
    text = shipped("config", "watcher.toml").read_text(encoding="utf-8")
    begin = text.index("# [[channel]]")
    uncommented = text[:begin] + text[begin:].replace("\n# ", "\n").removeprefix("# ")
    deployment = load_deployment(written(tmp_path, uncommented), {"WATCHER_OPS_SECRET": SECRET})
    assert [channel.kind for channel in deployment.channels] == ["log", "webhook"]


def test_a_signing_key_may_come_from_the_environment_alone(tmp_path: Path) -> None:
    """Nothing is written out then: the variable is where it is kept."""
    path = written(tmp_path, DEPLOYMENT)
    deployment = load_deployment(path, {"WATCHER__SIGNING_KEY": f"0{'a' * 63}"})
    assert deployment.signing_key is not None
