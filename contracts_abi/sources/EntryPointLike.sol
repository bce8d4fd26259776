// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Carries out what several accounts want in one transaction and says how each ended, like ERC-4337's EntryPoint.
/// Nobody's word is checked: what it shows is its logs.
contract EntryPointLike {
    event BeforeExecution();
    event UserOperationEvent(
        bytes32 indexed userOpHash,
        address indexed sender,
        address indexed paymaster,
        uint256 nonce,
        bool success,
        uint256 actualGasCost,
        uint256 actualGasUsed
    );

    function handle(address[] calldata senders, address[] calldata targets, bytes[] calldata data) external {
        emit BeforeExecution();
        for (uint256 place = 0; place < senders.length; place++) {
            (bool success,) = targets[place].call(data[place]);
            emit UserOperationEvent(bytes32(place), senders[place], address(0), place, success, 0, 0);
        }
    }
}
