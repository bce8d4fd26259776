// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// An application that people use, with one function for each way of being used.
/// It serves as the logic of every proxy here, so its state lives in a slot of its own and never
/// meets what a proxy keeps in slot 0. Anyone may pause it: access control is not what is shown.
contract App {
    struct State {
        uint256 total;
        uint256 quietCalls;
        bool paused;
    }

    event Used(address indexed user, uint256 value);
    event Paused(address account);
    event Unpaused(address account);

    error Refused();
    error EnforcedPause();
    error ExpectedPause();

    bytes32 private constant STATE_SLOT = keccak256("watcher.devnet.App.state");

    /// Leaves a log; refused while paused.
    function use(uint256 value) external {
        State storage state = _state();
        require(!state.paused, EnforcedPause());
        state.total += value;
        emit Used(msg.sender, value);
    }

    /// Changes state and leaves no log: an action that only `reach = "direct"` can see.
    function quiet() external {
        _state().quietCalls += 1;
    }

    /// Always reverts: a failed transaction is kept and shown, and never counts.
    function fail() external pure {
        revert Refused();
    }

    /// Makes another application emit a log: that one is touched, this one is the direct target.
    function poke(App other) external {
        other.use(1);
    }

    function pause() external {
        State storage state = _state();
        require(!state.paused, EnforcedPause());
        state.paused = true;
        emit Paused(msg.sender);
    }

    function unpause() external {
        State storage state = _state();
        require(state.paused, ExpectedPause());
        state.paused = false;
        emit Unpaused(msg.sender);
    }

    function paused() external view returns (bool) {
        return _state().paused;
    }

    function total() external view returns (uint256) {
        return _state().total;
    }

    function quietCalls() external view returns (uint256) {
        return _state().quietCalls;
    }

    function _state() private pure returns (State storage state) {
        bytes32 slot = STATE_SLOT;
        assembly {
            state.slot := slot
        }
    }
}
