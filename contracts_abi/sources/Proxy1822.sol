// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "./Proxy.sol";

/// A proxy with its logic in the ERC-1822 slot. A change of logic leaves no log: only the next
/// sample of its state can show it.
contract Proxy1822 is Proxy {
    bytes32 private constant LOGIC_SLOT = keccak256("PROXIABLE");

    constructor(address logic) {
        updateCodeAddress(logic);
    }

    function updateCodeAddress(address logic) public {
        _store(LOGIC_SLOT, logic);
    }

    function _logic() internal view override returns (address) {
        return _load(LOGIC_SLOT);
    }
}
