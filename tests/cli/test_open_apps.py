"""`apps` and `explain` where nobody lists the apps."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.stages.world import APPS, START, USERS, Watch, definition
from watcher.core.definition import Definition
from watcher.store.database import Store
from watcher.testing.fake_blocks import PLAIN_CODE, create, tx
from watcher.testing.fake_chain import FakeChain

ANN, BEN, CAT = USERS[5:8]


@pytest.fixture
def program(folder: Path) -> Definition:
    """Write a program by which everybody may have an app."""
    return definition(folder, liveness='[[app]]\nid = "by"\n[[app.discover]]\nkind = "open"')


@pytest.fixture
def watch(store: Store, program: Definition) -> Watch:
    """Give a watcher that saw three accounts create: one has a live app, one a used one, one neither."""
    chain = FakeChain(genesis_time=START)
    made = [create(account) for account in (ANN, BEN, CAT)]
    chain.block(*made, code=dict.fromkeys(APPS, PLAIN_CODE))
    chain.block(*[tx(user, made[0].contract) for user in USERS[:4]], tx(USERS[0], made[1].contract))
    chain.empty_blocks(4)
    watching = Watch(program, chain, store)
    watching.sync()
    return watching


@pytest.mark.usefixtures("watch")
def test_apps_in_use_are_listed_beside_the_listed_ones(watcher: Command) -> None:
    """Those that nobody uses are only counted, since there may be very many."""
    said = watcher("apps")
    assert said.out.splitlines()[0].startswith("1 of 5 apps are live")
    assert f"by/{ANN}" in said.out
    assert f"by/{BEN}" in said.out
    assert f"by/{CAT}" not in said.out
    assert "1 more account created what nobody used in the window." in said.out


@pytest.mark.usefixtures("watch")
def test_apps_that_are_not_live_can_be_left_out(watcher: Command) -> None:
    """In the table and as JSON; the count of all stays."""
    said = watcher("apps", "--live", "--json")
    assert [row["id"] for row in said.objects] == [f"by/{ANN}"]
    assert "1 of 5 apps are live" in said.err
    assert f"by/{BEN}" not in watcher("apps", "--live").out


@pytest.mark.usefixtures("watch")
def test_an_app_is_explained_by_its_creator(watcher: Command) -> None:
    """However the address is written."""
    said = watcher("explain", f"by/0x{ANN[2:].upper()}")
    assert said.code == 0
    assert f"app by/{ANN} is LIVE" in said.out
    assert "found by open" in said.out


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize("name", [f"by/{CAT}", "by/nobody"])
def test_one_that_nobody_uses_is_not_known(watcher: Command, name: str) -> None:
    """The message does not list all that are."""
    said = watcher("explain", name)
    assert said.code == 2
    assert f'"{name}" is no app that was used within the window' in said.err
    assert len(said.err) < 300
