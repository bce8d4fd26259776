"""One endpoint over HTTP: a request's bytes in, an answer's bytes out, and every failure named.

Nothing is retried here (`watcher.chain.rpc` does) and no redirect is followed: a redirect could carry the key
in the URL to somebody else.
"""

from email.utils import parsedate_to_datetime

import urllib3
from urllib3 import exceptions

from watcher.chain.redaction import Redactor, public_name
from watcher.chain.refusals import RATE_LIMIT, Failure, Refusal, failure, retry_after
from watcher.chain.timely import WHOLE_TIMES, TimelyConnection, TimelySecureConnection

TIMEOUT_SECONDS = 30.0
CONNECTIONS = 32
MAX_BYTES = 128 * 1024 * 1024
"""Larger answers are refused: block receipts stay under 2 MB a request, one dense block under 100 MB."""

_OK = 200
_TOO_LARGE = 413
_TOO_MANY = 429
_WORDED = {Refusal.RANGE, Refusal.ADDRESSES, Refusal.BARRED}
"""Gateways refuse these under any status, a spent quota under 429 as well: the words decide."""
_ASK_LATER = {403, 408, 425, 429, 500, 502, 503, 504}
_WITH_OWN_WORDS = {400, 403, 404, 405, 413, 422, 500, 501, 503}
"""Statuses under which gateways send a JSON-RPC error: its code and words say more than the status."""


class Transport:
    """A pool of connections to one URL; safe to use from several threads."""

    def __init__(
        self,
        endpoint_id: str,
        url: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Name the endpoint by its id, scheme and host; connect when first used."""
        self.name = f"endpoint {endpoint_id} ({public_name(url)})"
        self.quote = Redactor(url).quote
        parts = urllib3.util.parse_url(url)
        self._target = parts.request_uri
        self._seconds = timeout_seconds
        self._max_bytes = max_bytes
        headers = urllib3.util.make_headers(
            keep_alive=True, accept_encoding="gzip", basic_auth=parts.auth, user_agent="watcher"
        )
        self._pool = urllib3.connection_from_url(
            f"{parts.scheme}://{parts.netloc}",
            maxsize=CONNECTIONS,
            retries=False,
            timeout=timeout_seconds,
            headers={**headers, "content-type": "application/json"},
        )
        secure = parts.scheme == "https"
        self._pool.ConnectionCls = TimelySecureConnection if secure else TimelyConnection

    def post(self, body: bytes) -> bytes | Failure:
        """Send one request and give the answer's bytes, which may still be no JSON."""
        try:
            response = self._pool.request(
                "POST", self._target, body=body, redirect=False, preload_content=False
            )
            try:
                declared = self._declared(response)
                if declared > self._max_bytes:
                    response.close()
                    return self._too_large()
                packed = "content-encoding" in response.headers
                answer = response.read(None if declared and not packed else self._max_bytes + 1)
                if len(answer) > self._max_bytes:
                    response.close()  # what is left unread must not answer the next request
            finally:
                response.release_conn()
        except exceptions.HTTPError as error:
            return self._broken(error)
        if len(answer) > self._max_bytes:
            return self._too_large()
        if response.status != _OK and not (response.status in _WITH_OWN_WORDS and _is_json_rpc(answer)):
            return self._refused(response, answer)
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _declared(self, response: urllib3.BaseHTTPResponse) -> int:
        """Give the bytes that an answer says it has, 0 where it does not say."""
        length = response.headers.get("content-length", "")
        return int(length) if length.isdecimal() else 0

    def _too_large(self) -> Failure:
        return Failure(Refusal.TOO_LARGE, f"answered more than {self._max_bytes} bytes", kind="endless body")

    def _broken(self, error: exceptions.HTTPError) -> Failure:
        """Say in our own words what broke: the library's may hold the URL."""
        match error:
            case exceptions.NameResolutionError():
                return Failure(Refusal.BUSY, "no such host: check the URL and the network", kind="no host")
            case exceptions.NewConnectionError():
                text = "connection refused: is the node running?"
                return Failure(Refusal.BUSY, text, kind="connection refused")
            case exceptions.ConnectTimeoutError() | exceptions.ReadTimeoutError():
                text = f"no answer within {self._seconds:g} s, or no whole one in {WHOLE_TIMES} times as long"
                return Failure(Refusal.BUSY, text, kind="time-out")
            case exceptions.SSLError():
                return Failure(Refusal.BUSY, "no trusted TLS connection: check its certificate", kind="TLS")
            case exceptions.DecodeError() | exceptions.IncompleteRead():
                text = "the answer breaks off or does not unpack"
                return Failure(Refusal.MALFORMED, text, kind="broken body")
            case _:
                text = f"the connection broke ({type(error).__name__})"
                return Failure(Refusal.BUSY, text, kind="broken connection")

    def _refused(self, response: urllib3.BaseHTTPResponse, answer: bytes) -> Failure:
        status = response.status
        text = f"HTTP {status}: {self.quote(answer)}"
        worded = failure(0, text)
        if worded.refusal in _WORDED and (worded.refusal is not Refusal.BARRED or _is_json_rpc(answer)):
            return worded
        if status in _ASK_LATER:
            kind = RATE_LIMIT if status == _TOO_MANY else f"HTTP {status}"
            return Failure(Refusal.BUSY, text, _patience(response, answer), kind)
        if status == _TOO_LARGE:
            return Failure(Refusal.TOO_LARGE, text)
        if 300 <= status < 400:  # noqa: PLR2004 - HTTP's own class of redirects
            text = f"HTTP {status}, a redirect, is not followed: set the final URL"
            return Failure(Refusal.BARRED, text, kind="redirect")
        text = f"{text} (check the URL, its key and the plan)"
        return Failure(Refusal.BARRED, text, kind=f"HTTP {status}")


def _is_json_rpc(answer: bytes) -> bool:
    return answer.lstrip()[:1] in {b"{", b"["} and b'"error"' in answer


def _patience(response: urllib3.BaseHTTPResponse, answer: bytes) -> float | None:
    """Read Retry-After: seconds, or a date that is measured against the sender's own clock."""
    asked = response.headers.get("retry-after")
    if asked is None:
        return retry_after(answer.decode("utf-8", "replace"))
    if asked.isdecimal():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
        now = parsedate_to_datetime(response.headers["date"])
        return max(0.0, (until - now).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None
