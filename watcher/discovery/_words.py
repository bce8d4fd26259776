"""Words of 32 bytes in topics and data, as far as discovery reads them."""

from watcher.core.types import Address
from watcher.fields import ZERO_ADDRESS

_PADDING = "0x" + "0" * 24
_WORD = 66


def address_in(word: str) -> Address | None:
    """Read the address in a `0x…` word of 32 bytes.

    None where the word holds no address (another length, bits above the 20 bytes) or the zero address, which
    never joins an app.
    """
    if len(word) != _WORD or not word.startswith(_PADDING):
        return None
    address = Address("0x" + word[len(_PADDING) :])
    return None if address == ZERO_ADDRESS else address
