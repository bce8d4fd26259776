// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Carries out what a signer asked for, with the event of OpenZeppelin's ERC2771Forwarder; checks no signature.
contract ForwarderLike {
    event ExecutedForwardRequest(address indexed signer, uint256 nonce, bool success);

    function execute(address signer, address to, bytes calldata data) external {
        (bool success,) = to.call(data);
        emit ExecutedForwardRequest(signer, 0, success);
    }
}
