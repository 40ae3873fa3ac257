"""Consent that starts in Amazon's App Center (§3.2): where we may send a browser, and with what."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from services.fetcher.domain.company import Refusal

USED, NOT_USED = "auth_code_use_successful", "auth_code_use_failure"


class ForeignCallback(Refusal):
    """Cette demande ne vient pas d'Amazon."""

    next_action = "Reprenez depuis l'App Center d'Amazon Business, ou depuis la page Amazon Business d'ici."


def checked(address: str, domains: Sequence[str]) -> str:
    """The address, when it is a page of Amazon's. Raises ForeignCallback.

    A domain allows https at its own port, on the domain and below it; an entry with a scheme allows exactly that origin.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as unreadable:
        raise ForeignCallback from unreadable
    origin, host = f"{parts.scheme}://{parts.netloc}", (parts.hostname or "")
    of_domain = parts.scheme == "https" and port in (None, 443) and any(host == one or host.endswith(f".{one}") for one in domains)
    plain = parts.username is None and parts.password is None and "\\" not in address and address.isprintable() and " " not in address
    if not plain or not (of_domain or origin in domains):
        raise ForeignCallback
    return address


def authenticated(callback: str, amazon_state: str, state: str, redirect_uri: str) -> str:
    """Step 2: the person is known here; Amazon asks for the consent next."""
    told = {"amazon_state": amazon_state, "state": state, "redirect_uri": redirect_uri, "status": "authentication_successful"}
    return _with(callback, told)


def ended(callback: str, used: bool) -> str:
    """Step 4: whether we could use the code."""
    return _with(callback, {"status": USED if used else NOT_USED})


def _with(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
