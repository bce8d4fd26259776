"""HTTP answers that have to be whole in time, not only to go on coming: one byte a second is no answer.

The time-out of a socket starts anew with each piece that comes. These connections limit the whole answer,
from its first header on, however it is dealt out.
"""

import io
import time
from http.client import HTTPResponse
from socket import socket

from urllib3.connection import HTTPConnection, HTTPSConnection

WHOLE_TIMES = 4
"""A whole answer may take so many times as long as its sender may be silent."""
_UNLIMITED_SECONDS = 120.0


class _Pieces(io.RawIOBase):
    """What a socket receives, until the time is up."""

    def __init__(self, sock: socket) -> None:
        self._raw = sock.makefile("rb", buffering=0)
        self._until = time.monotonic() + WHOLE_TIMES * (sock.gettimeout() or _UNLIMITED_SECONDS / WHOLE_TIMES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]", /) -> int | None:  # type: ignore[override]
        if time.monotonic() > self._until:
            raise TimeoutError("the answer takes too long")
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimelyResponse(HTTPResponse):
    def __init__(
        self, sock: socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp.close()
        self.fp = io.BufferedReader(_Pieces(sock))


class TimelyConnection(HTTPConnection):
    """A connection whose answers have to be whole in time."""

    response_class = _TimelyResponse


class TimelySecureConnection(HTTPSConnection):
    """A TLS connection whose answers have to be whole in time."""

    response_class = _TimelyResponse
