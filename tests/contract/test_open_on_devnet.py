"""Apps that nobody lists on a real EVM: three accounts create contracts, others use them."""

from pathlib import Path

from tests.stages.world import fresh_store
from watcher.chain.reader import JsonRpcSource
from watcher.clock import SystemClock
from watcher.config.program import load_program
from watcher.core.types import Address
from watcher.stages.announce import Announcer
from watcher.stages.cutting import Sizes
from watcher.stages.evaluate import Evaluate
from watcher.stages.index import Index
from watcher.stages.sync import catch_up
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet

PROGRAM = """
schema = 1
id = "street"
[provenance]
authority = "observer"
source = "https://example.org/terms"
[chain]
id = 31337
family = "ethereum"
finality = {{ depth = 1 }}
count_from = 1
[liveness]
window = {{ days = 1, kind = "rolling" }}
min_actions = 3
min_actors = 2
exclude = [{{ kind = "deployers" }}]
[[app]]
id = "listed"
contract = [{{ address = "{listed}" }}]
[[app]]
id = "by"
discover = [{{ kind = "open", exclude = ["{excluded}"] }}]
[[kpi]]
id = "two"
metric = {{ kind = "live_apps" }}
at_least = 2
[[milestone]]
id = "two-live"
any_of = ["two"]
"""


def test_how_many_apps_are_live_is_known_without_a_list(
    devnet: Devnet, source: JsonRpcSource, tmp_path: Path
) -> None:
    """Each creator has an app; what a factory makes, what is listed and what is excluded is nobody's."""
    ann, ben, cat, spam, *users = devnet.accounts[:8]
    use, factory = compiled("App").call("use", 1), compiled("Factory")
    of_ann = [devnet.deploy(ann, "App"), devnet.deploy(ann, "App")]
    [of_ben] = [devnet.deploy(ben, "Factory")]
    listed, of_cat, noise = (devnet.deploy(account, "App") for account in (cat, cat, spam))
    devnet.mine()

    def used_by(contract: Address, *accounts: int) -> None:
        for account in accounts:
            devnet.transact(users[account], contract, use)

    used_by(of_ann[0], 0, 1)
    used_by(of_ann[1], 1)
    used_by(noise, 0, 1, 2)
    devnet.transact(ben, of_ben, factory.call("create"), gas=3_000_000)
    first = devnet.mine()
    used_by(listed, 0, 1, 2)
    for _ in range(3):
        devnet.transact(cat, of_cat, use)  # its creator does not count
    used_by(of_cat, 0)
    second = devnet.mine()
    devnet.travel(2 * 86_400)
    third = devnet.mine()
    devnet.mine()

    path = tmp_path / "street.toml"
    path.write_text(PROGRAM.format(listed=listed, excluded=spam.address), encoding="utf-8")
    with fresh_store(tmp_path / "store") as store:
        definition = load_program(path).definition
        clock = SystemClock()
        index = Index(definition, source, store, clock, by_logs=lambda _blocks, _wanted: False, sizes=Sizes())
        announcer = Announcer(definition, clock, [], operator="tests", deliver_history=True)
        assert catch_up(index, Evaluate(definition, store, clock, announcer)).evaluate.stalled is None
        with store.reading() as tx:
            entries = list(tx.ledger.entries())
        assert [(entry["type"], entry["subject"], entry["block_number"]) for entry in entries] == [
            ("definition.adopted", "street", 1),
            ("app.went_live", f"by/{ann.address}", first),
            ("app.went_live", "listed", second),
            ("kpi.met", "two", second),
            ("milestone.reached", "two-live", second),
            ("app.went_dormant", f"by/{ann.address}", third),
            ("app.went_dormant", "listed", third),
            ("kpi.unmet", "two", third),
        ]
