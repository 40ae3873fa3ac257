"""A recipient: which addresses can be written to, the Message-ID that is theirs, and keeping them out of what is stored."""

import hashlib
import re

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")  # HTML Living Standard, valid e-mail address
ANY_ADDRESS = re.compile(r"\S+@\S+")
LONGEST_DETAIL = 300


def is_address(text: str) -> bool:
    """Whether one e-mail can go to this text, and nowhere else."""
    return ADDRESS.fullmatch(text) is not None and len(text) <= 254


def notification_id(kind: str, about: str) -> str:
    """The id of the one notification of this kind about this subject: 32 hexadecimal digits."""
    return _digest(kind, about)


def message_id(notification: str, address: str, salt: str, domain: str) -> str:
    """The RFC 5322 Message-ID of a notification for one recipient: the same at every attempt.

    It is public; the `salt`, known to the notifier alone, keeps it from confirming a guessed address.
    """
    return f"<{_digest(notification, salt, address.lower())}@{domain}>"


def without_addresses(text: str) -> str:
    """A server's words on one line, without any e-mail address."""
    return ANY_ADDRESS.sub("(address)", " ".join(text.split()))[:LONGEST_DETAIL]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
