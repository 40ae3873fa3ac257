"""Values that only the holder of a key can read: AES-256-GCM, bound to what they belong to, with key ids so that keys can rotate."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.kernel.errors import SealBroken

NONCE_BYTES = 12


class BadKeys(SystemExit):
    """Sealing keys are written `id:base64,…`, each of 32 bytes, the current one first."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the current key and opens with any it holds. Keys never appear in a repr."""

    keys: Mapping[str, bytes] = field(repr=False)
    current: str

    def seal(self, plain: bytes, associated: str) -> str:
        """`keyid:base64` of nonce and ciphertext; it opens only with the same `associated` text (company, connection, column)."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.keys[self.current]).encrypt(nonce, plain, associated.encode())
        return f"{self.current}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, associated: str) -> bytes:
        """The bytes that were sealed. Raises SealBroken: unknown key, other `associated`, or changed bytes."""
        key_id, _, text = sealed.partition(":")
        try:
            raw = base64.b64decode(text, validate=True)
            return AESGCM(self.keys[key_id]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], associated.encode())
        except (KeyError, ValueError, InvalidTag):
            raise SealBroken(key_id) from None

    wrap, unwrap = seal, open  # noqa: A003 (the words of a key service, for keys of other keys)


def sealer_from(text: str) -> Sealer:
    """The sealer written as `id:base64,id:base64`; the first key seals. Raises BadKeys."""
    pairs = [part.strip().partition(":") for part in text.split(",")]
    try:
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, _, key in pairs}
    except ValueError:
        keys = {}
    if not keys or not all(key_id and len(key) == 32 for key_id, key in keys.items()):
        raise BadKeys(BadKeys.__doc__)
    return Sealer(keys, pairs[0][0])
