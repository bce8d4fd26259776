"""What every explorer kind does with what its server answers, over a real connection."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from watcher import kinded, kinds
from watcher.core.types import Address
from watcher.errors import ChainError, EndpointUnavailable, MalformedAnswer
from watcher.explorers import Explorer

ADDRESS = Address("0x28b7e77f82b25b95953825f1e3ea0e36c1c29861")
CHAIN_ID = 4326
KEY = "a-key-that-nobody-may-see"

PATHS = {
    "blockscout": f"/api/v2/smart-contracts/{ADDRESS}?apikey={KEY}",
    "etherscan": f"/?chainid=4326&module=contract&action=getsourcecode&address={ADDRESS}&apikey={KEY}",
    "sourcify": f"/v2/contract/4326/{ADDRESS}",
}
VERIFIED: dict[str, list[dict[str, Any]]] = {
    "blockscout": [{"is_verified": True, "source_code": "contract A {}"}],
    "etherscan": [{"status": "1", "message": "OK", "result": [{"SourceCode": "contract A {}", "ABI": "[]"}]}],
    "sourcify": [{"match": "exact_match", "chainId": "4326"}, {"match": "match"}],
}
UNVERIFIED: dict[str, list[dict[str, Any]]] = {
    "blockscout": [{"deployed_bytecode": "0x60"}, {"is_verified": False, "deployed_bytecode": "0x60"}],
    "etherscan": [
        {
            "status": "1",
            "message": "OK",
            "result": [{"SourceCode": "", "ABI": "Contract source code not verified"}],
        }
    ],
    "sourcify": [{"match": None, "creationMatch": None, "runtimeMatch": None, "address": ADDRESS}],
}


@dataclass
class Site:
    """A server that answers every request alike."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            self.send_response(site.status)
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(site.body)))
            self.end_headers()
            self.wfile.write(site.body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def made(kind: str, site: Site) -> Explorer:
    """Make the explorer that asks there."""
    module = kinds.explorer(kind)
    return module.build(module.Settings.model_validate({"url": site.url, "key": KEY}), CHAIN_ID)


def answered(kind: str, answer: object, **more: Any) -> bool:  # noqa: ANN401  # any field
    """Ask a site that says this."""
    with serving(Site(body=json.dumps(answer).encode(), **more)) as site:
        return made(kind, site).verified(ADDRESS)


def test_these_are_the_explorers() -> None:
    """One file each."""
    assert kinded.known("explorers") == tuple(sorted(PATHS))


@pytest.mark.parametrize("kind", sorted(PATHS))
def test_it_asks_about_one_contract_and_reads_yes_and_no(kind: str) -> None:
    """In the form of its own API."""
    with serving(Site(body=json.dumps(VERIFIED[kind][0]).encode())) as site:
        assert made(kind, site).verified(ADDRESS) is True
    assert site.asked == [PATHS[kind]]
    assert [answered(kind, each) for each in VERIFIED[kind]] == [True] * len(VERIFIED[kind])
    assert [answered(kind, each) for each in UNVERIFIED[kind]] == [False] * len(UNVERIFIED[kind])


def test_sourcify_says_no_with_a_status_of_its_own() -> None:
    """In the same form; a chain that it does not know is no "no"."""
    assert answered("sourcify", UNVERIFIED["sourcify"][0], status=404) is False
    with pytest.raises(MalformedAnswer):
        answered("sourcify", {"customCode": "unsupported_chain", "message": "…"}, status=404)


def test_a_refusal_of_etherscan_does_not_repeat_the_key() -> None:
    """Its reason may."""
    with pytest.raises(EndpointUnavailable, match="give a key that is allowed to ask about chain 4326") as no:
        answered("etherscan", {"status": "0", "message": "NOTOK", "result": f"Invalid API Key {KEY}"})
    assert KEY not in str(no.value)


@pytest.mark.parametrize("kind", sorted(PATHS))
@pytest.mark.parametrize("status", [301, 403, 404, 429, 500, 503])
def test_what_is_no_answer_is_no_no(kind: str, status: int) -> None:
    """A busy, missing or moved server says nothing about a contract; no redirect is followed."""
    site = Site(status=status, body=b'{"message": "Not found"}', headers={"location": "http://127.0.0.1:9/"})
    with serving(site), pytest.raises(ChainError) as failed:
        made(kind, site).verified(ADDRESS)
    assert len(site.asked) == 1
    assert KEY not in str(failed.value)
    assert ADDRESS not in str(failed.value)


@pytest.mark.parametrize("kind", sorted(PATHS))
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'"yes"', b"\xff", b'{"is_verified": "no"}'])
def test_what_cannot_be_read_is_no_no(kind: str, body: bytes) -> None:
    """Nonsense says nothing about a contract."""
    with serving(Site(body=body)) as site, pytest.raises(MalformedAnswer, match="does not say whether"):
        made(kind, site).verified(ADDRESS)


@pytest.mark.parametrize("kind", sorted(PATHS))
def test_a_server_that_is_not_there_is_named_by_its_host(kind: str) -> None:
    """Never by its path, query or key."""
    with serving(Site()) as site:
        pass
    with pytest.raises(EndpointUnavailable, match=r"explorer 127\.0\.0\.1: no answer") as failed:
        made(kind, site).verified(ADDRESS)
    assert KEY not in str(failed.value)


@pytest.mark.parametrize("kind", sorted(PATHS))
def test_the_page_that_is_linked_holds_no_key(kind: str) -> None:
    """A link is signed and published."""
    explorer = made(kind, Site(url="https://explorer.example"))
    assert ADDRESS in explorer.page(ADDRESS)
    assert KEY not in explorer.page(ADDRESS) + repr(explorer)
