"""The state of the devnet as one block left it: code, storage, balances, and what a contract would answer."""

from dataclasses import dataclass

from eth_typing import Address as RawAddress

from watcher.testing.py_evm import Revert, VirtualMachineAPI

_CALL_GAS = 50_000_000
_DELEGATION = bytes.fromhex("ef0100")


@dataclass(frozen=True, slots=True)
class Returned:
    """A call went through, with this output."""

    output: bytes


@dataclass(frozen=True, slots=True)
class Reverted:
    """A call reverted, with this data: an encoded error or nothing."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Faulted:
    """A call ended in an EVM fault: out of gas, an invalid opcode."""

    reason: str


CallOutcome = Returned | Reverted | Faulted


class StateAt:
    """Reads one block's state; addresses are 20 bytes, and an account that does not exist is empty."""

    def __init__(self, vm: VirtualMachineAPI) -> None:
        """Wrap a VM at the block's header."""
        self._vm = vm

    def code(self, address: bytes) -> bytes:
        """Read the code as stored: of a delegated account the 23 bytes that name its target."""
        return self._vm.state.get_code(RawAddress(address))

    def storage(self, address: bytes, slot: int) -> int:
        """Read a storage slot."""
        return self._vm.state.get_storage(RawAddress(address), slot)

    def balance(self, address: bytes) -> int:
        """Read a balance in wei."""
        return self._vm.state.get_balance(RawAddress(address))

    def nonce(self, address: bytes) -> int:
        """Read the number of transactions (of a contract: creations) it has sent."""
        return self._vm.state.get_nonce(RawAddress(address))

    def call(self, to: bytes, data: bytes, sender: bytes) -> CallOutcome:
        """Run a call that moves no value and leaves no trace."""
        code = self.code(to)
        if code.startswith(_DELEGATION):
            code = self.code(code[len(_DELEGATION) :])
        computation = self._vm.execute_bytecode(
            origin=RawAddress(sender),
            gas_price=0,
            gas=_CALL_GAS,
            to=RawAddress(to),
            sender=RawAddress(sender),
            value=0,
            data=data,
            code=code,
        )
        if computation.is_success:
            return Returned(computation.output)
        if isinstance(computation.error, Revert):
            return Reverted(computation.output)
        return Faulted(str(computation.error))
