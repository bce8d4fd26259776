"""Block explorers, one a file: whether a contract's source is verified, as one of them says.

    watcher attest verified-source ─▶ Explorer.verified ─▶ yes, no ─▶ a statement that the operator signs

Nothing else reads explorers: what they say counts only by the signature of somebody whom the program names.
A module here is a kind; it holds `Settings` and `build(settings, chain_id) -> Explorer`. Names that begin
with `_` are what several of them share.
"""

from typing import Protocol

from watcher.core.types import Address


class Explorer(Protocol):
    """One explorer, asked about one chain."""

    def verified(self, address: Address) -> bool:
        """Tell whether it holds source that was verified for this contract.

        EndpointUnavailable or MalformedAnswer where it does not say: that is no "no".
        """
        ...

    def page(self, address: Address) -> str:
        """Give the URL at which a reader finds the same; it holds no key."""
        ...
