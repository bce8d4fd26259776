"""The `[[channel]]` tables: what is taken, and what is refused with a remedy."""

import base64
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from watcher.channels import log, webhook
from watcher.channels._http import Target

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


def table(**changes: object) -> dict[str, Any]:
    """Give a table as the file has it, secrets resolved; None takes a key away."""
    whole = {"id": "ops", "url": "https://hooks.example/in", "secrets": [SECRET], **changes}
    return {key: value for key, value in whole.items() if value is not None}


def test_the_least_table_gets_everything() -> None:
    """A channel without further keys gets every event, notices too, and may be switched off."""
    settings = webhook.Settings.model_validate(table())
    assert settings.events == ("*",)
    assert settings.finality == "provisional"
    assert not settings.critical
    assert not settings.allow_private_addresses
    assert log.Settings.model_validate({"id": "log"}).events == ("*",)


def test_neither_url_nor_secret_is_shown() -> None:
    """A settings object may end up in a log or a traceback."""
    settings = webhook.Settings.model_validate(table())
    assert isinstance(settings.url, SecretStr)
    assert "example" not in repr(settings)
    assert SECRET not in repr(settings)
    channel = webhook.build(settings)
    assert "example" not in channel.target_digest
    assert len(channel.target_digest) == 64


@pytest.mark.parametrize("length", [24, 32, 64])
def test_a_key_of_24_to_64_bytes_is_taken(length: int) -> None:
    """The bounds are those of the specification."""
    secret = "whsec_" + base64.b64encode(b"k" * length).decode()
    assert webhook.Settings.model_validate(table(secrets=[secret, SECRET])).secrets[0] == SecretStr(secret)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "hunter2",
        "whsec_",
        "whsec_!!!",
        "whsec_ä",
        base64.b64encode(b"k" * 32).decode(),
        "whsec_" + base64.b64encode(b"k" * 23).decode(),
        "whsec_" + base64.b64encode(b"k" * 65).decode(),
    ],
)
def test_a_weak_or_misshapen_secret_is_refused_with_a_way_to_make_one(secret: str) -> None:
    """The message does not repeat the secret."""
    with pytest.raises(ValidationError) as refused:
        webhook.Settings.model_validate(table(secrets=[secret]))
    problem = refused.value.errors()[0]
    assert problem["loc"] == ("secrets", 0)
    assert "openssl rand -base64 32" in problem["msg"]
    key = secret.removeprefix("whsec_")
    assert not key or key not in problem["msg"]


@pytest.mark.parametrize(
    ("changes", "location", "words"),
    [
        ({"secrets": None}, ("secrets",), "required"),
        ({"secrets": []}, ("secrets",), "at least 1"),
        ({"url": None}, ("url",), "required"),
        ({"url": "hooks.example/in"}, ("url",), "https://host/path"),
        ({"url": "ftp://hooks.example/in"}, ("url",), "https://host/path"),
        ({"url": "https:///in"}, ("url",), "https://host/path"),
        ({"url": "https://me:pw@hooks.example/"}, ("url",), "leave them out"),
        ({"url": "https://hooks.example/a b"}, ("url",), "percent-encoded"),
        ({"url": "https://höoks.example/"}, ("url",), "percent-encoded"),
        ({"url": "https://hooks.example:99999/"}, ("url",), "https://host:port/path"),
        ({"url": "https://[::1/"}, ("url",), "https://host:port/path"),
        ({"events": []}, ("events",), "at least 1"),
        ({"events": ["milestones.*"]}, ("events", 0), "milestone.reached"),
        ({"events": ["watcher.*"], "finality": "final"}, (), "would never get anything"),
        ({"finality": "soon"}, ("finality",), "provisional"),
        ({"critical": "yes"}, ("critical",), "boolean"),
        ({"id": "Ops!"}, ("id",), "pattern"),
        ({"urls": []}, ("urls",), "not permitted"),
    ],
)
def test_a_wrong_table_is_refused_at_its_key(
    changes: dict[str, Any], location: tuple[str | int, ...], words: str
) -> None:
    """Each refusal names the key and says what to write."""
    with pytest.raises(ValidationError) as refused:
        webhook.Settings.model_validate(table(**changes))
    problems = {tuple(error["loc"]): error["msg"] for error in refused.value.errors()}
    assert words in problems[location]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example", Target(secure=True, host="hooks.example", port=443, path="/")),
        ("http://Hooks.Example:8080/a?b=c#d", Target(False, "hooks.example", 8080, "/a?b=c")),  # noqa: FBT003
        ("http://[::1]/x", Target(secure=False, host="::1", port=80, path="/x")),
    ],
)
def test_a_url_is_taken_apart(url: str, target: Target) -> None:
    """Ports have their usual defaults; a fragment is never sent."""
    assert Target.parse(url) == target


def test_the_digest_of_the_url_changes_with_it() -> None:
    """A changed URL is how a switched-off channel comes back."""
    one, other = (
        webhook.build(webhook.Settings.model_validate(table(url=url)))
        for url in ("https://hooks.example/in", "https://hooks.example/other")
    )
    assert one.target_digest != other.target_digest
