"""Bad deployments: each error names the file, the key and the remedy, and never shows a secret."""

from pathlib import Path

import pytest

from tests.unit.config.givens import DEPLOYMENT, edited, written
from watcher.config.deployment import load_deployment
from watcher.errors import ConfigurationError

CHANNEL = """
[[channel]]
id = "ops"
kind = "webhook"
url = "https://example.org/hook"
secrets = [{ env = "OPS" }]
"""
TEXT = DEPLOYMENT + CHANNEL
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # no one's
BAD: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is wrong: what stands in the valid file, what stands there instead, what the error has to say
    "no database": (
        'database = "sqlite:///watcher.db"\n',
        "",
        ("database", "is missing", '"sqlite:///watcher.db"'),
    ),
    "no endpoint": (
        '[[endpoint]]\nid = "main"\nurl = "http://127.0.0.1:8545"\n',
        "",
        ("endpoint", "is missing", "[[endpoint]] with id and url"),
    ),
    "more endpoints have to agree than there are": (
        "schema = 1",
        "schema = 1\nagree = 2",
        ("agree", "2", "is more than the 1 of [[endpoint]]"),
    ),
    "nobody has to agree": ("schema = 1", "schema = 1\nagree = 0", ("agree", "0")),
    "unknown key": ("schema = 1", 'schema = 1\noperater = "x"', ("operater", 'did you mean "operator"?')),
    "unknown key of a channel": (
        "[[channel]]",
        '[[channel]]\nsecret = "hunter2"',
        ("channel[0].secret", '(channel "ops")', 'did you mean "secrets"?'),
    ),
    "unknown kind": (
        '"webhook"',
        '"webhok"',
        ("channel[0].kind", '"webhok"', 'did you mean "webhook"?', "The known ones are log, webhook"),
    ),
    "a database of another make": (
        "sqlite:///watcher.db",
        "mysql://u:hunter2@h/n",
        ("database", "is no database", '"postgresql+psycopg://user@host/name"'),
    ),
    "a database in memory": (
        "sqlite:///watcher.db",
        "sqlite:///:memory:",
        ("database", "is no database", '"sqlite:///watcher.db"'),
    ),
    "a server without a name": (
        "sqlite:///watcher.db",
        "postgresql+psycopg:///name",
        ("database", "user@host"),
    ),
    "an endpoint over WebSocket": (
        "http://127.0.0.1:8545",
        "ws://127.0.0.1:8545/hunter2",
        ("endpoint[0].url", '(endpoint "main")', "https://host/path"),
    ),
    "an endpoint without a host": (
        "http://127.0.0.1:8545",
        "http:///hunter2",
        ("endpoint[0].url", "https://"),
    ),
    "an endpoint with a strange port": (
        "http://127.0.0.1:8545",
        "http://127.0.0.1:hunter2",
        ("endpoint[0].url", "https://"),
    ),
    "a WebSocket over HTTP": (
        'url = "http://127.0.0.1:8545"',
        'url = "http://127.0.0.1:8545"\nwebsocket = "https://host/hunter2"',
        ("endpoint[0].websocket", '(endpoint "main")', '"wss://host/path"'),
    ),
    "a WebSocket without a host": (
        'url = "http://127.0.0.1:8545"',
        'url = "http://127.0.0.1:8545"\nwebsocket = "ws:///hunter2"',
        ("endpoint[0].websocket", "ws"),
    ),
    "an endpoint that is a number": (
        '"http://127.0.0.1:8545"',
        "8545",
        ("endpoint[0].url", "is an integer", "write text in quotes"),
    ),
    "an endpoint twice": (
        "[[channel]]",
        '[[endpoint]]\nid = "main"\nurl = "https://example.org"\n[[channel]]',
        ("endpoint[1].id", '"main"', "choose another"),
    ),
    "a channel twice": (
        "[[channel]]",
        '[[channel]]\nid = "ops"\nkind = "log"\n[[channel]]',
        ("channel[1].id", '"ops"', "choose another"),
    ),
    "a pattern that matches nothing": (
        '{ env = "OPS" }]',
        '{ env = "OPS" }]\nevents = ["milestones.*"]',
        ("channel[0].events[0]", '"milestones.*"', "milestone.reached"),
    ),
    "a schedule without a unit": (
        "[[channel]]",
        "[schedule]\nindex = 2\n[[channel]]",
        ("schedule.index", "2", "is not a duration"),
    ),
    "a schedule that never rests": (
        "[[channel]]",
        '[schedule]\nindex = "0s"\n[[channel]]',
        ("schedule.index", '"0s"', "one second"),
    ),
    "a missing variable": (
        '{ env = "OPS" }',
        '{ env = "OTHER" }',
        ("channel[0].secrets[0]", "OTHER", "not set"),
    ),
    "an empty variable": (
        '{ env = "OPS" }',
        '{ env = "EMPTY" }',
        ("channel[0].secrets[0]", "EMPTY", "is empty"),
    ),
    "a missing file": (
        '{ env = "OPS" }',
        '{ file = "nothing" }',
        ("channel[0].secrets[0]", "{folder}/nothing", "cannot be read (No such file", "create it"),
    ),
    "an empty file": (
        '{ env = "OPS" }',
        '{ file = "empty" }',
        ("channel[0].secrets[0]", "{folder}/empty", "is empty", "write the secret into it"),
    ),
    "a file that is not text": (
        '{ env = "OPS" }',
        '{ file = "binary" }',
        ("channel[0].secrets[0]", "{folder}/binary", "it is not UTF-8"),
    ),
    "a source without a name": ('{ env = "OPS" }', "{ env = 7 }", ("channel[0].secrets[0]", '{ env = "…" }')),
    "a weak secret": ('{ env = "OPS" }', '{ env = "WEAK" }', ("channel[0].secrets[0]", "whsec_")),
    "a secret in the file": (
        '{ env = "OPS" }',
        '"whsec_hunter2"',
        ("channel[0].secrets[0]", "is written out", '{ env = "NAME" }'),
    ),
    "a signing key that is none": (
        "schema = 1",
        'schema = 1\nsigning_key = { env = "WEAK" }',
        ("signing_key", "is no private key", "openssl rand -hex 32"),
    ),
    "a signing key in the file": (
        "schema = 1",
        'schema = 1\nsigning_key = "hunter2"',
        ("signing_key", "is written out", '{ env = "NAME" }'),
    ),
    "channels that are no list": ("[[channel]]", "[channel]", ("channel", "is a table", "[[tables]]")),
    "a channel that is no table": (
        CHANNEL,
        'channel = ["hunter2"]\n',
        ("endpoint[0].channel", "unknown key"),
    ),
}
ENVIRONMENT = {"OPS": SECRET, "EMPTY": " ", "WEAK": "hunter2"}


@pytest.mark.parametrize("wrong", BAD)
def test_the_error_names_file_key_and_remedy(wrong: str, tmp_path: Path) -> None:
    """And the value, where it can be no secret."""
    written(tmp_path, "\n", "empty")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    old, new, said = BAD[wrong]
    path = written(tmp_path, edited(TEXT, old, new))
    with pytest.raises(ConfigurationError) as refused:
        load_deployment(path, ENVIRONMENT)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    expected = [part.replace("{folder}", str(tmp_path)) for part in said]
    assert [part for part in expected if part not in message] == [], message
    assert "hunter2" not in message
    assert SECRET not in message


def test_a_missing_secret_is_one_problem_among_all(tmp_path: Path) -> None:
    """It does not hide the others, and is not reported twice."""
    text = edited(edited(TEXT, '{ env = "OPS" }', '{ env = "OTHER" }'), 'id = "main"', 'id = "Main"')
    with pytest.raises(ConfigurationError) as refused:
        load_deployment(written(tmp_path, text), {})
    first, *rest = str(refused.value).splitlines()
    assert first.endswith(": 2 problems")
    assert [line.split()[0] for line in rest] == ["channel[0].secrets[0]", "endpoint[0].id"]
