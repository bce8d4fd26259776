"""Explorer `sourcify`: the open repository of verified source, its API version 2, without a key.

GET <url>/v2/contract/<chain id>/<address> ─▶ match: "exact_match", "match" or null
"""

from dataclasses import dataclass

from pydantic import Field

from watcher.core.types import Address
from watcher.explorers._site import SiteSettings, ask, nonsense

_UNVERIFIED = 404
"""What it answers with where there is no source, in the same form; an unknown chain has another form."""

_PAGES = "https://repo.sourcify.dev"


class Settings(SiteSettings):
    """The server; there is a public one."""

    url: str = Field(
        "https://sourcify.dev/server", pattern=r"^https?://[^\s?#]+$", description="where its API stands"
    )


@dataclass(frozen=True, slots=True)
class Sourcify:
    """Asks one server about one chain."""

    url: str
    chain_id: int

    def verified(self, address: Address) -> bool:
        """Read `match`: compiled anew, the source gives the code, with or without the same metadata."""
        answer = ask(f"{self.url}/v2/contract/{self.chain_id}/{address}", {}, also=_UNVERIFIED)
        match answer:
            case {"match": "exact_match" | "match"}:
                return True
            case {"match": None}:
                return False
            case _:
                raise nonsense(self.url)

    def page(self, address: Address) -> str:
        """Give the contract's page."""
        return f"{_PAGES}/{self.chain_id}/{address}"


def build(settings: Settings, chain_id: int) -> Sourcify:
    """Make the explorer; it takes no key."""
    return Sourcify(settings.url.rstrip("/"), chain_id)
