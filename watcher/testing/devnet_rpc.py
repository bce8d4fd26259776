"""The JSON-RPC methods of the devnet, with geth's answers and geth's errors.

    method and parameters ─▶ DevnetRpc.answer ─▶ what stands under "result", or a Refusal

`pending` is answered as `latest`: what is queued is in no block yet. Full transactions are not served.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, assert_never

from eth_utils.exceptions import ValidationError

from watcher.errors import HistoryMissing
from watcher.testing.devnet import Devnet
from watcher.testing.devnet_block import DevnetBlock, Json, data, quantity
from watcher.testing.devnet_logs import LogFilter
from watcher.testing.devnet_params import (
    BAD_PARAMETERS,
    Refusal,
    address,
    hash32,
    hex_bytes,
    mapping,
    quantity_of,
    refused,
)
from watcher.testing.devnet_state import Faulted, Returned, Reverted, StateAt

_CLIENT = "watcher-devnet/py-evm"
_WORD = 32
_FAILED, _REVERTED, _UNKNOWN_METHOD = -32000, 3, -32601
_NOBODY = "0x" + "00" * 20
_HASH_LENGTH = 66


class DevnetRpc:
    """Answers calls about one devnet, one at a time, each about one moment of it."""

    def __init__(self, devnet: Devnet) -> None:
        """Serve this devnet."""
        self._devnet = devnet
        self._methods: Mapping[str, Callable[..., object]] = {
            "eth_blockNumber": lambda: quantity(devnet.head.number),
            "eth_call": self._call,
            "eth_chainId": lambda: quantity(devnet.chain_id),
            "eth_getBalance": self._balance,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockReceipts": self._block_receipts,
            "eth_getCode": self._code,
            "eth_getLogs": self._logs,
            "eth_getStorageAt": self._storage,
            "eth_getTransactionCount": self._transaction_count,
            "eth_getTransactionReceipt": self._receipt,
            "eth_sendRawTransaction": lambda raw: devnet.send_raw(hex_bytes(raw)),
            "net_version": lambda: str(devnet.chain_id),
            "web3_clientVersion": lambda: _CLIENT,
        }

    def answer(self, method: str, parameters: Sequence[object]) -> object:
        """Give the result of a call; every error is a Refusal."""
        handler = self._methods.get(method)
        if handler is None:
            raise Refusal(_UNKNOWN_METHOD, f"the method {method} does not exist/is not available")
        try:
            bound = inspect.signature(handler).bind(*parameters)
        except TypeError as error:
            raise Refusal(BAD_PARAMETERS, f"invalid arguments of {method}: {error}") from error
        with self._devnet.lock:
            try:
                return handler(*bound.args)
            except (HistoryMissing, ValidationError) as error:
                raise Refusal(_FAILED, str(error)) from error

    # Blocks and receipts

    def _block_by_number(self, number: object, full: object) -> Json | None:
        return self._rendered(self._block(number), full)

    def _block_by_hash(self, block_hash: object, full: object) -> Json | None:
        return self._rendered(self._devnet.block_of_hash(hash32(block_hash)), full)

    def _block_receipts(self, block: object) -> list[Json] | None:
        found = self._block(block)
        return None if found is None else found.receipts

    def _receipt(self, sent: object) -> Json | None:
        transaction = hash32(sent)
        block = self._devnet.block_of_transaction(transaction)
        if block is None:
            return None
        return next(receipt for receipt in block.receipts if receipt["transactionHash"] == transaction)

    def _logs(self, criteria: object) -> list[Json]:
        wanted = mapping(criteria)
        return list(LogFilter.read(wanted).matching(self._searched(wanted)))

    def _searched(self, criteria: Mapping[str, object]) -> Sequence[DevnetBlock]:
        if "blockHash" in criteria:
            block = self._devnet.block_of_hash(hash32(criteria["blockHash"]))
            if block is None:
                raise Refusal(_FAILED, "unknown block")
            return [block]
        first = self._block(criteria.get("fromBlock", "latest"))
        last = self._block(criteria.get("toBlock", "latest"))
        if first is None or last is None:
            raise Refusal(BAD_PARAMETERS, "block range extends beyond current head block")
        if first.number > last.number:
            raise Refusal(BAD_PARAMETERS, "invalid block range params")
        return self._devnet.blocks(first.number, last.number)

    # State

    def _code(self, account: object, block: object = "latest") -> str:
        return data(self._state(block).code(address(account)))

    def _storage(self, account: object, slot: object, block: object = "latest") -> str:
        return data(self._state(block).storage(address(account), quantity_of(slot)).to_bytes(_WORD))

    def _balance(self, account: object, block: object = "latest") -> str:
        return quantity(self._state(block).balance(address(account)))

    def _transaction_count(self, account: object, block: object = "latest") -> str:
        return quantity(self._state(block).nonce(address(account)))

    def _call(self, transaction: object, block: object = "latest") -> str:
        call = mapping(transaction)
        sent = call.get("input", call.get("data", "0x"))
        state = self._state(block)
        outcome = state.call(address(call.get("to")), hex_bytes(sent), address(call.get("from", _NOBODY)))
        match outcome:
            case Returned(output):
                return data(output)
            case Reverted(output):
                raise Refusal(_REVERTED, "execution reverted", data(output))
            case Faulted(reason):
                raise Refusal(_FAILED, reason)
            case _:
                assert_never(outcome)

    # Which block

    def _state(self, wanted: object) -> StateAt:
        block = self._block(wanted)
        if block is None:
            by_number = isinstance(wanted, str) and len(wanted) < _HASH_LENGTH
            raise Refusal(_FAILED, "header not found" if by_number else "header for hash not found")
        return self._devnet.state(block)

    def _block(self, wanted: object) -> DevnetBlock | None:
        """Find a block by tag, number, hash, or an object with `blockNumber` or `blockHash` (EIP-1898)."""
        match wanted:
            case "latest" | "pending":
                return self._devnet.head
            case "finalized" | "safe":
                return self._tagged("finalized" if wanted == "finalized" else "safe")
            case {"blockHash": found} | (str() as found) if len(str(found)) == _HASH_LENGTH:
                return self._devnet.block_of_hash(hash32(found))
            case {"blockNumber": number} | number:
                return self._devnet.block(0 if number == "earliest" else quantity_of(number))

    def _tagged(self, tag: Literal["finalized", "safe"]) -> DevnetBlock:
        block = self._devnet.tagged(tag)
        if block is None:
            raise Refusal(_FAILED, f"{tag} block not found")
        return block

    def _rendered(self, block: DevnetBlock | None, full: object) -> Json | None:
        if not isinstance(full, bool):
            raise refused(full, "true for transactions in full, false for their hashes")
        if block is None:
            return None
        return block.whole if full else block.json
