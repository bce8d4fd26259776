"""Keys in URLs never come out again."""

import pytest

from watcher.chain.redaction import MAX_QUOTED, Redactor, public_name

URL = "https://user:pa%20ss@rpc.example:8443/v2/0123456789abcdef/rpc?apikey=s3cr3t%2Fvalue&x="


def test_a_name_is_scheme_and_host() -> None:
    """Path, query and login are left out; the port stays where it is named."""
    assert public_name(URL) == "https://rpc.example:8443"
    assert public_name("https://rpc.example/KEY") == "https://rpc.example"


@pytest.mark.parametrize(
    "secret", ["0123456789abcdef", "s3cr3t/value", "s3cr3t%2Fvalue", "pa%20ss", "pa ss", "user", URL]
)
def test_an_echoed_secret_is_blanked(secret: str) -> None:
    """In every form in which a server may echo it."""
    assert secret not in Redactor(URL).quote(f"no such key: {secret}!")


def test_short_parts_of_a_path_are_no_secrets() -> None:
    """Blanking `rpc` or `v2` would make every text unreadable."""
    assert Redactor(URL).quote("the rpc of v2 is gone") == "the rpc of v2 is gone"


def test_a_quote_is_one_short_line() -> None:
    """Error pages are long; the beginning is enough to recognise them. Any bytes can be quoted."""
    quote = Redactor("http://127.0.0.1:8545").quote(b"<html>\n  <body>\xff" + b"x" * 1_000)
    assert quote.startswith("<html> <body>")
    assert len(quote) == MAX_QUOTED + 1
