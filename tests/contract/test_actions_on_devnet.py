"""Actions on a real EVM: a bundle, an account that is a contract, and a forwarder behind one relayer."""

from pathlib import Path

from watcher.chain.reader import JsonRpcSource
from watcher.config.program import load_program
from watcher.core.extract import Extractor
from watcher.core.types import Address, AppId, BlockRange
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet
from watcher.testing.fake_blocks import address

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
count_from = 0
[liveness]
unit = "action"
reach = "touched"
window = {{ days = 1, kind = "rolling" }}
min_actions = 3
[[liveness.marker]]
event = "BeforeExecution()"
opens = true
emitters = ["{entry}"]
[[liveness.marker]]
event = "UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed paymaster, \
uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed)"
actor = "sender"
success = "success"
emitters = ["{entry}"]
[[liveness.marker]]
event = "ExecutionSuccess(bytes32 indexed txHash, uint256 payment)"
emitters = ["{safe}"]
[[liveness.marker]]
event = "ExecutionFailure(bytes32 indexed txHash, uint256 payment)"
emitters = ["{safe}"]
fails = true
[[liveness.marker]]
event = "ExecutedForwardRequest(address indexed signer, uint256 nonce, bool success)"
actor = "signer"
success = "success"
emitters = ["{forwarder}"]
[[app]]
id = "app"
contract = [{{ address = "{app}" }}]
[[kpi]]
id = "one"
metric = {{ kind = "live_apps" }}
at_least = 1
[[milestone]]
id = "live"
any_of = ["one"]
"""


def test_users_behind_one_relayer_are_told_apart(
    devnet: Devnet, source: JsonRpcSource, tmp_path: Path
) -> None:
    """Each use counts for who authorised it; a failed one, an empty one and a lookalike count for nobody."""
    relayer, ann, ben, cat, dan = devnet.accounts[:5]
    names = ("App", "EntryPointLike", "EntryPointLike", "SafeLike", "ForwarderLike")
    app, entry, lookalike, safe, forwarder = (devnet.deploy(relayer, name) for name in names)
    devnet.mine()
    use, fail, quiet = (
        compiled("App").call("use", 1),
        compiled("App").call("fail"),
        compiled("App").call("quiet"),
    )
    in_safe = compiled("SafeLike").call("execute", app, use)
    operations = [
        (ann.address, app, use),
        (ben.address, app, fail),
        (ann.address, app, use),
        (cat.address, app, quiet),
        (dan.address, safe, in_safe),
    ]
    bundle = compiled("EntryPointLike").call("handle", *map(list, zip(*operations, strict=True)))
    forward = compiled("ForwarderLike")
    for to, data in (
        (entry, bundle),
        (lookalike, compiled("EntryPointLike").call("handle", [ben.address], [app], [use])),
        (safe, in_safe),
        (safe, compiled("SafeLike").call("execute", app, fail)),
        (safe, compiled("SafeLike").call("execute", entry, bundle)),
        (forwarder, forward.call("execute", ben.address, app, use)),
        (forwarder, forward.call("execute", cat.address, app, fail)),
    ):
        devnet.transact(relayer, to, data, gas=1_000_000)
    last = devnet.mine()

    program = PROGRAM.format(entry=entry, safe=safe, forwarder=forwarder, app=app)
    assert actors(source, program, tmp_path, last) == {
        ann.address: 4,
        ben.address: 1,
        relayer.address: 1,
        safe: 3,
    }


def test_relayed_accounts_with_delegated_code_are_told_apart_where_they_are_listed(
    devnet: Devnet, source: JsonRpcSource, tmp_path: Path
) -> None:
    """With EIP-7702 the account emits what closes its batch; of others the relayer counts."""
    relayer, ann, ben = devnet.accounts[:3]
    app, logic = (devnet.deploy(relayer, name) for name in ("App", "SafeLike"))
    devnet.mine()
    for account in (ann, ben):
        devnet.delegate(account, logic)
    devnet.mine()
    use = compiled("SafeLike").call("execute", app, compiled("App").call("use", 1))
    fail = compiled("SafeLike").call("execute", app, compiled("App").call("fail"))
    for account, data in ((ann, use), (ann, use), (ann, fail), (ben, use)):
        devnet.transact(relayer, account.address, data, gas=1_000_000)
    last = devnet.mine()
    program = PROGRAM.format(
        entry=address("entry"), safe=ann.address, forwarder=address("forwarder"), app=app
    )
    assert actors(source, program, tmp_path, last) == {ann.address: 2, relayer.address: 1}


def actors(source: JsonRpcSource, program: str, folder: Path, last: int) -> dict[Address, int]:
    """Read a program's chain up to a block, and give for whom that block counts."""
    path = folder / "street.toml"
    path.write_text(program, encoding="utf-8")
    extractor = Extractor(load_program(path).definition)
    [window] = source.windows(BlockRange(0, last), 100)
    told = [extractor.read(block) for block in window.blocks][-1]
    return dict(told.activity[AppId("app")].actors)
