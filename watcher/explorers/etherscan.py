"""Explorer `etherscan`: its API, version 2, which knows many chains by their id and needs a key.

GET <url>?chainid=…&module=contract&action=getsourcecode&address=… ─▶ SourceCode, empty where there is none
"""

from dataclasses import dataclass, field

from pydantic import Field

from watcher.core.types import Address
from watcher.errors import EndpointUnavailable
from watcher.explorers._site import SiteSettings, ask, nonsense

_PAGES = "https://blockscan.com/address"
"""Etherscan's own way to a contract's page on whichever of its explorers shows it."""


class Settings(SiteSettings):
    """The API, and the key that it asks for."""

    url: str = Field(
        "https://api.etherscan.io/v2/api", pattern=r"^https?://[^\s?#]+$", description="where its API stands"
    )


@dataclass(frozen=True, slots=True)
class Etherscan:
    """Asks the API about one chain."""

    url: str
    chain_id: int
    key: dict[str, str] = field(repr=False)

    def verified(self, address: Address) -> bool:
        """Tell whether there is source; what it refuses, such as a wrong key, is no answer."""
        query = {
            "chainid": str(self.chain_id),
            "module": "contract",
            "action": "getsourcecode",
            "address": address,
            **self.key,
        }
        match ask(self.url, query):
            case {"status": "1", "result": [{"SourceCode": str(source)}]}:
                return source != ""
            case {"status": "0"}:
                # Its reason may repeat the key.
                raise EndpointUnavailable(
                    "explorer etherscan refused to answer: give a key that is allowed to ask about chain "
                    f"{self.chain_id}, and not too often"
                )
            case _:
                raise nonsense(self.url)

    def page(self, address: Address) -> str:
        """Give the contract's page."""
        return f"{_PAGES}/{address}"


def build(settings: Settings, chain_id: int) -> Etherscan:
    """Make the explorer."""
    key = {} if settings.key is None else {"apikey": settings.key.get_secret_value()}
    return Etherscan(settings.url, chain_id, key)
