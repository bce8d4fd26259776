"""Which contracts an explorer is asked about, and what its answers say of an app."""

from pathlib import Path

import pytest

from tests.stages.test_attesting import program
from tests.stages.world import APPS, START, Watch, fresh_store, use
from watcher.config.program import load_program
from watcher.core.definition import Definition
from watcher.core.state import State
from watcher.core.types import Address
from watcher.errors import CannotTell, UsageError
from watcher.stages.lookback import as_of
from watcher.stages.source import sources
from watcher.testing.fake_chain import FakeChain

LOGIC = Address("0x" + "ab" * 20)
CLONE = bytes.fromhex(f"363d3d373d3d3d363d73{LOGIC[2:]}5af43d82803e903d91602b57fd5bf3")


class Knowing:
    """An explorer that holds the source of some contracts."""

    def __init__(self, *known: str) -> None:
        """Know these."""
        self.known = known
        self.asked: list[Address] = []

    def verified(self, address: Address) -> bool:
        """Look it up."""
        self.asked.append(address)
        return address in self.known

    def page(self, address: Address) -> str:
        """Give its page."""
        return f"https://explorer.example/{address}"


def concluded(program: Definition, folder: Path) -> State:
    """Give the state of a chain on which alpha's contract is a clone of other code."""
    made = FakeChain(genesis_time=START)
    made.block(*use(APPS[0], 0), code={APPS[0]: CLONE, LOGIC: b"\x60\x01"})
    made.empty_blocks(3)
    with fresh_store(folder / "source") as store:
        Watch(program, made, store).sync()
        with store.reading() as tx:
            return as_of(program, tx, None).state


def test_the_code_behind_a_proxy_is_asked_about_too(tmp_path: Path) -> None:
    """A proxy's own source says little; the page is that of a contract without source."""
    asked_by = program(tmp_path)
    state = concluded(asked_by, tmp_path)
    explorer = Knowing(APPS[0])
    (found,) = sources(asked_by, state, explorer)
    assert explorer.asked == [APPS[0], LOGIC]
    assert (found.asked, found.unverified) == ((APPS[0], LOGIC), (LOGIC,))
    assert found.page.endswith(LOGIC)
    (found,) = sources(asked_by, state, Knowing(APPS[0], LOGIC), ["alpha"])
    assert found.unverified == ()
    assert found.page.endswith(APPS[0])


def test_an_app_without_contracts_is_not_asked_about(tmp_path: Path) -> None:
    """There is no answer to sign."""
    program(tmp_path)
    file = tmp_path / "attested.toml"
    text = file.read_text(encoding="utf-8").replace("[[kpi]]", '[[app]]\nid = "empty"\n\n[[kpi]]', 1)
    file.write_text(text, encoding="utf-8")
    asked_by = load_program(file).definition
    state = concluded(asked_by, tmp_path)
    with pytest.raises(CannotTell, match='app "empty" has no contracts yet'):
        list(sources(asked_by, state, Knowing(), ["empty"]))


def test_where_nobody_lists_apps_they_have_to_be_named(tmp_path: Path) -> None:
    """A chain may have thousands."""
    program(tmp_path)
    file = tmp_path / "attested.toml"
    listed = f'id = "alpha"\n[[app.contract]]\naddress = "{APPS[0]}"'
    text = file.read_text(encoding="utf-8")
    assert listed in text
    file.write_text(text.replace(listed, 'id = "by"\n[[app.discover]]\nkind = "open"'), encoding="utf-8")
    asked_by = load_program(file).definition
    with pytest.raises(UsageError, match="name those to ask about with --app"):
        list(sources(asked_by, concluded(asked_by, tmp_path), Knowing()))
