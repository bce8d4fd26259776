"""Kinds are the modules of a package: nothing is registered, nothing else is imported."""

import subprocess
import sys

import pytest

from watcher import kinded, kinds
from watcher.channels import log
from watcher.discovery import registry
from watcher.metrics import live_apps


def test_the_kinds_are_the_modules() -> None:
    """Names that begin with an underscore are what several kinds share."""
    assert kinded.known("discovery") == ("curated", "deployer", "factory_event", "open", "registry")
    assert kinded.known("metrics") == (
        "app_actions",
        "app_actors",
        "app_fees",
        "apps_where",
        "attested_value",
        "block_gas",
        "block_interval",
        "contract_call",
        "event_count",
        "event_sum",
        "live_apps",
        "token_held_by",
        "token_supply",
    )
    assert kinded.known("channels") == ("log", "webhook")
    assert kinded.known("explorers") == ("blockscout", "etherscan", "sourcify")


def test_a_kind_leads_to_its_module() -> None:
    """With its settings and what builds it."""
    assert kinds.discovery("registry").build is registry.build
    assert kinds.metric("live_apps").bounds is live_apps.bounds
    assert kinds.channel("log").build is log.build
    assert kinded.settings_of("channels", "log") is log.Settings


@pytest.mark.parametrize("kind", ["regsitry", "_words", "os", "", "registry.Registry", "../fields"])
def test_nothing_else_is_a_kind(kind: str) -> None:
    """A name from a file imports nothing but a module of that package; the known ones are listed."""
    with pytest.raises(
        ValueError, match="The known ones are curated, deployer, factory_event, open, registry"
    ):
        kinds.discovery(kind)


def test_a_near_miss_is_recognised() -> None:
    """Most unknown kinds are typos."""
    with pytest.raises(ValueError, match=r'did you mean "live_apps"\?'):
        kinds.metric("live_app")


def test_a_kind_is_not_imported_before_it_is_named() -> None:
    """Knowing the kinds costs nothing: a program of listed contracts never loads a channel."""
    code = (
        "import sys; from watcher import kinded, kinds; kinded.known('channels'); kinds.metric('live_apps');"
        "sys.exit(any(name.startswith('watcher.channels.') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_table_says_in_words_what_it_asks_for() -> None:
    """What its module says of itself, and the settings as in the file, those that are not the default."""
    token = "0x" + "1" * 40
    supply = kinded.KindOf("metrics").read(
        {"kind": "token_supply", "token": token, "decimals": 6, "exclude": [token], "initial": 0}
    )
    assert supply.summary == "a token's supply, rebuilt from its mint and burn logs"
    assert supply.words == (f'{supply.summary} {{ token = "{token}", decimals = 6, exclude = ["{token}"] }}')
    assert kinded.Kinded("live_apps", live_apps.Settings()).words == "how many applications are live"


@pytest.mark.parametrize("kind", kinded.known("metrics"))
def test_every_metric_says_what_it_is(kind: str) -> None:
    """The first line of its module is what `watcher explain` shows of it."""
    summary = kinded.Kinded(kind, kinded.settings_of("metrics", kind).model_construct()).summary
    assert summary != kind
    assert len(summary) < 90
