"""Secrets of a local deployment: made once, kept in its data folder, readable by its owner alone."""

import base64
import json
import os
import secrets
from pathlib import Path

NAMES = ("token", "contact", "session")


def keys(data: Path) -> dict[str, str]:
    """`{token, contact, session}` of this data folder; sealing keys as `id:base64` of 32 bytes."""
    file = data / "keys.json"
    if not file.exists():
        made = {name: f"{name}1:{base64.b64encode(secrets.token_bytes(32)).decode()}" for name in NAMES}
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            json.dump(made, handle)
    return json.loads(file.read_text())
