"""How refresh tokens rest in the database: each under a key of its own, which a key service wraps."""

import base64
import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.fetcher.domain.identity import token_seal
from services.kernel.errors import SealBroken

KEY_BYTES, NONCE_BYTES = 32, 12


class KeyService(Protocol):
    """Wraps keys, bound to a text. The kernel's Sealer is the one with keys of this process; a cloud's has the same two calls."""

    @property
    def current(self) -> str:
        """The id of the key that wraps."""
        ...

    def wrap(self, plain: bytes, associated: str) -> str:
        """`keyid:base64`."""
        ...

    def unwrap(self, sealed: str, associated: str) -> bytes:
        """What was wrapped. Raises SealBroken."""
        ...


def key_of(sealed: str) -> str:
    """The id of the key that a sealed token needs."""
    return sealed.partition(":")[0]


def seal_token(keys: KeyService, token: str, company_id: str, connection_id: str) -> str:
    """`keyid:wrapped:sealed`: AES-256-GCM under a fresh key, bound to company, connection, column and the id of the wrapping key."""
    place, key, nonce = token_seal(company_id, connection_id), os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
    wrapped = keys.wrap(key, place)
    sealed = AESGCM(key).encrypt(nonce, token.encode(), f"{place}/{key_of(wrapped)}".encode())
    return f"{wrapped}:{base64.b64encode(nonce + sealed).decode()}"


def open_token(keys: KeyService, sealed: str, company_id: str, connection_id: str) -> str:
    """The token. Raises SealBroken: unknown key, another company, connection or column, or changed bytes."""
    place, (wrapped, _, text) = token_seal(company_id, connection_id), sealed.rpartition(":")
    if ":" not in wrapped:  # as tokens were sealed before they had keys of their own
        return keys.unwrap(sealed, place).decode()
    key = keys.unwrap(wrapped, place)
    try:
        raw = base64.b64decode(text, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], f"{place}/{key_of(wrapped)}".encode()).decode()
    except (ValueError, InvalidTag):
        raise SealBroken(key_of(wrapped)) from None
