"""Users behind relayers, counted by the real program and recounted by a stranger."""

import json
from pathlib import Path
from random import Random

import pytest

from tests.contract.street import DEPTH, Street
from tests.e2e.processes import Installation
from tests.nodes import GENESIS_TIME
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_server import serve

BLOCKS = 25


@pytest.fixture
def street() -> Street:
    """Let people do anything on a chain, within the hour."""
    random = Random(3)
    street = Street(Devnet(GENESIS_TIME))
    for _ in range(BLOCKS):
        for _ in range(2):
            street.anything(random)
        street.mine()
    return street


def test_a_stranger_recounts_the_users_of_bundles(street: Street, tmp_path: Path) -> None:
    """The counts are those of what was done; one user more in a bundle is one too many."""
    watcher = Installation(tmp_path)
    street.program(tmp_path)
    with serve(street.devnet) as url:
        watcher.write_deployment(url)
        watcher.say("sync")
        told = {each["id"]: (each["actions_gross"], each["actors"]) for each in watcher.objects("apps")}
        bundle = tmp_path / "bundle.json"
        bundle.write_text(watcher.say("evidence", "busy", "--json"), encoding="utf-8")
        assert watcher.say("verify", "bundle.json", "--rpc", url).startswith("equal: ")
        content = json.loads(bundle.read_text(encoding="utf-8"))
        content["apps"][0]["actors"] += 1
        bundle.write_text(json.dumps(content), encoding="utf-8")
        run = watcher.watcher("verify", "bundle.json", "--rpc", url)
    done = {app: street.counted(app, 1, street.devnet.head.number - DEPTH) for app in ("game", "shop")}
    assert told == {app: (counts.total(), len(counts)) for app, counts in done.items()}
    assert run.returncode == 1
    assert "app game, actors: " in run.stdout
