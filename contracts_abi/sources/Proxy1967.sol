// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "./Proxy.sol";

/// A proxy with its logic in the ERC-1967 implementation slot.
contract Proxy1967 is Proxy {
    event Upgraded(address indexed implementation);

    bytes32 private constant IMPLEMENTATION_SLOT = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);

    constructor(address logic) {
        upgradeTo(logic);
    }

    function upgradeTo(address logic) public {
        _store(IMPLEMENTATION_SLOT, logic);
        emit Upgraded(logic);
    }

    function _logic() internal view override returns (address) {
        return _load(IMPLEMENTATION_SLOT);
    }
}
