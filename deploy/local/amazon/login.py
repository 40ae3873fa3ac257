"""The two web faces of Login with Amazon: the consent page of Amazon Business and the token endpoint."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from deploy.local.amazon.calls import Journal
from deploy.local.amazon.refusals import GrantRefused
from deploy.local.amazon.settings import Application
from deploy.local.amazon.spoiling import spoiled
from deploy.local.amazon.tokens import Granted, LoginWithAmazon
from deploy.local.amazon.world import World

FORM = "application/x-www-form-urlencoded"
PAGE = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True).get_template("consent.html")


class ConsentRefused(Exception):
    """The page says why there is nothing to consent to; Amazon does not send the browser back in these cases."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class ConsentPage:
    """`/b2b/abws/oauth`: shows the request, lets an administrator accept or refuse it."""

    def __init__(self, world: World, application: Application, login: LoginWithAmazon, journal: Journal) -> None:
        self._world = world
        self._application = application
        self._login = login
        self._journal = journal

    def routes(self) -> list[Route]:
        """The page and the form it posts to itself, query string included."""
        return [Route("/b2b/abws/oauth", self.page, methods=["GET"]), Route("/b2b/abws/oauth", self.decide, methods=["POST"])]

    async def page(self, request: Request) -> Response:
        """Show who asks for what."""
        return self._answered(lambda: self._show(request.query_params))

    async def decide(self, request: Request) -> Response:
        """Send the browser back with a code, or with the refusal."""
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        return self._answered(lambda: self._send_back(request.query_params, form))

    def _answered(self, answer: Callable[[], Response]) -> Response:
        try:
            response = answer()
        except ConsentRefused as refused:
            response = HTMLResponse(PAGE.render(refusal=refused.sentence), refused.status)
        self._journal.count("consent", response.status_code)
        return response

    def _show(self, query: Mapping[str, str]) -> Response:
        self._redirect_uri(query)
        facts = {"application_id": query["applicationId"], "company": self._world.buyer.name, "people": self._world.people}
        return HTMLResponse(PAGE.render(facts))

    def _send_back(self, query: Mapping[str, str], form: Mapping[str, str]) -> Response:
        redirect_uri = self._redirect_uri(query)
        if form.get("decision") == "authorise":
            self._check_administrator(form)
            answer = {"code": self._login.authorise(self._world.account, redirect_uri)}
        else:
            answer = {"error": "access_denied", "error_description": "Access not permitted."}
        separator = "&" if "?" in redirect_uri else "?"
        return RedirectResponse(f"{redirect_uri}{separator}{urlencode(answer | {'state': query['state']})}", 302)

    def _redirect_uri(self, query: Mapping[str, str]) -> str:
        """The registered address, which a given one must equal. Raises ConsentRefused."""
        if query.get("applicationId") != self._application.application_id:
            raise ConsentRefused(400, "Cette application n’est pas connue d’Amazon Business.")
        if query.get("redirect_uri", self._application.redirect_uri) != self._application.redirect_uri:
            raise ConsentRefused(400, "L’adresse de retour n’est pas celle enregistrée pour cette application.")
        if not query.get("state"):
            raise ConsentRefused(400, "Le paramètre state manque.")
        return self._application.redirect_uri

    def _check_administrator(self, form: Mapping[str, str]) -> None:
        if not any(person.administrator for person in self._world.people if person.id == form.get("account")):
            raise ConsentRefused(403, "Seul un administrateur du compte Amazon Business peut autoriser une application.")


class TokenEndpoint:
    """`/auth/o2/token`: form-encoded in, JSON out, flat errors."""

    def __init__(self, login: LoginWithAmazon, journal: Journal) -> None:
        self._login = login
        self._journal = journal

    def routes(self) -> list[Route]:
        """The endpoint."""
        return [Route("/auth/o2/token", self.exchange, methods=["POST"])]

    async def exchange(self, request: Request) -> Response:
        """Tokens for a code or a refresh token."""
        body = (await request.body()).decode(errors="replace")
        return await spoiled(self._journal.next_fault("token"), request, lambda status: self._answer(request, body, status))

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
