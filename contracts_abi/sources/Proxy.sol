// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// What every proxy here does: run the logic's code on the proxy's own state.
/// No proxy checks that the logic has code: a delegatecall to nothing succeeds, and that is the trap.
abstract contract Proxy {
    fallback() external payable virtual {
        _delegate(_logic());
    }

    receive() external payable {
        _delegate(_logic());
    }

    function _logic() internal view virtual returns (address);

    function _load(bytes32 slot) internal view returns (address value) {
        assembly {
            value := sload(slot)
        }
    }

    function _store(bytes32 slot, address value) internal {
        assembly {
            sstore(slot, value)
        }
    }

    function _delegate(address logic) internal {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let succeeded := delegatecall(gas(), logic, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(succeeded) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
