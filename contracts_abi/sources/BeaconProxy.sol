// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Beacon} from "./Beacon.sol";
import {Proxy} from "./Proxy.sol";

/// A proxy that asks the beacon in its ERC-1967 beacon slot for its logic, at every call.
contract BeaconProxy is Proxy {
    event BeaconUpgraded(address indexed beacon);

    bytes32 private constant BEACON_SLOT = bytes32(uint256(keccak256("eip1967.proxy.beacon")) - 1);

    constructor(address beacon) {
        upgradeBeaconTo(beacon);
    }

    function upgradeBeaconTo(address beacon) public {
        _store(BEACON_SLOT, beacon);
        emit BeaconUpgraded(beacon);
    }

    function _logic() internal view override returns (address) {
        return Beacon(_load(BEACON_SLOT)).implementation();
    }
}
