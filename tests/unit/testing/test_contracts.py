"""The contracts that ship with the package, as far as no chain is needed to tell."""

import hashlib
import json
from pathlib import Path

import pytest

from watcher.errors import UsageError
from watcher.shipped import shipped
from watcher.testing.contracts import compiled

ARTIFACTS = sorted(shipped("contracts_abi").glob("*.json"))
ADDRESS = "0x" + "ab" * 20


def test_every_contract_has_its_json_and_every_json_its_source() -> None:
    """What is compiled and what is committed are the same set; abstract contracts have no JSON."""
    sources = {path.stem for path in shipped("contracts_abi", "sources").glob("*.sol")}
    assert sources - {path.stem for path in ARTIFACTS} == {"Proxy"}
    assert {path.stem for path in ARTIFACTS} <= sources


@pytest.mark.parametrize("path", ARTIFACTS, ids=lambda path: path.stem)
def test_a_source_that_was_edited_and_not_compiled_is_noticed(path: Path) -> None:
    """Each JSON carries the digest of the source that it was compiled from."""
    artifact = json.loads(path.read_text(encoding="utf-8"))
    source = path.parent / artifact["source"]
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert artifact["sourceSha256"] == digest, "compile it: see contracts_abi/SOURCES.md"


def test_every_contract_is_listed_with_its_origin() -> None:
    """SOURCES.md names each contract."""
    origins = shipped("contracts_abi", "SOURCES.md").read_text(encoding="utf-8")
    assert [path.stem for path in ARTIFACTS if f"`{path.stem}`" not in origins] == []


@pytest.mark.parametrize(
    ("contract", "event", "topic"),
    [
        ("App", "Paused", "0x62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258"),
        ("App", "Unpaused", "0x5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa"),
        ("Proxy1967", "Upgraded", "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"),
        ("Beacon", "Upgraded", "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"),
        (
            "BeaconProxy",
            "BeaconUpgraded",
            "0x1cf3b03a6cf19fa2baba4df148e9dcabedea7f8a5c07840e207e5c089be95d3e",
        ),
        ("Diamond", "DiamondCut", "0x8faa70878671ccd212d20771b795c50af8fd3ff6cf27f4bde57e5d4de0aeb673"),
        ("Token", "Transfer", "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
    ],
)
def test_the_events_are_the_ones_that_standards_and_libraries_emit(
    contract: str, event: str, topic: str
) -> None:
    """Topic 0 of an event that the watcher looks for is the published one."""
    assert compiled(contract).topic(event) == topic


@pytest.mark.parametrize(
    ("contract", "function", "selector"),
    [
        ("App", "paused", "5c975abb"),
        ("Beacon", "implementation", "5c60da1b"),
        ("Diamond", "facets", "7a0ed627"),
        ("Diamond", "facetAddresses", "52ef6b2c"),
        ("Diamond", "facetAddress", "cdffacc6"),
    ],
)
def test_the_functions_are_the_ones_that_standards_and_libraries_have(
    contract: str, function: str, selector: str
) -> None:
    """The selector of a function that the watcher calls is the published one."""
    assert compiled(contract).selector(function).hex() == selector


def test_arguments_follow_the_selector_or_the_bytecode() -> None:
    """A call is selector and arguments, a creation bytecode and arguments."""
    word = bytes(12) + bytes.fromhex("ab" * 20)
    beacon = compiled("Beacon")
    assert beacon.call("upgradeTo", ADDRESS) == beacon.selector("upgradeTo") + word
    assert beacon.creation(ADDRESS) == beacon.bytecode + word
    assert compiled("App").creation() == compiled("App").bytecode


def test_what_a_call_returned_is_decoded_by_the_functions_outputs() -> None:
    """One item for each return value."""
    assert compiled("App").returned("paused", (1).to_bytes(32)) == (True,)


def test_an_unknown_contract_or_function_is_named_with_what_there_is() -> None:
    """A typo says where to look."""
    with pytest.raises(UsageError, match=r"no contract Appp .* AppRegistry"):
        compiled("Appp")
    with pytest.raises(UsageError, match=r"App has no function using: .*App\.sol"):
        compiled("App").call("using")
