"""Opaque strings nobody can forge: authorisation codes, tokens, page tokens and download links.

They carry their own content, so they survive a restart of the simulator with the same seed.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import cast

type Content = Mapping[str, str | int | float | list[str] | None]


class Forged(Exception):
    """This string was not made here, or not for this purpose."""


class Signer:
    """Seal a few facts into a string for one purpose, and open it again."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def sign(self, purpose: str, text: str) -> str:
        """A signature of `text` for one purpose, 32 hexadecimal digits."""
        return hmac.new(self._secret, f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()[:32]

    def seal(self, purpose: str, content: Content) -> str:
        """Facts and signature as one string."""
        text = base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()
        return f"{text}.{self.sign(purpose, text)}"

    def open(self, purpose: str, sealed: str) -> Content:
        """The facts. Raises Forged."""
        text, _, signature = sealed.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self.sign(purpose, text).encode()):
            raise Forged
        try:
            return cast(Content, json.loads(base64.urlsafe_b64decode(text)))
        except (binascii.Error, ValueError) as malformed:
            raise Forged from malformed
