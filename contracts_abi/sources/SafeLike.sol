// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// An account that is a contract, with the events of a Safe: it says itself how what it carried out ended.
contract SafeLike {
    event ExecutionSuccess(bytes32 indexed txHash, uint256 payment);
    event ExecutionFailure(bytes32 indexed txHash, uint256 payment);

    function execute(address to, bytes calldata data) external {
        (bool success,) = to.call(data);
        if (success) {
            emit ExecutionSuccess(keccak256(data), 0);
        } else {
            emit ExecutionFailure(keccak256(data), 0);
        }
    }
}
