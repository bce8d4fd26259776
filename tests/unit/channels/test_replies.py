"""What a reply means, and what of it may be stored and shown."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.channels._replies import READ_BYTES, Reply, outcome_of
from watcher.core.delivery import Delivered, Failed, Gone, Outcome

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def judge(status: int, retry_after: str | None = None, body: bytes = b"", hidden: str = "") -> Outcome:
    """Judge a reply that came now."""
    return outcome_of(Reply(status, retry_after, body), NOW, (hidden,))


def wish(retry_after: str | None) -> float | None:
    """Read a `Retry-After`."""
    outcome = judge(503, retry_after)
    assert isinstance(outcome, Failed)
    return outcome.retry_after_seconds


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    """What stands in the body does not matter: the receiver took the message."""
    outcome = judge(status, body=b"error")
    assert isinstance(outcome, Delivered)
    assert outcome.status_code == status
    assert "error" not in outcome.detail


@pytest.mark.parametrize("status", [100, 301, 302, 307, 308, 400, 401, 404, 413, 500, 503, 599, 799])
def test_anything_else_failed(status: int) -> None:
    """A receiver that means yes says 2xx."""
    assert judge(status) == Failed(judge(status).detail, status)


def test_a_redirect_says_that_it_is_not_followed() -> None:
    """The operator learns why nothing arrives, and not where it led: that may hold a key."""
    assert judge(307).detail == (
        "307 Temporary Redirect; redirects are not followed: set the channel's url to where it leads"
    )


def test_410_is_gone() -> None:
    """The receiver asks for no more messages."""
    assert judge(410, body=b"moved away") == Gone("410 Gone: moved away")


@pytest.mark.parametrize("status", [429, 502, 504])
def test_a_throttling_status_asks_for_patience(status: int) -> None:
    """The Standard Webhooks specification names these three."""
    outcome = judge(status)
    assert isinstance(outcome, Failed)
    assert outcome.throttled


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("Tue, 01 Jan 2030 00:01:00 GMT", 60.0),
        ("Tue, 01 Jan 2030 00:01:00 -0000", 60.0),
        ("Mon, 31 Dec 2029 00:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("9" * 400, None),
        ("Tue, 01 Jan 99999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    """Nonsense counts as no wish, a date in the past as now."""
    assert wish(text) == seconds


@given(st.text())
def test_no_retry_after_is_too_strange(text: str) -> None:
    """Whatever a receiver writes, the delivery goes on."""
    seconds = wish(text)
    assert seconds is None or seconds >= 0


def test_the_receivers_words_help_the_operator() -> None:
    """They follow the status, on one line, cut, without control characters."""
    assert judge(400, body=b"bad\r\n\x1b[31mthing\x00").detail == "400 Bad Request: bad [31mthing"
    long = judge(500, body=b"x" * 2_000).detail
    assert len(long) < 350
    assert long.endswith("…")


def test_a_status_without_a_name_is_shown_as_it_is() -> None:
    """There are more numbers than names."""
    assert judge(599).detail == "599"


def test_a_body_that_is_no_text_does_no_harm() -> None:
    """Bytes that are not UTF-8 are replaced."""
    assert judge(500, body=b"\xff\xfe ok").detail.endswith("ok")


@given(
    st.text("abcXYZ0189-_", min_size=8, max_size=40),
    st.text("abcXYZ0189-_", min_size=8, max_size=40),
    st.binary(max_size=50),
    st.sampled_from(["{path}", "Cannot POST {path}", "<pre>{escaped}</pre>", "{parts}"]),
)
def test_a_receiver_that_repeats_the_url_reveals_no_key(
    segment: str, token: str, noise: bytes, page: str
) -> None:
    """Error pages love to quote the path, escaped in one way or another."""
    path = f"/hook/{segment}?to={token}&v=2"
    text = page.format(path=path, escaped=path.replace("&", "&amp;"), parts=f"{token} {segment}")
    detail = judge(404, body=noise + text.encode() + noise, hidden=path).detail
    words = detail.removeprefix("404 Not Found")
    assert segment not in words
    assert token not in words


def test_a_key_at_the_end_of_what_is_read_is_not_shown_in_part() -> None:
    """Masking works on whole words: the last one may have been cut."""
    path = "/" + "k" * 100 + "/" + "s" * 3_900
    body = ("/" + "s" * 3_900 + "/" + "k" * 100 + "/" + "k" * 100)[:READ_BYTES].encode()
    assert len(body) == READ_BYTES
    assert "kkkk" not in judge(404, body=body, hidden=path).detail
