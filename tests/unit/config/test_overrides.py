"""WATCHER__SECTION__KEY sets any key of the deployment file, from the environment."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.config.givens import DEPLOYMENT, written
from watcher.channels import webhook
from watcher.config.deployment import Deployment, load_deployment
from watcher.errors import ConfigurationError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # no one's


def _with(folder: Path, *, text: str = DEPLOYMENT, **environment: str) -> Deployment:
    return load_deployment(written(folder, text), environment)


def test_keys_of_the_file_and_of_its_tables_can_be_set(tmp_path: Path) -> None:
    """Tables that the file does not have are made."""
    deployment = _with(
        tmp_path,
        WATCHER__DATABASE="sqlite:////var/lib/w.db",
        WATCHER__SCHEDULE__INDEX="5s",
        WATCHER_PROGRAM="elsewhere.toml",
    )
    assert deployment.database.get_secret_value() == "sqlite:////var/lib/w.db"
    assert deployment.schedule.index == timedelta(seconds=5)


@pytest.mark.parametrize("table", ["0", "MAIN"])
def test_a_table_of_a_list_is_named_by_its_place_or_id(table: str, tmp_path: Path) -> None:
    """The id stands in capitals, with an underscore for every other sign."""
    deployment = _with(
        tmp_path,
        **{
            f"WATCHER__ENDPOINT__{table}__URL": "https://rpc.example.org",
            f"WATCHER__ENDPOINT__{table}__CALLS_PER_MINUTE": "300",
        },
    )
    [endpoint] = deployment.endpoints
    assert endpoint.url.get_secret_value() == "https://rpc.example.org"
    assert endpoint.calls_per_minute == 300


def test_an_id_with_other_signs_is_found(tmp_path: Path) -> None:
    """No shell lets a variable's name hold a dash or a dot."""
    text = DEPLOYMENT.replace('"main"', '"main-1.eu"')
    deployment = _with(tmp_path, text=text, WATCHER__ENDPOINT__MAIN_1_EU__CALLS_PER_MINUTE="1")
    assert deployment.endpoints[0].calls_per_minute == 1


def test_new_tables_can_be_added(tmp_path: Path) -> None:
    """A whole deployment may come from the environment; a value may be a list or an inline table."""
    deployment = _with(
        tmp_path,
        text="schema = 1\n",
        WATCHER__DATABASE="sqlite:///w.db",
        WATCHER__ENDPOINT__0__ID="main",
        WATCHER__ENDPOINT__0__URL='{ env = "RPC" }',
        WATCHER__CHANNEL__0__ID="ops",
        WATCHER__CHANNEL__0__KIND="webhook",
        WATCHER__CHANNEL__0__URL="https://example.org",
        WATCHER__CHANNEL__0__SECRETS='[{ env = "OPS" }]',
        WATCHER__CHANNEL__0__CRITICAL="true",
        RPC="http://127.0.0.1:8545",
        OPS=SECRET,
    )
    assert deployment.endpoints[0].url.get_secret_value() == "http://127.0.0.1:8545"
    settings = deployment.channels[0].settings
    assert isinstance(settings, webhook.Settings)
    assert settings.critical
    assert settings.secrets[0].get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("WATCHER__OPERATER", "hunter2", ("operater (set by WATCHER__OPERATER)", 'did you mean "operator"?')),
        ("WATCHER__SCHEDULE__INDEX", "hunter2", ("schedule.index (set by WATCHER__SCHEDULE__INDEX)", "7d")),
        (
            "WATCHER__ENDPOINT__SPARE__URL",
            "hunter2",
            ("names no one table by SPARE", "(MAIN)", "its place from 0"),
        ),
        ("WATCHER__ENDPOINT__2__URL", "hunter2", ("names no one table by 2",)),
        ("WATCHER__CHANNEL__OPS__URL", "hunter2", ("names no one table by OPS", "(none)")),
        ("WATCHER__ENDPOINT__MAIN", "hunter2", ("sets no key", "WATCHER__SECTION__KEY")),
        ("WATCHER__DATABASE__PATH", "hunter2", ("sets no key",)),
        ("WATCHER__OPERATOR__NAME__FIRST", "hunter2", ("operator", "write text in quotes")),
        ("WATCHER__SCHEDULE__", "hunter2", ("sets no key",)),
        ("WATCHER__CHANNEL", "[hunter2]", ("is neither text nor a TOML value", "correct its brackets")),
    ],
)
def test_an_override_that_cannot_be_followed_names_its_variable(
    variable: str, value: str, said: tuple[str, ...], tmp_path: Path
) -> None:
    """Never its value, which may be a secret."""
    with pytest.raises(ConfigurationError) as refused:
        _with(tmp_path, **{variable: value})
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'file.toml'}: ")
    assert [part for part in said if part not in message] == [], message
    assert "hunter2" not in message
