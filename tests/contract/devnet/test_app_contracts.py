"""Registry, application, factories and token do what the watcher shall notice."""

import pytest
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import ContractCustomError

from tests.contract.devnet.web3_chain import NO_CODE, Web3Chain, call, lower
from watcher.testing.contracts import compiled


class TestAppRegistry:
    """What discovery of kind `registry` reads."""

    def test_it_announces_and_removes_with_one_log_each(self, web3_chain: Web3Chain, app: Contract) -> None:
        """Both arguments are topics: the hash of the app's name, and the account."""
        registry = web3_chain.deploy("AppRegistry")
        announced = web3_chain.send(registry, call("AppRegistry", "announce", "swap", lower(app)), sender=0)
        (event,) = registry.events.Announced().process_receipt({"logs": announced})
        assert event["args"] == {"app": Web3.keccak(text="swap"), "account": app.address}
        assert registry.functions.announced("swap", app.address).call()
        removed = web3_chain.send(registry, call("AppRegistry", "remove", "swap", lower(app)), sender=0)
        (event,) = registry.events.Removed().process_receipt({"logs": removed})
        assert event["args"] == {"app": Web3.keccak(text="swap"), "account": app.address}
        assert not registry.functions.announced("swap", app.address).call()

    def test_an_account_may_come_back_and_belong_to_two_applications(
        self, web3_chain: Web3Chain, app: Contract
    ) -> None:
        """Which of two claims counts is the watcher's to say, not the registry's."""
        registry = web3_chain.deploy("AppRegistry")
        for function, name in (("announce", "a"), ("announce", "b"), ("remove", "a"), ("announce", "a")):
            web3_chain.send(registry, call("AppRegistry", function, name, lower(app)), sender=0)
        assert registry.functions.announced("a", app.address).call()
        assert registry.functions.announced("b", app.address).call()

    @pytest.mark.parametrize(
        ("before", "function", "sender", "error"),
        [
            ([], "announce", 1, "NotOwner"),
            ([], "remove", 1, "NotOwner"),
            (["announce"], "announce", 0, "AlreadyAnnounced"),
            ([], "remove", 0, "NotAnnounced"),
            (["announce", "remove"], "remove", 0, "NotAnnounced"),
        ],
    )
    def test_it_reverts_for_strangers_repetitions_and_the_unknown(
        self, web3_chain: Web3Chain, before: list[str], function: str, sender: int, error: str
    ) -> None:
        """A refused announcement leaves no log."""
        registry = web3_chain.deploy("AppRegistry")
        for done in before:
            web3_chain.send(registry, call("AppRegistry", done, "swap", NO_CODE), sender=0)
        receipt = web3_chain.attempt(registry, call("AppRegistry", function, "swap", NO_CODE), sender)
        assert (receipt["status"], receipt["logs"]) == (0, [])
        with pytest.raises(ContractCustomError) as raised:
            registry.functions[function]("swap", Web3.to_checksum_address(NO_CODE)).call(
                {"from": web3_chain.account(sender)}
            )
        assert raised.value.data == Web3.keccak(text=f"{error}()")[:4].to_0x_hex()


class TestApp:
    """The ways in which an application is used."""

    def test_use_leaves_a_log_and_quiet_none(self, web3_chain: Web3Chain, app: Contract) -> None:
        """Both change state; only one can be seen by `reach = "touched"`."""
        (used,) = app.events.Used().process_receipt({"logs": web3_chain.send(app, call("App", "use", 5))})
        assert used["args"] == {"user": web3_chain.account(1), "value": 5}
        assert web3_chain.send(app, call("App", "quiet")) == []
        assert (app.functions.total().call(), app.functions.quietCalls().call()) == (5, 1)

    def test_fail_fails(self, web3_chain: Web3Chain, app: Contract) -> None:
        """The receipt has status 0 and no logs."""
        receipt = web3_chain.attempt(app, call("App", "fail"))
        assert (receipt["status"], receipt["logs"], receipt["to"]) == (0, [], app.address)

    def test_poke_touches_another_application_and_leaves_no_log_of_its_own(
        self, web3_chain: Web3Chain, app: Contract
    ) -> None:
        """The target of the transaction is one application, the emitter of the log the other."""
        other = web3_chain.deploy("App")
        (log,) = web3_chain.send(app, call("App", "poke", lower(other)))
        assert log["address"] == other.address
        (used,) = other.events.Used().process_receipt({"logs": [log]})
        assert used["args"] == {"user": app.address, "value": 1}

    def test_while_paused_it_refuses_use_and_says_when(self, web3_chain: Web3Chain, app: Contract) -> None:
        """Paused and Unpaused carry the account as data; quiet goes on working."""
        (paused,) = app.events.Paused().process_receipt({"logs": web3_chain.send(app, call("App", "pause"))})
        assert paused["args"] == {"account": web3_chain.account(1)}
        assert app.functions.paused().call()
        assert web3_chain.attempt(app, call("App", "use", 1))["status"] == 0
        assert web3_chain.attempt(app, call("App", "pause"))["status"] == 0
        assert web3_chain.attempt(app, call("App", "quiet"))["status"] == 1
        (unpaused,) = app.events.Unpaused().process_receipt(
            {"logs": web3_chain.send(app, call("App", "unpause"))}
        )
        assert unpaused["args"] == {"account": web3_chain.account(1)}
        assert web3_chain.attempt(app, call("App", "unpause"))["status"] == 0
        assert web3_chain.attempt(app, call("App", "use", 1))["status"] == 1


