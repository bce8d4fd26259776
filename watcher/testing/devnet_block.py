"""One block of the devnet in the words of JSON-RPC: field for field what geth answers.

Numbers are `0x…` without leading zeros, bytes `0x…` in full, everything lowercase.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from watcher.core.types import BlockHash
from watcher.testing.devnet_chain import SealedBlock, created_by
from watcher.testing.devnet_transactions import fields_of
from watcher.testing.py_evm import LogAPI, SignedTransactionAPI, rlp

Json = dict[str, Any]
"""An object as JSON-RPC answers it."""
_WORD = 32
_BLOOM = 256


@dataclass(frozen=True)
class DevnetBlock:
    """A sealed block, rendered when first asked for."""

    sealed: SealedBlock

    @cached_property
    def number(self) -> int:
        """Give the block number."""
        return self.sealed.block.number

    @cached_property
    def timestamp(self) -> int:
        """Give the block's time in Unix seconds."""
        return self.sealed.block.header.timestamp

    @cached_property
    def hash(self) -> BlockHash:
        """Give the block's hash."""
        return BlockHash(data(self.sealed.block.hash))

    @cached_property
    def json(self) -> Json:
        """Render what eth_getBlockByNumber answers, transactions as hashes."""
        header = self.sealed.block.header.as_dict()
        return {
            "baseFeePerGas": quantity(header["base_fee_per_gas"]),
            "blobGasUsed": quantity(header["blob_gas_used"]),
            "difficulty": quantity(header["difficulty"]),
            "excessBlobGas": quantity(header["excess_blob_gas"]),
            "extraData": data(header["extra_data"]),
            "gasLimit": quantity(header["gas_limit"]),
            "gasUsed": quantity(header["gas_used"]),
            "hash": self.hash,
            "logsBloom": _bloom(header["bloom"]),
            "miner": data(header["coinbase"]),
            "mixHash": data(header["mix_hash"]),
            "nonce": data(header["nonce"]),
            "number": quantity(self.number),
            "parentBeaconBlockRoot": data(header["parent_beacon_block_root"]),
            "parentHash": data(header["parent_hash"]),
            "receiptsRoot": data(header["receipt_root"]),
            "requestsHash": data(header["requests_hash"]),
            "sha3Uncles": data(header["uncles_hash"]),
            "size": quantity(len(rlp.encode(self.sealed.block))),
            "stateRoot": data(header["state_root"]),
            "timestamp": quantity(self.timestamp),
            "transactions": [data(transaction.hash) for transaction in self.sealed.block.transactions],
            "transactionsRoot": data(header["transaction_root"]),
            "uncles": [],
            "withdrawals": [],
            "withdrawalsRoot": data(header["withdrawals_root"]),
        }

    @cached_property
    def whole(self) -> Json:
        """Render the same, transactions in full."""
        return {
            **self.json,
            "transactions": [
                {
                    **fields_of(transaction),
                    "gasPrice": quantity(self._price(transaction)),
                    "hash": data(transaction.hash),
                    "blockHash": self.hash,
                    "blockNumber": quantity(self.number),
                    "transactionIndex": quantity(index),
                }
                for index, transaction in enumerate(self.sealed.block.transactions)
            ],
        }

    @cached_property
    def receipts(self) -> list[Json]:
        """Render what eth_getBlockReceipts answers."""
        rendered: list[Json] = []
        gas_before, logs_before = 0, 0
        for index, transaction in enumerate(self.sealed.block.transactions):
            receipt = self.sealed.receipts[index]
            place: Json = {
                "blockHash": self.hash,
                "blockNumber": quantity(self.number),
                "transactionHash": data(transaction.hash),
                "transactionIndex": quantity(index),
            }
            rendered.append(
                {
                    **place,
                    "contractAddress": None
                    if transaction.to
                    else data(created_by(transaction.sender, transaction.nonce)),
                    "cumulativeGasUsed": quantity(receipt.gas_used),
                    "effectiveGasPrice": quantity(self._price(transaction)),
                    "from": data(transaction.sender),
                    "gasUsed": quantity(receipt.gas_used - gas_before),
                    "logs": [
                        {**_log(log), **place, "logIndex": quantity(logs_before + offset), "removed": False}
                        for offset, log in enumerate(receipt.logs)
                    ],
                    "logsBloom": _bloom(receipt.bloom),
                    "status": "0x1" if receipt.state_root == b"\x01" else "0x0",
                    "to": data(transaction.to) if transaction.to else None,
                    "type": quantity(transaction.type_id or 0),
                }
            )
            gas_before = receipt.gas_used
            logs_before += len(receipt.logs)
        return rendered

    def _price(self, transaction: SignedTransactionAPI) -> int:
        base_fee = self.sealed.block.header.base_fee_per_gas or 0
        return min(transaction.max_fee_per_gas, base_fee + transaction.max_priority_fee_per_gas)


def quantity(value: int) -> str:
    """Write a number as JSON-RPC does."""
    return hex(value)


def data(value: bytes) -> str:
    """Write bytes as JSON-RPC does."""
    return f"0x{value.hex()}"


def _bloom(bloom: int) -> str:
    return data(bloom.to_bytes(_BLOOM))


def _log(log: LogAPI) -> Json:
    return {
        "address": data(log.address),
        "topics": [data(topic.to_bytes(_WORD)) for topic in log.topics],
        "data": data(log.data),
    }
