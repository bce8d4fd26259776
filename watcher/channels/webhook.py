"""Webhooks by the Standard Webhooks specification: signed, with one id per event, the same bytes each time.

What a receiver sees and may rely on is in docs/webhooks.md.
"""

import base64
import binascii
import hashlib
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from standardwebhooks import Webhook

from watcher.channels._exchange import Route, obstacle
from watcher.channels._http import Target, post
from watcher.channels._settings import ChannelSettings
from watcher.clock import Clock, SystemClock
from watcher.core.delivery import Message, Outcome
from watcher.fields import Rows

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)
"""What the specification asks of a symmetric key."""


def _checked_secret(secret: SecretStr) -> SecretStr:
    """Refuse a secret that is too weak or not of the usual form."""
    text = secret.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(
            "is not whsec_ followed by the base64 of 24 to 64 random bytes: "
            "make one with `echo whsec_$(openssl rand -base64 32)`"
        )
    return secret


def _checked_url(url: SecretStr) -> SecretStr:
    Target.parse(url.get_secret_value())
    return url


class Settings(ChannelSettings):
    """The keys of a `[[channel]]` table with `kind = "webhook"`."""

    url: Annotated[SecretStr, AfterValidator(_checked_url)] = Field(
        description="where to post; kept out of logs, since it often holds a key"
    )
    secrets: Rows[Annotated[SecretStr, AfterValidator(_checked_secret)]] = Field(
        min_length=1,
        description="`whsec_…` keys that sign each message: one, or the new and the old one while rotating",
    )
    allow_private_addresses: bool = Field(
        default=False, description="also send to loopback, private and link-local addresses"
    )


class WebhookChannel:
    """Posts each message to one URL, signed with every secret of the channel."""

    def __init__(self, settings: Settings, clock: Clock, route: Route) -> None:
        """Prepare what does not change between attempts."""
        url = settings.url.get_secret_value()
        self.id = settings.id
        self.critical = settings.critical
        self.target_digest = hashlib.sha256(url.encode()).hexdigest()
        self._target = Target.parse(url)
        self._secrets = tuple(secret.get_secret_value() for secret in settings.secrets)
        self._clock = clock
        self._route = route

    def obstacle(self) -> str | None:
        """Look up the receiver's name, and judge where it leads."""
        return obstacle(self._target.host, self._target.port, self._route)

    def send(self, message: Message, attempt: int) -> Outcome:  # noqa: ARG002  # a receiver sees no difference
        """Post the message; timestamp and signatures are those of this attempt."""
        now = self._clock.now()
        text = message.body.decode()
        headers = {
            "content-type": "application/json",
            "user-agent": "watcher",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(
                Webhook(secret).sign(message.id, now, text) for secret in self._secrets
            ),
        }
        hidden = [secret.removeprefix(_PREFIX) for secret in self._secrets]
        return post(self._target, headers, message.body, now=now, hidden=hidden, route=self._route)


def build(settings: Settings) -> WebhookChannel:
    """Make the channel; it signs with the machine's own clock, which is what receivers compare with."""
    route = Route(allow_private_addresses=settings.allow_private_addresses)
    return WebhookChannel(settings, SystemClock(), route)
