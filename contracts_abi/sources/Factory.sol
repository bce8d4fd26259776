// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {App} from "./App.sol";

/// Creates applications inside a call, where no receipt names the new address: only the event does.
/// The address stands in a different place in each event, as it does among real factories.
contract Factory {
    /// The address is data, after another value.
    event AppCreated(address indexed creator, uint256 salt, address app);
    /// The address is a topic.
    event AppDeployed(address indexed app, address indexed creator);
    /// The shape of a widely used pool factory: three topics, the address last in the data.
    event PoolCreated(
        address indexed token0, address indexed token1, uint24 indexed fee, int24 tickSpacing, address pool
    );

    uint256 public created;

    function create() external returns (App app) {
        app = new App();
        emit AppCreated(msg.sender, created++, address(app));
        emit AppDeployed(address(app), msg.sender);
    }

    function createPool(address token0, address token1, uint24 fee) external returns (App pool) {
        pool = new App();
        emit PoolCreated(token0, token1, fee, 60, address(pool));
    }

    /// A claim that nothing backs: the address may have no code, or belong to somebody else.
    function announceOnly(address app) external {
        emit AppCreated(msg.sender, created++, app);
    }
}
