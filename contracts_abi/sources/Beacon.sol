// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Names the logic of many proxies at once.
contract Beacon {
    event Upgraded(address indexed implementation);

    address public implementation;

    constructor(address logic) {
        upgradeTo(logic);
    }

    function upgradeTo(address logic) public {
        implementation = logic;
        emit Upgraded(logic);
    }
}
