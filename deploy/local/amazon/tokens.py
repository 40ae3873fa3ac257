"""Login with Amazon: authorisation codes, refresh tokens and access tokens (lifetimes in virtual seconds).

Every token is bound to one account, one marketplace, the roles the application had at the consent, and the consent itself.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, cast

from deploy.local.amazon.accounts import Account, AccountKind, Accounts
from deploy.local.amazon.application import Application
from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.client_secrets import ClientSecrets
from deploy.local.amazon.clock import VirtualClock
from deploy.local.amazon.refusals import GrantRefused, denied, malformed_token
from deploy.local.amazon.signing import Content, Forged, Signer

CODE_S = 300
ACCESS_S = 3600
ACCESS_PREFIX, REFRESH_PREFIX = "Atza|", "Atzr|"
ROLES = ("reconciliation", "analytics")
"""*Business Purchase Reconciliation* and *Amazon Business Analytics*."""


class Granted(TypedDict):
    """The token endpoint's answer."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Grantee:
    """For whom an access token speaks, and with which roles."""

    account: str
    marketplace: str
    roles: tuple[str, ...]


@dataclass(slots=True)
class Registration:
    """Our application at Amazon as it stands now: its secrets and the roles a new consent gives."""

    application: Application
    secrets: ClientSecrets
    roles: tuple[str, ...] = ROLES


class LoginWithAmazon:
    """The authorisation server of one application."""

    def __init__(self, registration: Registration, accounts: Accounts, signer: Signer, clock: VirtualClock, assumed: Assumptions) -> None:
        self.registration = registration
        self._accounts = accounts
        self._signer = signer
        self._clock = clock
        self._assumed = assumed
        self._used = set[str]()
        self._refreshes = 0

    def authorise(self, account: Account, marketplace: str, redirect_uri: str) -> str:
        """A code for the consent just given; it lives five minutes and works once."""
        content: Content = {
            **self._consent(account, marketplace),
            "redirect_uri": redirect_uri,
            "until": self._now() + CODE_S,
            "once": secrets.token_hex(8),
        }
        return self._signer.seal("code", content)

    def exchange(self, form: Mapping[str, str]) -> Granted:
        """Answer the form posted to `/auth/o2/token`. Raises GrantRefused."""
        grants = {"authorization_code": self._consent_of_code, "refresh_token": self._consent_of_refresh_token}
        if "grant_type" not in form:
            raise GrantRefused("invalid_request", "The request is missing a required parameter: grant_type")
        if form["grant_type"] not in grants:
            raise GrantRefused("unsupported_grant_type", "The authorization grant type is not supported by the authorization server")
        self._check_client(form)
        return self._grant(grants[form["grant_type"]](form))

    def grantee(self, access_token: str | None) -> Grantee:
        """For whom an access token speaks. Raises Refused: 401 when it is malformed, 403 when it is dead or the account is not in order."""
        if not access_token or not access_token.startswith(ACCESS_PREFIX):
            raise malformed_token()
        try:
            content = self._signer.open("access", access_token.removeprefix(ACCESS_PREFIX))
        except Forged as forged:
            raise malformed_token() from forged
        if _number(content, "until") <= self._now():
            raise denied("The access token you provided has expired.")
        account = self._accounts.known(str(content["account"]))
        if account is None:
            raise malformed_token()
        if self._assumed.revocation == "at_once" and not _in_force(content, account):
            raise denied("The access token you provided is revoked.")
        if account.kind is not AccountKind.BUSINESS:
            raise denied(f"The account is not enrolled ({account.kind.value}).")
        return Grantee(account.id, str(content["marketplace"]), tuple(cast(list[str], content["roles"])))

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _check_client(self, form: Mapping[str, str]) -> None:
        known = hmac.compare_digest(form.get("client_id", "").encode(), self.registration.application.client_id.encode())
        given = form.get("client_secret", "").encode()
        if not known or not any(hmac.compare_digest(given, valid.encode()) for valid in self.registration.secrets.valid()):
            raise GrantRefused("invalid_client", "Client authentication failed", 401)

    def _consent(self, account: Account, marketplace: str) -> dict[str, str | int | list[str]]:
        given = {"account": account.id, "marketplace": marketplace, "roles": list(self.registration.roles)}
        return {**given, "consent": account.consent(marketplace)}

    def _consent_of_code(self, form: Mapping[str, str]) -> Content:
        code = _required(form, "code")
        content = self._opened("code", code)
        if code in self._used or _number(content, "until") <= self._now():
            raise GrantRefused("invalid_grant", "The authorization code has been used or has expired")
        if _required(form, "redirect_uri") != content["redirect_uri"]:
            raise GrantRefused("invalid_grant", "The redirect_uri does not match the one of the authorization request")
        self._used.add(code)
        return content

    def _consent_of_refresh_token(self, form: Mapping[str, str]) -> Content:
        return self._opened("refresh", _required(form, "refresh_token").removeprefix(REFRESH_PREFIX))

    def _opened(self, purpose: str, sealed: str) -> Content:
        try:
            return self._signer.open(purpose, sealed)
        except Forged as forged:
            raise GrantRefused("invalid_grant", "The request has an invalid grant parameter") from forged

    def _grant(self, content: Content) -> Granted:
        """Tokens under a consent that is still in force. Raises GrantRefused."""
        account = self._accounts.known(str(content["account"]))
        if account is None or not _in_force(content, account) or account.kind is AccountKind.CLOSED:
            raise GrantRefused("invalid_grant", "The request has an invalid grant parameter: the authorization was withdrawn")
        consent: Content = {name: content[name] for name in ("account", "marketplace", "roles", "consent")}
        self._refreshes += 0 if self._assumed.refresh_repeats else 1
        refresh_token = self._signer.seal(
            "refresh", {**consent, "client": self.registration.application.client_id, "rank": self._refreshes}
        )
        access_token = self._signer.seal("access", {**consent, "until": self._now() + ACCESS_S})
        return {
            "access_token": f"{ACCESS_PREFIX}{access_token}",
            "refresh_token": f"{REFRESH_PREFIX}{refresh_token}",
            "token_type": "bearer",
            "expires_in": ACCESS_S,
        }


def _in_force(content: Content, account: Account) -> bool:
    return _number(content, "consent") == account.consent(str(content["marketplace"]))


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise GrantRefused("invalid_request", f"The request is missing a required parameter: {name}")
    return form[name]


def _number(content: Content, name: str) -> float:
    return float(str(content[name]))
