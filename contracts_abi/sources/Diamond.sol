// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "./Proxy.sol";

/// An ERC-2535 diamond: each selector has its own logic, and the loupe lists them.
contract Diamond is Proxy {
    enum FacetCutAction {
        Add,
        Replace,
        Remove
    }

    struct FacetCut {
        address facetAddress;
        FacetCutAction action;
        bytes4[] functionSelectors;
    }

    struct Facet {
        address facetAddress;
        bytes4[] functionSelectors;
    }

    event DiamondCut(FacetCut[] _diamondCut, address _init, bytes _calldata);

    error UnknownSelector();

    mapping(bytes4 selector => address facet) public facetAddress;
    address[] private _facetAddresses;
    mapping(address facet => bytes4[] selectors) private _selectors;

    constructor(address facet, bytes4[] memory selectors) {
        cut(facet, selectors);
    }

    /// Routes the selectors to the facet and away from wherever they went; to the zero address: nowhere.
    function cut(address facet, bytes4[] memory selectors) public {
        FacetCutAction action = FacetCutAction.Add;
        for (uint256 i = 0; i < selectors.length; i++) {
            if (_unroute(selectors[i])) action = FacetCutAction.Replace;
            if (facet != address(0)) _route(selectors[i], facet);
        }
        if (facet == address(0)) action = FacetCutAction.Remove;
        FacetCut[] memory cuts = new FacetCut[](1);
        cuts[0] = FacetCut(facet, action, selectors);
        emit DiamondCut(cuts, address(0), "");
    }

    function facets() external view returns (Facet[] memory all) {
        all = new Facet[](_facetAddresses.length);
        for (uint256 i = 0; i < all.length; i++) {
            all[i] = Facet(_facetAddresses[i], _selectors[_facetAddresses[i]]);
        }
    }

    function facetAddresses() external view returns (address[] memory) {
        return _facetAddresses;
    }

    function _logic() internal view override returns (address facet) {
        facet = facetAddress[msg.sig];
        require(facet != address(0), UnknownSelector());
    }

    function _route(bytes4 selector, address facet) private {
        facetAddress[selector] = facet;
        if (_selectors[facet].length == 0) _facetAddresses.push(facet);
        _selectors[facet].push(selector);
    }

    function _unroute(bytes4 selector) private returns (bool wasRouted) {
        address facet = facetAddress[selector];
        if (facet == address(0)) return false;
        delete facetAddress[selector];
        bytes4[] storage selectors = _selectors[facet];
        for (uint256 i = 0; i < selectors.length; i++) {
            if (selectors[i] != selector) continue;
            selectors[i] = selectors[selectors.length - 1];
            selectors.pop();
            break;
        }
        if (selectors.length == 0) _forget(facet);
        return true;
    }

    function _forget(address facet) private {
        for (uint256 i = 0; i < _facetAddresses.length; i++) {
            if (_facetAddresses[i] != facet) continue;
            _facetAddresses[i] = _facetAddresses[_facetAddresses.length - 1];
            _facetAddresses.pop();
            return;
        }
    }
}
