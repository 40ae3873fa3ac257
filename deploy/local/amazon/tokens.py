"""Login with Amazon: authorisation codes, refresh tokens and access tokens (lifetimes in virtual seconds)."""

import hmac
import secrets
from collections.abc import Mapping
from typing import TypedDict

from deploy.local.amazon.clock import VirtualClock
from deploy.local.amazon.refusals import GrantRefused, denied, malformed_token
from deploy.local.amazon.settings import Application
from deploy.local.amazon.signing import Content, Forged, Signer

CODE_S = 300
ACCESS_S = 3600
ACCESS_PREFIX, REFRESH_PREFIX = "Atza|", "Atzr|"


class Granted(TypedDict):
    """The token endpoint's answer."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


class LoginWithAmazon:
    """The authorisation server of one application."""

    def __init__(self, application: Application, signer: Signer, clock: VirtualClock) -> None:
        self._application = application
        self._signer = signer
        self._clock = clock
        self._used = set[str]()

    def authorise(self, account: str, redirect_uri: str) -> str:
        """A code for the consent just given; it lives five minutes and works once."""
        until = self._now() + CODE_S
        content: Content = {"account": account, "redirect_uri": redirect_uri, "until": until, "once": secrets.token_hex(8)}
        return self._signer.seal("code", content)

    def exchange(self, form: Mapping[str, str]) -> Granted:
        """Answer the form posted to `/auth/o2/token`. Raises GrantRefused."""
        grants = {"authorization_code": self._account_of_code, "refresh_token": self._account_of_refresh_token}
        if "grant_type" not in form:
            raise GrantRefused("invalid_request", "The request is missing a required parameter: grant_type")
        if form["grant_type"] not in grants:
            raise GrantRefused("unsupported_grant_type", "The authorization grant type is not supported by the authorization server")
        self._check_client(form)
        return self._grant(grants[form["grant_type"]](form))

    def account(self, access_token: str | None) -> str:
        """The customer an access token speaks for. Raises Refused: 401 when it is malformed, 403 when it has expired."""
        if not access_token or not access_token.startswith(ACCESS_PREFIX):
            raise malformed_token()
        try:
            content = self._signer.open("access", access_token.removeprefix(ACCESS_PREFIX))
        except Forged as forged:
            raise malformed_token() from forged
        if _number(content, "until") <= self._now():
            raise denied("The access token you provided has expired.")
        return str(content["account"])

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _check_client(self, form: Mapping[str, str]) -> None:
        known = hmac.compare_digest(form.get("client_id", "").encode(), self._application.client_id.encode())
        if not known or not hmac.compare_digest(form.get("client_secret", "").encode(), self._application.client_secret.encode()):
            raise GrantRefused("invalid_client", "Client authentication failed", 401)

    def _account_of_code(self, form: Mapping[str, str]) -> str:
        code = _required(form, "code")
        content = self._opened("code", code)
        if code in self._used or _number(content, "until") <= self._now():
            raise GrantRefused("invalid_grant", "The authorization code has been used or has expired")
        if _required(form, "redirect_uri") != content["redirect_uri"]:
            raise GrantRefused("invalid_grant", "The redirect_uri does not match the one of the authorization request")
        self._used.add(code)
        return str(content["account"])

    def _account_of_refresh_token(self, form: Mapping[str, str]) -> str:
        token = _required(form, "refresh_token")
        return str(self._opened("refresh", token.removeprefix(REFRESH_PREFIX))["account"])

    def _opened(self, purpose: str, sealed: str) -> Content:
        try:
            return self._signer.open(purpose, sealed)
        except Forged as forged:
            raise GrantRefused("invalid_grant", "The request has an invalid grant parameter") from forged

    def _grant(self, account: str) -> Granted:
        refresh_token = self._signer.seal("refresh", {"account": account, "client": self._application.client_id})
        access_token = self._signer.seal("access", {"account": account, "until": self._now() + ACCESS_S})
        return {
            "access_token": f"{ACCESS_PREFIX}{access_token}",
            "refresh_token": f"{REFRESH_PREFIX}{refresh_token}",
            "token_type": "bearer",
            "expires_in": ACCESS_S,
        }


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise GrantRefused("invalid_request", f"The request is missing a required parameter: {name}")
    return form[name]


def _number(content: Content, name: str) -> float:
    return float(str(content[name]))
