// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Makes ERC-1167 clones: 45 bytes of code that hold the logic's address for ever.
contract CloneFactory {
    event Cloned(address indexed instance);

    error CloneFailed();

    function clone(address logic) external returns (address instance) {
        bytes memory initcode = abi.encodePacked(
            hex"3d602d80600a3d3981f3",
            hex"363d3d373d3d3d363d73",
            logic,
            hex"5af43d82803e903d91602b57fd5bf3"
        );
        assembly {
            instance := create(0, add(initcode, 32), mload(initcode))
        }
        require(instance != address(0), CloneFailed());
        emit Cloned(instance);
    }
}
