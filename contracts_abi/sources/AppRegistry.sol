// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Says on chain which accounts belong to which application, for discovery of kind `registry`.
/// Only the owner writes; an account may be announced for several applications, once each.
contract AppRegistry {
    event Announced(string indexed app, address indexed account);
    event Removed(string indexed app, address indexed account);

    error NotOwner();
    error AlreadyAnnounced();
    error NotAnnounced();

    address public immutable owner = msg.sender;
    mapping(string app => mapping(address account => bool)) public announced;

    modifier onlyOwner() {
        require(msg.sender == owner, NotOwner());
        _;
    }

    /// The account belongs to the application from this block on.
    function announce(string calldata app, address account) external onlyOwner {
        require(!announced[app][account], AlreadyAnnounced());
        announced[app][account] = true;
        emit Announced(app, account);
    }

    /// The account no longer belongs to the application, from this block on.
    function remove(string calldata app, address account) external onlyOwner {
        require(announced[app][account], NotAnnounced());
        announced[app][account] = false;
        emit Removed(app, account);
    }
}
