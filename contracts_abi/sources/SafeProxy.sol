// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "./Proxy.sol";

/// A proxy in the manner of a Safe: the singleton is in slot 0, and the proxy itself answers
/// masterCopy(), which its ABI does not list, before anything is delegated.
contract SafeProxy is Proxy {
    event ChangedMasterCopy(address masterCopy);

    address private _singleton;

    constructor(address singleton) {
        _singleton = singleton;
    }

    fallback() external payable override {
        if (msg.sig == bytes4(keccak256("masterCopy()"))) {
            address singleton = _singleton;
            assembly {
                mstore(0, singleton)
                return(0, 32)
            }
        }
        _delegate(_singleton);
    }

    function changeMasterCopy(address singleton) external {
        _singleton = singleton;
        emit ChangedMasterCopy(singleton);
    }

    function _logic() internal view override returns (address) {
        return _singleton;
    }
}
