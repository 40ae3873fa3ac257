"""The pages under /connectivite: catalogue, detail, the two consents, progress, settings."""

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from services.fetcher.config import CALLBACK_PATH, WebPlace
from services.fetcher.domain.company import Refusal
from services.fetcher.web.connecting import Connecting, ConsentRefused
from services.kernel.errors import Unavailable

TEMPLATES = Jinja2Templates(directory=Path(__file__).with_name("templates"))
CATALOGUE, DETAIL = "/connectivite", "/connectivite/amazon-business"
COMPANY, TO_AMAZON, PROGRESS, SETTINGS = f"{DETAIL}/entreprise", f"{DETAIL}/amazon", f"{DETAIL}/suivi", f"{DETAIL}/parametres"
HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}

type Form = Mapping[str, str]


class FormForged(Refusal):
    """Ce formulaire ne vient pas de cette session, ou elle a expiré."""

    next_action = "Rechargez la page et recommencez."


class DateUnreadable(Refusal):
    """La date de début d'import n'est pas une date."""

    next_action = "Choisissez une date dans le calendrier."


class OutsideSilent(Refusal):
    """Un service dont nous dépendons ne répond pas pour le moment."""

    next_action = "Rien n'a été perdu. Recommencez dans quelques minutes."


class Pages:
    """Turns what people ask into calls of Connecting, and answers or refusals into pages."""

    def __init__(self, connecting: Connecting) -> None:
        """Holds no state: a session is in its signed cookie, the rest in the database."""
        self._connecting = connecting

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            Route("/", self.start),
            Route(CATALOGUE, self.catalogue),
            Route(DETAIL, self.detail),
            Route(COMPANY, self.company),
            Route(COMPANY, self._posted(self._authorise), methods=["POST"]),
            Route(TO_AMAZON, self._posted(self._to_amazon), methods=["POST"]),
            Route(CALLBACK_PATH, self.come_back),
            Route(PROGRESS, self.progress),
            Route(SETTINGS, self.settings),
            Route(SETTINGS, self._posted(self._choose), methods=["POST"]),
        ]

    def start(self, _request: Request) -> Response:
        """The catalogue is where everything begins."""
        return RedirectResponse(CATALOGUE, 307)

    def catalogue(self, request: Request) -> Response:
        """The integrations whose name has what is searched in it."""
        search = request.query_params.get("q", "").strip()
        found = all(word in "amazon business" for word in search.lower().split())
        return self._page(request, "catalogue.html", search=search, found=found)

    def detail(self, request: Request) -> Response:
        """« Voir plus »: what is exchanged, and the next step."""
        return self._page(request, "detail.html")

    def company(self, request: Request) -> Response:
        """The form of the first consent."""
        return self._page(request, "company.html", name="")

    def come_back(self, request: Request) -> Response:
        """Amazon sends the person back, with a code or with a refusal."""
        query = request.query_params
        try:
            company_id = self._connecting.come_back(_session(request), query.get("state", ""), query.get("code"))
        except Refusal as refusal:
            status = 200 if isinstance(refusal, ConsentRefused) else 400
            return self._page(request, "refused.html", status, refusal=refusal)
        request.session["company_id"] = company_id
        return RedirectResponse(PROGRESS, 303)

    def progress(self, request: Request) -> Response:
        """Where the initialisation is; reloads itself."""
        return self._page(request, "progress.html")

    def settings(self, request: Request) -> Response:
        """The form of the settings."""
        return self._page(request, "settings.html")

    def unavailable(self, request: Request, _silence: Exception) -> Response:
        """An outside part does not answer: said in words, without asking the database anything."""
        shown = {"status": None, "csrf": "", "saved": False, "refusal": OutsideSilent()}
        return TEMPLATES.TemplateResponse(request, "refused.html", shown, 503, HEADERS)

    def _authorise(self, request: Request, form: Form) -> Response:
        name = form.get("name", "")
        try:
            company_id = self._connecting.authorise(_session(request), name)
        except Refusal as refusal:
            return self._page(request, "company.html", 422, refusal=refusal, name=name)
        request.session["company_id"] = company_id
        return RedirectResponse(DETAIL, 303)

    def _to_amazon(self, request: Request, _form: Form) -> Response:
        try:
            return RedirectResponse(self._connecting.to_amazon(_session(request), request.session.get("company_id", "")), 303)
        except Refusal as refusal:
            return self._page(request, "refused.html", 409, refusal=refusal)

    def _choose(self, request: Request, form: Form) -> Response:
        try:
            start = day_of(form.get("import_start", ""))
            self._connecting.choose(request.session.get("company_id", ""), form.get("automatic_import") == "on", start)
        except Refusal as refusal:
            return self._page(request, "settings.html", 422, refusal=refusal)
        return RedirectResponse(f"{SETTINGS}?enregistre=1", 303)

    def _posted(self, answer: Callable[[Request, Form], Response]) -> Callable[[Request], Any]:
        """An endpoint that answers a form of this session and refuses any other."""

        async def endpoint(request: Request) -> Response:
            form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
            if not _own(form.get("csrf", ""), request.session.get("csrf")):
                return await run_in_threadpool(self._page, request, "refused.html", 403, refusal=FormForged())
            return await run_in_threadpool(answer, request, form)

        return endpoint

    def _page(self, request: Request, template: str, status: int = 200, **facts: object) -> Response:
        """A page about the company of this session, if it has one."""
        _session(request)
        company_id = request.session.get("company_id")
        known = self._connecting.status(company_id) if company_id else None
        shown = {"status": known, "csrf": request.session["csrf"], "saved": "enregistre" in request.query_params, "refusal": None}
        return TEMPLATES.TemplateResponse(request, template, {**shown, **facts}, status, HEADERS)


def application(connecting: Connecting, place: WebPlace, more: Sequence[Route] = ()) -> Starlette:
    """The web application with `more` pages; the session cookie is signed and stays on this site; no other host's name is answered to."""
    own_hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(place.names), www_redirect=False)
    session = Middleware(SessionMiddleware, secret_key=place.session_key, session_cookie="achats", same_site="lax", https_only=place.https)
    pages = Pages(connecting)
    routes = [*pages.routes(), *more]
    application = Starlette(routes=routes, middleware=[own_hosts, session], exception_handlers={Unavailable: pages.unavailable})
    application.router.redirect_slashes = False
    return application


def _own(given: str, kept: str | None) -> bool:
    """Whether the form carries this session's token; a session that has none owns no form."""
    return kept is not None and hmac.compare_digest(given.encode(), kept.encode())


def _session(request: Request) -> str:
    """The id of the browser's session, which begins here when there is none."""
    request.session.setdefault("csrf", secrets.token_urlsafe(32))
    return request.session.setdefault("id", secrets.token_urlsafe(32))


def day_of(text: str) -> date:
    """The day of a form. Raises DateUnreadable."""
    try:
        return date.fromisoformat(text)
    except ValueError as unreadable:
        raise DateUnreadable from unreadable