class TestFactories:
    """Creations inside calls: no receipt names them, only events do."""

    def test_create_names_the_new_application_as_data_and_as_a_topic(self, web3_chain: Web3Chain) -> None:
        """One creation, two shapes of event, no contractAddress."""
        factory = web3_chain.deploy("Factory")
        receipt = web3_chain.attempt(factory, call("Factory", "create"))
        assert receipt["contractAddress"] is None
        created, deployed = receipt["logs"]
        (as_data,) = factory.events.AppCreated().process_receipt({"logs": [created]})
        (as_topic,) = factory.events.AppDeployed().process_receipt({"logs": [deployed]})
        assert (as_data["args"]["creator"], as_data["args"]["salt"]) == (web3_chain.account(1), 0)
        assert as_data["args"]["app"] == as_topic["args"]["app"]
        made = web3_chain.at("App", as_data["args"]["app"])
        assert web3_chain.web3.eth.get_code(made.address) == compiled("App").runtime

    def test_a_pool_is_announced_with_three_topics_and_its_address_last(self, web3_chain: Web3Chain) -> None:
        """The shape of PoolCreated."""
        factory = web3_chain.deploy("Factory")
        token0, token1 = (Web3.to_checksum_address("0x" + digits * 20) for digits in ("0a", "0b"))
        (log,) = web3_chain.send(factory, call("Factory", "createPool", token0, token1, 3000))
        (event,) = factory.events.PoolCreated().process_receipt({"logs": [log]})
        pool = event["args"]["pool"]
        assert len(log["topics"]) == 4
        assert event["args"] == {
            "token0": token0,
            "token1": token1,
            "fee": 3000,
            "tickSpacing": 60,
            "pool": pool,
        }
        assert web3_chain.web3.eth.get_code(pool) == compiled("App").runtime

    def test_a_claim_needs_nothing_behind_it(self, web3_chain: Web3Chain) -> None:
        """`announceOnly` says the same of an address without code."""
        factory = web3_chain.deploy("Factory")
        logs = web3_chain.send(factory, call("Factory", "announceOnly", NO_CODE))
        (event,) = factory.events.AppCreated().process_receipt({"logs": logs})
        assert event["args"]["app"].lower() == NO_CODE
        assert web3_chain.web3.eth.get_code(event["args"]["app"]) == b""

    @pytest.mark.parametrize("with_code", [True, False])
    def test_a_clone_carries_its_logic_in_its_code(
        self,
        web3_chain: Web3Chain,
        app: Contract,
        with_code: bool,  # noqa: FBT001 - a case of the test
    ) -> None:
        """ERC-1167: 45 bytes around the address, of an application or of nothing."""
        factory = web3_chain.deploy("CloneFactory")
        logic = lower(app) if with_code else NO_CODE
        logs = web3_chain.send(factory, call("CloneFactory", "clone", logic))
        (event,) = factory.events.Cloned().process_receipt({"logs": logs})
        clone = web3_chain.at("App", event["args"]["instance"])
        code = web3_chain.web3.eth.get_code(clone.address).hex()
        assert code == f"363d3d373d3d3d363d73{logic[2:]}5af43d82803e903d91602b57fd5bf3"
        assert len(web3_chain.send(clone, call("App", "use", 1))) == with_code


class TestToken:
    """Logs that never count as use of an application."""

    def test_it_moves_value_with_transfer_and_approval_logs(self, web3_chain: Web3Chain) -> None:
        """Mint, transfer, approve and transferFrom; what is not there cannot be moved."""
        token = web3_chain.deploy("Token")
        one, two, three = (web3_chain.account(index) for index in (1, 2, 3))
        web3_chain.send(token, call("Token", "mint", one, 100))
        (moved,) = web3_chain.send(token, call("Token", "transfer", two, 30))
        assert token.events.Transfer().process_log(moved)["args"] == {"from": one, "to": two, "value": 30}
        (approved,) = web3_chain.send(token, call("Token", "approve", three, 20))
        assert token.events.Approval().process_log(approved)["args"] == {
            "owner": one,
            "spender": three,
            "value": 20,
        }
        web3_chain.send(token, call("Token", "transferFrom", one, three, 15), sender=3)
        assert [token.functions.balanceOf(account).call() for account in (one, two, three)] == [55, 30, 15]
        assert token.functions.allowance(one, three).call() == 5
        assert token.functions.totalSupply().call() == 100
        assert (
            web3_chain.attempt(token, call("Token", "transferFrom", one, three, 6), sender=3)["status"] == 0
        )
        assert web3_chain.attempt(token, call("Token", "transfer", two, 56))["status"] == 0
        assert (token.functions.symbol().call(), token.functions.decimals().call()) == ("DEV", 18)
