"""The devnet with web3.py on top: transact on the one, read through the other, as anybody would."""

from collections.abc import Sequence
from typing import Any, cast

from eth_typing import HexStr
from web3 import Web3
from web3.contract import Contract
from web3.providers import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from tests.nodes import Node
from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet

NO_CODE = Address("0x" + "c0de" * 10)
"""An address at which nothing ever stands."""


class NodeProvider(JSONBaseProvider):
    """web3's way to the node: through the test's own connections, which are closed with it."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._node = node

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:  # noqa: ANN401 - web3's own type
        """Send one call."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return cast(RPCResponse, self._node.post(body))


class Web3Chain:
    """A devnet whose every transaction has a block of its own, read through web3."""

    def __init__(self, devnet: Devnet, node: Node) -> None:
        self.devnet = devnet
        self.web3 = Web3(NodeProvider(node))

    def deploy(self, name: str, *arguments: object) -> Contract:
        """Deploy a contract in a block of its own."""
        address = self.devnet.deploy(self.devnet.accounts[0], name, *arguments)
        self.devnet.mine()
        assert self.devnet.head.receipts[0]["status"] == "0x1"
        return self.at(name, address)

    def at(self, name: str, address: str) -> Contract:
        """See an address as a contract of this kind."""
        return self.web3.eth.contract(address=Web3.to_checksum_address(address), abi=compiled(name).abi)

    def send(self, contract: Contract, data: bytes, sender: int = 1) -> Sequence[Any]:
        """Send a transaction in a block of its own and give its logs; it must succeed."""
        receipt = self.attempt(contract, data, sender)
        assert receipt["status"] == 1
        return cast(Sequence[Any], receipt["logs"])

    def attempt(self, contract: Contract, data: bytes, sender: int = 1) -> Any:  # noqa: ANN401 - web3's own type
        """Send a transaction in a block of its own and give its receipt."""
        sent = self.devnet.transact(self.devnet.accounts[sender], Address(contract.address.lower()), data)
        self.devnet.mine()
        return self.web3.eth.get_transaction_receipt(HexStr(sent))

    def word(self, contract: Contract, slot: int) -> str:
        """Read the address in a storage slot."""
        return f"0x{self.web3.eth.get_storage_at(contract.address, slot)[12:].hex()}"

    def account(self, index: int) -> str:
        """Give an account's address as web3 writes it."""
        return Web3.to_checksum_address(self.devnet.accounts[index].address)


def call(name: str, function: str, *arguments: object) -> bytes:
    """Write the data of a call."""
    return compiled(name).call(function, *arguments)


def lower(contract: Contract) -> str:
    """Give a contract's address in the project's form."""
    return contract.address.lower()
