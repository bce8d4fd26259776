"""What every ChainSource says about code: each kind, with code behind it and without."""

import pytest

from tests.contract.chain_source.chains import ChainUnderTest
from watcher.chain.bytecode import code_hash, proves_plain_code
from watcher.core.facts import CodeKind, Sample
from watcher.core.types import Address
from watcher.errors import HistoryMissing
from watcher.testing.contracts import compiled

NOBODY = Address("0x" + "5a" * 20)
"""An address without code."""


def sampled(chain: ChainUnderTest, address: Address) -> Sample:
    """Sample at the head."""
    return chain.source.sample(address, chain.source.head())


def made(chain: ChainUnderTest, kind: CodeKind, logic: Address) -> Address:
    """Deploy a proxy of a kind in front of `logic`."""
    match kind:
        case CodeKind.EIP1967:
            return chain.deploy("Proxy1967", logic)
        case CodeKind.BEACON:
            return chain.deploy("BeaconProxy", chain.deploy("Beacon", logic))
        case CodeKind.EIP1822:
            return chain.deploy("Proxy1822", logic)
        case CodeKind.EIP1167:
            return chain.clone(logic)
        case CodeKind.DIAMOND:
            return chain.deploy("Diamond", logic, [compiled("App").selector("use")])
        case _:
            return chain.deploy("SafeProxy", logic)


PROXIES = [
    CodeKind.EIP1967,
    CodeKind.BEACON,
    CodeKind.EIP1822,
    CodeKind.EIP1167,
    CodeKind.DIAMOND,
    CodeKind.SAFE,
]


def test_a_plain_contract_runs(chain: ChainUnderTest) -> None:
    """Code, its hash, and nothing behind it."""
    app = chain.deploy("App")
    sample = sampled(chain, app)
    assert (sample.address, sample.block_number) == (app, 1)
    assert (sample.kind, sample.runnable, sample.logic, sample.beacon) == (CodeKind.PLAIN, True, (), None)
    assert sample.code_hash == code_hash(chain.source.code_now(app))


def test_an_address_without_code_does_not_run(chain: ChainUnderTest) -> None:
    """Nor does an account."""
    chain.mine()
    assert chain.source.code_now(NOBODY) == b""
    for address in (NOBODY, chain.accounts[1]):
        sample = sampled(chain, address)
        assert (sample.kind, sample.code_hash, sample.runnable) == (CodeKind.NONE, None, False)


def test_a_delegated_account_does_not_run(chain: ChainUnderTest) -> None:
    """EIP-7702, and not as the logic of a proxy either."""
    app = chain.deploy("App")
    chain.delegate(5, app)
    sample = sampled(chain, chain.accounts[5])
    assert (sample.kind, sample.runnable) == (CodeKind.DELEGATION, False)
    assert not proves_plain_code(chain.source.code_now(chain.accounts[5]))
    assert not sampled(chain, chain.deploy("Proxy1967", chain.accounts[5])).runnable


@pytest.mark.parametrize("kind", PROXIES)
def test_a_proxy_runs_with_code_behind_it_and_only_then(chain: ChainUnderTest, kind: CodeKind) -> None:
    """Each kind is recognised on the real contracts, with its logic and its beacon."""
    app = chain.deploy("App")
    whole = sampled(chain, made(chain, kind, app))
    assert (whole.kind, whole.runnable) == (kind, True)
    assert [(logic.address, logic.code_hash) for logic in whole.logic] == [
        (app, code_hash(chain.source.code_now(app)))
    ]
    assert (whole.beacon is not None) == (kind is CodeKind.BEACON)
    hollow = sampled(chain, made(chain, kind, NOBODY))
    assert (hollow.kind, hollow.runnable) == (kind, False)
    assert [(logic.address, logic.code_hash) for logic in hollow.logic] == [(NOBODY, None)]


def test_a_proxy_behind_a_proxy_is_followed(chain: ChainUnderTest) -> None:
    """The logic of the logic counts."""
    assert sampled(chain, chain.deploy("Proxy1967", chain.clone(chain.deploy("App")))).runnable
    assert not sampled(chain, chain.deploy("Proxy1967", chain.clone(NOBODY))).runnable


def test_a_sample_is_of_its_block(chain: ChainUnderTest) -> None:
    """Before the creation there is no code, after it there is: at the blocks themselves, not at the head."""
    chain.mine()
    before = chain.source.head()
    app = chain.deploy("App")
    after = chain.source.head()
    chain.mine()
    assert not chain.source.sample(app, before).runnable
    assert chain.source.sample(app, after).runnable


def test_the_state_of_a_replaced_block_is_missing(chain: ChainUnderTest) -> None:
    """The block is gone; its number has another state now."""
    app = chain.deploy("App")
    chain.mine()
    gone = chain.source.head()
    chain.reorg(1)
    with pytest.raises(HistoryMissing):
        chain.source.sample(app, gone)
    assert chain.source.sample(app, chain.source.head()).runnable


def test_pruned_state_is_missing_and_never_no_code(chain: ChainUnderTest) -> None:
    """An archive would know; this source says that it does not. Blocks and receipts are still there."""
    app = chain.deploy("App")
    early = chain.source.head()
    chain.mine()
    chain.mine()
    chain.prune()
    with pytest.raises(HistoryMissing):
        chain.source.sample(app, early)
    assert chain.source.headers([early.number]) == [early]
    assert chain.source.sample(app, chain.source.head()).runnable
