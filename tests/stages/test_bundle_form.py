"""The published form of bundles is that of real ones."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.stages.world import APPS, Watch, definition, fresh_store, open_for_business, use
from watcher.config.bundle_form import Bundle
from watcher.core.ledger import EntryType
from watcher.testing.fake_chain import FakeChain


@pytest.mark.parametrize("finality", ["depth = 3", 'tag = "finalized"'])
def test_a_real_bundle_has_the_published_form(tmp_path: Path, finality: str) -> None:
    """By either rule of finality; whoever reads bundles with other tools may rely on it."""
    chain = FakeChain()
    open_for_business(chain)
    for app in APPS[:2]:
        chain.block(*use(app, 0, 1, 2, 3))
    chain.empty_blocks(5)
    chain.finalize(chain.head().number)
    with fresh_store(tmp_path) as store:
        Watch(definition(tmp_path, finality=finality), chain, store).sync()
        with store.reading() as tx:
            [entry] = tx.ledger.find(type=EntryType.MILESTONE_REACHED)
            bundle = json.loads(tx.ledger.bundle(entry["evidence"]["bundle_sha256"]) or b"{}")
    read = Bundle.model_validate(bundle)
    assert read.milestone == "first"
    assert [app.id for app in read.apps if app.verdict == "LIVE"] == ["alpha", "beta"]
    assert [contract.address for app in read.apps[:2] for contract in app.contracts] == APPS[:2]
    with pytest.raises(ValidationError):
        Bundle.model_validate({**bundle, "chain_id": "31337"})
