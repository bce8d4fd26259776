"""What happens on the chain of an end-to-end test: apps are deployed, used until they are live, and left."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.processes import DEPTH, Installation
from tests.nodes import Anvil, anvil
from watcher.core.types import Address
from watcher.stages.sync import catch_up
from watcher.testing.contracts import compiled

_USE = compiled("App").call("use", 1)
_USERS = 4


@dataclass(frozen=True)
class Town:
    """A chain with apps on it that nobody has used yet; `first` is the first block that counts, and empty."""

    node: Anvil
    apps: Sequence[Address]
    first: int

    def use(self, app: int, users: int = _USERS) -> None:
        """Let so many users use an app once each; the transactions wait for the next block."""
        for user in self.node.accounts[1 : 1 + users]:
            self.node.send(user, self.apps[app], _USE)

    def go_live(self, *apps: int) -> int:
        """Give each app a block in which enough users use it, and return the last block's number."""
        number = 0
        for app in apps:
            self.use(app)
            number = self.node.mine()
        return number

    def pass_blocks(self, count: int = DEPTH) -> int:
        """Seal empty blocks: as many as make what was before final; return the last one's number."""
        return [self.node.mine() for _ in range(count)][-1]


@contextmanager
def town(*options: str, apps: int = 3) -> Iterator[Town]:
    """Start a node and deploy apps, each in a block of its own, all before what counts."""
    with anvil(*options) as node:
        deployed = [node.deploy(node.accounts[0], "App") for _ in range(apps)]
        yield Town(node, deployed, node.mine())


def installation(folder: Path, place: Town, channels: Mapping[str, str] | None = None) -> Installation:
    """Write the two files of a watcher that counts the apps of a town, from behind their deployment."""
    folder.mkdir(exist_ok=True)
    installed = Installation(folder)
    installed.write_program(place.apps, count_from=place.first)
    installed.write_deployment(place.node.url, channels)
    return installed


def digest_of_a_clean_replay(folder: Path, place: Town) -> str:
    """Read the whole chain into a fresh database in a folder of its own and give its ledger's digest."""
    clean = installation(folder, place)
    with clean.stages() as stages:
        catch_up(stages.index, stages.evaluate)
    return clean.digest
