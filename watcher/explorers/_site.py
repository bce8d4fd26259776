"""One GET to an explorer, and the JSON object that it answers; no message shows a path, a query or a key."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import urllib3
from pydantic import Field, SecretStr

from watcher.errors import EndpointUnavailable, MalformedAnswer
from watcher.fields import Table

_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer: some give a contract's whole source along with it."""

_TIMEOUT = urllib3.Timeout(connect=10, read=30)
_OK = 200


class SiteSettings(Table):
    """What every explorer is asked with."""

    url: str = Field(pattern=r"^https?://[^\s?#]+$", description="where its API stands")
    key: SecretStr | None = Field(None, description="a key of the API")


def ask(url: str, query: Mapping[str, str], *, also: int | None = None) -> dict[str, Any]:
    """Give the answer to one request, of status 200 or `also`.

    EndpointUnavailable where there is none, MalformedAnswer where it is no JSON object. A redirect is not
    followed: the query may hold a key.
    """
    host = urlsplit(url).hostname
    try:
        with urllib3.PoolManager(timeout=_TIMEOUT, retries=False) as pool:
            response = pool.request(
                "GET",
                url,
                fields=dict(query),
                headers={"accept": "application/json", "user-agent": "watcher"},
                redirect=False,
                preload_content=False,
            )
            body = response.read(_LIMIT + 1, decode_content=True)
            response.close()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise EndpointUnavailable(
            f"explorer {host}: no answer ({type(error).__name__}): try again, or ask another explorer"
        ) from None
    if response.status not in {_OK, also}:
        raise EndpointUnavailable(
            f"explorer {host}: answered with status {response.status}: look at its URL and key, or try again"
        )
    if len(body) > _LIMIT:
        raise MalformedAnswer(f"explorer {host}: the answer is larger than {_LIMIT} bytes: ask another one")
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict):
        raise nonsense(url)
    return found


def nonsense(url: str) -> MalformedAnswer:
    """Say that an answer does not tell what was asked."""
    return MalformedAnswer(
        f"explorer {urlsplit(url).hostname}: the answer does not say whether the source is verified: look "
        "whether its URL is the API's, and whether it knows this chain"
    )
