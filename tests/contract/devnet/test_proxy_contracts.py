"""The proxies keep their logic where the standards say, and run on without any: the trap to be seen."""

from eth_typing import HexStr
from web3 import Web3
from web3.contract import Contract

from tests.contract.devnet.web3_chain import NO_CODE, Web3Chain, call, lower
from watcher.testing.contracts import compiled

IMPLEMENTATION_SLOT = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC
BEACON_SLOT = 0xA3F0AD74E5423AEBFD80D3EF4346578335A9A72AEAEE59FF6CB3582B35133D50
PROXIABLE_SLOT = 0xC5F16F0FCC639FA48A6947836D9850F504798523BF8C9A3A87D5876CF622BCF7
MASTER_COPY = HexStr("0xa619486e")
APP_SELECTORS = [compiled("App").selector(name) for name in ("use", "total", "pause", "paused")]


class TestProxies:
    """Logic found in different places; behind each, an application that keeps its state in the proxy."""

    def assert_it_is_an_app(self, web3_chain: Web3Chain, proxy: Contract) -> None:
        """Use it through the proxy: the log and the state are the proxy's."""
        (log,) = web3_chain.send(proxy, call("App", "use", 3))
        assert log["address"] == proxy.address
        assert web3_chain.at("App", proxy.address).functions.total().call() == 3
        assert web3_chain.attempt(proxy, call("App", "fail"))["status"] == 0

    def assert_it_is_hollow(self, web3_chain: Web3Chain, proxy: Contract) -> None:
        """Use it with nothing behind it: the transaction succeeds and does nothing. That is the trap."""
        assert web3_chain.send(proxy, call("App", "use", 3)) == []

    def test_erc1967_keeps_its_logic_in_the_implementation_slot(
        self, web3_chain: Web3Chain, app: Contract
    ) -> None:
        """Upgraded at construction and at each change; no check that there is code."""
        proxy = web3_chain.deploy("Proxy1967", lower(app))
        (built,) = web3_chain.devnet.head.receipts[0]["logs"]
        assert built["topics"][0] == compiled("Proxy1967").topic("Upgraded")
        assert web3_chain.word(proxy, IMPLEMENTATION_SLOT) == lower(app)
        self.assert_it_is_an_app(web3_chain, proxy)
        logs = web3_chain.send(proxy, call("Proxy1967", "upgradeTo", NO_CODE))
        (upgraded,) = proxy.events.Upgraded().process_receipt({"logs": logs})
        assert upgraded["args"]["implementation"].lower() == NO_CODE
        assert web3_chain.word(proxy, IMPLEMENTATION_SLOT) == NO_CODE
        self.assert_it_is_hollow(web3_chain, proxy)

    def test_a_beacon_decides_for_its_proxies(self, web3_chain: Web3Chain, app: Contract) -> None:
        """The slot names the beacon, the beacon the logic; its Upgraded log is not the proxy's."""
        beacon = web3_chain.deploy("Beacon", lower(app))
        proxy = web3_chain.deploy("BeaconProxy", lower(beacon))
        (built,) = web3_chain.devnet.head.receipts[0]["logs"]
        assert built["topics"][0] == compiled("BeaconProxy").topic("BeaconUpgraded")
        assert web3_chain.word(proxy, BEACON_SLOT) == lower(beacon)
        self.assert_it_is_an_app(web3_chain, proxy)
        (log,) = web3_chain.send(beacon, call("Beacon", "upgradeTo", NO_CODE))
        assert log["address"] == beacon.address
        assert beacon.functions.implementation().call().lower() == NO_CODE
        self.assert_it_is_hollow(web3_chain, proxy)

    def test_a_proxy_may_change_its_beacon(self, web3_chain: Web3Chain, app: Contract) -> None:
        """BeaconUpgraded names the new one."""
        hollow, full = web3_chain.deploy("Beacon", NO_CODE), web3_chain.deploy("Beacon", lower(app))
        proxy = web3_chain.deploy("BeaconProxy", lower(hollow))
        self.assert_it_is_hollow(web3_chain, proxy)
        logs = web3_chain.send(proxy, call("BeaconProxy", "upgradeBeaconTo", lower(full)))
        (upgraded,) = proxy.events.BeaconUpgraded().process_receipt({"logs": logs})
        assert upgraded["args"] == {"beacon": full.address}
        self.assert_it_is_an_app(web3_chain, proxy)

    def test_erc1822_changes_its_logic_without_a_log(self, web3_chain: Web3Chain, app: Contract) -> None:
        """Only its slot shows the change."""
        proxy = web3_chain.deploy("Proxy1822", lower(app))
        assert web3_chain.devnet.head.receipts[0]["logs"] == []
        assert web3_chain.word(proxy, PROXIABLE_SLOT) == lower(app)
        self.assert_it_is_an_app(web3_chain, proxy)
        assert web3_chain.send(proxy, call("Proxy1822", "updateCodeAddress", NO_CODE)) == []
        assert web3_chain.word(proxy, PROXIABLE_SLOT) == NO_CODE
        self.assert_it_is_hollow(web3_chain, proxy)

    def test_a_safe_proxy_answers_for_its_singleton_itself(
        self, web3_chain: Web3Chain, app: Contract
    ) -> None:
        """Slot 0 and masterCopy() agree, before and after a change."""
        proxy = web3_chain.deploy("SafeProxy", lower(app))
        assert web3_chain.word(proxy, 0) == lower(app)
        self.assert_it_is_an_app(web3_chain, proxy)
        logs = web3_chain.send(proxy, call("SafeProxy", "changeMasterCopy", NO_CODE))
        (changed,) = proxy.events.ChangedMasterCopy().process_receipt({"logs": logs})
        assert changed["args"]["masterCopy"].lower() == NO_CODE
        answer = web3_chain.web3.eth.call({"to": proxy.address, "data": MASTER_COPY})
        assert answer.hex() == "00" * 12 + NO_CODE[2:]
        assert web3_chain.word(proxy, 0) == NO_CODE
        self.assert_it_is_hollow(web3_chain, proxy)

    def test_a_diamond_lists_its_facets(self, web3_chain: Web3Chain, app: Contract) -> None:
        """The loupe follows what was added, replaced and removed, and each cut leaves a standard log."""
        diamond = web3_chain.deploy("Diamond", lower(app), APP_SELECTORS)
        (built,) = web3_chain.devnet.head.receipts[0]["logs"]
        assert built["topics"] == [compiled("Diamond").topic("DiamondCut")]
        assert diamond.functions.facets().call() == [(app.address, APP_SELECTORS)]
        (log,) = web3_chain.send(diamond, call("App", "use", 3))
        assert log["address"] == diamond.address
        use = APP_SELECTORS[0]
        hollow = Web3.to_checksum_address(NO_CODE)
        for facet, action in ((hollow, 1), (Web3.to_checksum_address("0x" + "00" * 20), 2), (app.address, 0)):
            logs = web3_chain.send(diamond, call("Diamond", "cut", facet, [use]))
            (event,) = diamond.events.DiamondCut().process_receipt({"logs": logs})
            (cut,) = event["args"]["_diamondCut"]
            assert cut == {"facetAddress": facet, "action": action, "functionSelectors": [use]}
            assert diamond.functions.facetAddress(use).call() == facet
            if action == 1:
                assert diamond.functions.facetAddresses().call() == [app.address, hollow]
                assert web3_chain.send(diamond, call("App", "use", 3)) == []
            if action == 2:
                assert diamond.functions.facetAddresses().call() == [app.address]
                assert web3_chain.attempt(diamond, call("App", "use", 3))["status"] == 0

    def test_a_diamond_forgets_a_facet_that_no_selector_leads_to(
        self, web3_chain: Web3Chain, app: Contract
    ) -> None:
        """The list of facets holds the ones in use, wherever in the list the others stood."""
        other = web3_chain.deploy("App")
        diamond = web3_chain.deploy("Diamond", lower(app), APP_SELECTORS)
        web3_chain.send(diamond, call("Diamond", "cut", lower(other), APP_SELECTORS[2:]))
        assert diamond.functions.facetAddresses().call() == [app.address, other.address]
        web3_chain.send(diamond, call("Diamond", "cut", lower(other), APP_SELECTORS[:2]))
        assert diamond.functions.facetAddresses().call() == [other.address]
        assert set(diamond.functions.facets().call()[0][1]) == set(APP_SELECTORS)
