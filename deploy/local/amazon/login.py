"""The two web faces of Login with Amazon: the consent page of Amazon Business and the token endpoint."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from deploy.local.amazon.accounts import MARKETPLACES, AccountKind, Accounts
from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.calls import Journal
from deploy.local.amazon.facts import FRANCE
from deploy.local.amazon.refusals import GrantRefused
from deploy.local.amazon.signing import Forged, Signer
from deploy.local.amazon.spoiling import Spoiling
from deploy.local.amazon.tokens import Granted, LoginWithAmazon

FORM = "application/x-www-form-urlencoded"
PAGE = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True).get_template("consent.html")

CALLBACK = "/b2b/abws/appcenter/callback"
COUNTRIES = ("", *(f"/{country}" for country in MARKETPLACES))
REFUSED = {"error": "access_denied", "error_description": "Access not permitted."}
OUTCOMES = {
    "auth_code_use_successful": "L’application est autorisée.",
    "auth_code_use_failure": "L’application n’a pas pu être autorisée.",
}
SENTENCES = {
    AccountKind.SELLER: "Ce compte est un compte vendeur : il n’a pas d’achats Amazon Business.",
    AccountKind.PERSONAL: "Ce compte est un compte personnel : il n’est pas un compte Amazon Business.",
    AccountKind.SUSPENDED: "Ce compte Amazon Business est suspendu.",
    AccountKind.CLOSED: "Ce compte Amazon Business est fermé.",
}


class ConsentRefused(Exception):
    """The page says why there is nothing to consent to; Amazon does not send the browser back in these cases."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class ConsentPage:
    """`/b2b/abws/oauth`: shows the request, lets an administrator of a business account accept or refuse it.

    Below `/de`, `/es`, `/it` and `/uk` it stands for the page of that country, whose tokens are for its marketplace. `/b2b/abws/appcenter`
    begins at Amazon: it opens our login address, whose answer leads back to the same page.
    """

    def __init__(self, accounts: Accounts, login: LoginWithAmazon, journal: Journal, assumed: Assumptions, signer: Signer) -> None:
        self._accounts = accounts
        self._application = login.registration.application
        self._login = login
        self._journal = journal
        self._assumed = assumed
        self._signer = signer

    def routes(self) -> list[Route]:
        """The page and the form it posts to itself, query string included; and the ways of the App Center."""
        return [
            *(Route(f"{country}/b2b/abws/oauth", self.page, methods=["GET"]) for country in COUNTRIES),
            *(Route(f"{country}/b2b/abws/oauth", self.decide, methods=["POST"]) for country in COUNTRIES),
            Route("/b2b/abws/appcenter", self.begin, methods=["GET"]),
            Route(CALLBACK, self.page, methods=["GET"]),
            Route(CALLBACK, self.decide, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show who asks for what; at the end of a consent that began in the App Center, how it ended."""
        return self._answered(lambda: self._show(request))

    async def decide(self, request: Request) -> Response:
        """Send the browser back with a code, or with the refusal."""
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        return self._answered(lambda: self._send_back(request, form))

    async def begin(self, request: Request) -> Response:
        """The App Center's button: open our login address with Amazon's callback and its state."""
        state = self._signer.seal("appcenter", {"once": secrets.token_hex(8)})
        given = urlencode({"amazon_callback_uri": f"{str(request.base_url).rstrip('/')}{CALLBACK}", "amazon_state": state})
        return self._answered(lambda: RedirectResponse(f"{self._application.login_uri}?{given}", 302))

    def _answered(self, answer: Callable[[], Response]) -> Response:
        try:
            response = answer()
        except ConsentRefused as refused:
            response = HTMLResponse(PAGE.render(refusal=refused.sentence), refused.status)
        self._journal.count("consent", response.status_code)
        return response

    def _show(self, request: Request) -> Response:
        if (outcome := request.query_params.get("status", "")) in OUTCOMES:
            return HTMLResponse(PAGE.render(outcome=OUTCOMES[outcome]))
        self._redirect_uri(request)
        facts = {"application_id": self._application.application_id, "accounts": self._accounts.all}
        return HTMLResponse(PAGE.render(facts))

    def _send_back(self, request: Request, form: Mapping[str, str]) -> Response:
        redirect_uri = self._redirect_uri(request)
        answer = self._code(request, form, redirect_uri) if form.get("decision") == "authorise" else REFUSED
        back = {"amazon_callback_uri": str(request.url.replace(query=""))} if request.url.path == CALLBACK else {}
        separator = "&" if "?" in redirect_uri else "?"
        query = urlencode({**answer, "state": request.query_params["state"], **back})
        return RedirectResponse(f"{redirect_uri}{separator}{query}", 302)

    def _code(self, request: Request, form: Mapping[str, str], redirect_uri: str) -> Mapping[str, str]:
        """The code for the person's account; the refusal when that cannot be connected and Amazon sends people back with it."""
        found = self._accounts.of_person(form.get("account"))
        if found is None or not found[1].administrator:
            raise ConsentRefused(403, "Seul un administrateur du compte Amazon Business peut autoriser une application.")
        account, elsewhere = found[0], self._assumed.other_accounts
        if account.kind is not AccountKind.BUSINESS and elsewhere == "page":
            raise ConsentRefused(403, SENTENCES[account.kind])
        if account.kind is not AccountKind.BUSINESS and elsewhere == "redirect":
            return REFUSED
        country = request.url.path.split("/")[1]
        return {"code": self._login.authorise(account, MARKETPLACES.get(country, FRANCE), redirect_uri)}

    def _redirect_uri(self, request: Request) -> str:
        """The registered address, which a given one must equal. Raises ConsentRefused."""
        query, registered = request.query_params, self._application.redirect_uri
        if request.url.path == CALLBACK:
            self._check_app_center(query)
        elif query.get("applicationId") != self._application.application_id:
            raise ConsentRefused(400, "Cette application n’est pas connue d’Amazon Business.")
        if query.get("redirect_uri", registered) != registered:
            raise ConsentRefused(400, "L’adresse de retour n’est pas celle enregistrée pour cette application.")
        if not query.get("state"):
            raise ConsentRefused(400, "Le paramètre state manque.")
        return registered

    def _check_app_center(self, query: Mapping[str, str]) -> None:
        try:
            self._signer.open("appcenter", query.get("amazon_state", ""))
        except Forged as forged:
            raise ConsentRefused(400, "Le paramètre amazon_state n’est pas celui d’Amazon.") from forged
        if query.get("status") != "authentication_successful":
            raise ConsentRefused(400, "L’application n’a pas reconnu la personne.")


class TokenEndpoint:
    """`/auth/o2/token`: form-encoded in, JSON out, flat errors."""

    def __init__(self, login: LoginWithAmazon, journal: Journal, spoil: Spoiling) -> None:
        self._login = login
        self._journal = journal
        self._spoil = spoil

    def routes(self) -> list[Route]:
        """The endpoint."""
        return [Route("/auth/o2/token", self.exchange, methods=["POST"])]

    async def exchange(self, request: Request) -> Response:
        """Tokens for a code or a refresh token."""
        body = (await request.body()).decode(errors="replace")
        return await self._spoil(self._journal.next_fault("token"), request, lambda status: self._answer(request, body, status))

    async def _answer(self, request: Request, body: str, status: int | None) -> Response:
        try:
            response = JSONResponse(self._granted(request.headers.get("content-type", ""), body, status))
        except GrantRefused as refused:
            response = JSONResponse(refused.body, refused.status)
        response.headers["cache-control"] = "no-store"
        self._journal.count("token", response.status_code)
        return response

    def _granted(self, content_type: str, body: str, status: int | None) -> Granted:
        if status:
            raise GrantRefused.injected(status)
        if content_type.partition(";")[0].strip() != FORM:
            raise GrantRefused("invalid_request", f"The content type must be {FORM}")
        return self._login.exchange(dict(parse_qsl(body)))
