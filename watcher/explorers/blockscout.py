"""Explorer `blockscout`: an instance's own API, version 2, of the one chain that it shows.

GET <url>/api/v2/smart-contracts/<address> ─▶ is_verified
"""

from dataclasses import dataclass, field
from typing import Any

from watcher.core.types import Address
from watcher.explorers._site import SiteSettings, ask, nonsense


class Settings(SiteSettings):
    """The instance: there is one for each chain."""


@dataclass(frozen=True, slots=True)
class Blockscout:
    """Asks one instance."""

    url: str
    key: dict[str, str] = field(repr=False)

    def verified(self, address: Address) -> bool:
        """Read `is_verified`; a contract that it knows without it has code and no verified source."""
        answer: dict[str, Any] = ask(f"{self.url}/api/v2/smart-contracts/{address}", self.key)
        said = answer.get("is_verified")
        if isinstance(said, bool):
            return said
        if said is None and answer.get("deployed_bytecode"):
            return False
        raise nonsense(self.url)

    def page(self, address: Address) -> str:
        """Give the contract's page."""
        return f"{self.url}/address/{address}?tab=contract"


def build(settings: Settings, chain_id: int) -> Blockscout:  # noqa: ARG001  # the URL says which chain
    """Make the explorer."""
    key = {} if settings.key is None else {"apikey": settings.key.get_secret_value()}
    return Blockscout(settings.url.rstrip("/"), key)
