"""The pages under /connectivite: catalogue, detail, the two consents, progress, settings, entities, history, disconnection."""

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from services.fetcher.config import CALLBACK_PATH, WebPlace
from services.fetcher.domain.app_center import ForeignCallback
from services.fetcher.domain.company import Refusal
from services.fetcher.domain.refusals import ConsentRefused, NotConnected, StateUnknown, refusal_of
from services.fetcher.domain.waiting import WORDS
from services.fetcher.web.connecting import Connecting, Origin, Status
from services.fetcher.web.settling import Settling
from services.kernel.errors import Unavailable

TEMPLATES = Jinja2Templates(directory=Path(__file__).with_name("templates"))
CATALOGUE, DETAIL = "/connectivite", "/connectivite/amazon-business"
COMPANY, TO_AMAZON, PROGRESS, SETTINGS = f"{DETAIL}/entreprise", f"{DETAIL}/amazon", f"{DETAIL}/suivi", f"{DETAIL}/parametres"
PREVIEW, ENTITIES, HISTORY, DISCONNECT = f"{SETTINGS}/apercu", f"{DETAIL}/entites", f"{DETAIL}/historique", f"{DETAIL}/deconnexion"
APP_CENTER, STATIC = f"{DETAIL}/app-center", f"{CATALOGUE}/static"
HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What a person sent."""

    fields: Sequence[tuple[str, str]]

    def one(self, name: str) -> str:
        """The last value of this name, or nothing."""
        return dict(self.fields).get(name, "")

    def all(self, wanted: str) -> list[str]:
        """Every value of this name."""
        return [value for name, value in self.fields if name == wanted]


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
    """Turns what people ask into calls of Connecting and Settling, and answers or refusals into pages."""

    def __init__(self, connecting: Connecting, settling: Settling) -> None:
        """Holds no state: a session is in its signed cookie, the rest in the database."""
        self._connecting, self._settling = connecting, settling

    def routes(self) -> list[BaseRoute]:
        """Every address."""
        return [
            Route("/", self.start),
            Route(CATALOGUE, self.catalogue),
            Route(DETAIL, self.detail),
            Route(COMPANY, self.company),
            Route(COMPANY, self._posted(self._authorise), methods=["POST"]),
            Route(APP_CENTER, self.app_center),
            Route(TO_AMAZON, self._posted(self._to_amazon), methods=["POST"]),
            Route(CALLBACK_PATH, self.come_back),
            Route(PROGRESS, self.progress),
            Route(SETTINGS, self.settings),
            Route(SETTINGS, self._posted(self._choose), methods=["POST"]),
            Route(PREVIEW, self._posted(self._preview), methods=["POST"]),
            Route(ENTITIES, self.entities),
            Route(ENTITIES, self._posted(self._choose_entities), methods=["POST"]),
            Route(HISTORY, self.history),
            Route(DISCONNECT, self.disconnect),
            Route(DISCONNECT, self._posted(self._disconnect), methods=["POST"]),
            Mount(STATIC, StaticFiles(directory=Path(__file__).with_name("static"))),
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

    def app_center(self, request: Request) -> Response:
        """Our *OAuth Login URI* at Amazon: the App Center sends a person here, who goes back as soon as the company is known."""
        query = request.query_params
        try:
            origin = self._connecting.origin(query.get("amazon_callback_uri", ""), query.get("amazon_state", ""))
        except Refusal as refusal:
            return self._page(request, "refused.html", 400, refusal=refusal)
        request.session["app_center"] = [origin.callback, origin.amazon_state]
        known = self._known(request)
        if known is None or known.consent is None:
            return self.company(request)
        return self._to_amazon(request, {})

    def come_back(self, request: Request) -> Response:
        """Amazon sends the person back, with a code or with a refusal; whoever began in the App Center goes back there."""
        query = request.query_params
        refused = refusal_of(query.get("error", ""), query.get("error_description", "")) if "error" in query else None
        callback, code = query.get("amazon_callback_uri"), query.get("code")
        try:
            back = self._connecting.app_center(callback, connected=True) if callback else PROGRESS
            company_id = self._connecting.come_back(_session(request), query.get("state", ""), code, refused)
        except Refusal as refusal:
            if callback and code and not isinstance(refusal, ForeignCallback | StateUnknown):
                return RedirectResponse(self._connecting.app_center(callback, connected=False), 303)
            status = 200 if refused is refusal or isinstance(refusal, ConsentRefused) else 400
            return self._page(request, "refused.html", status, refusal=refusal)
        request.session["company_id"] = company_id
        return RedirectResponse(back, 303)

    def progress(self, request: Request) -> Response:
        """Where the initialisation is; reloads itself."""
        return self._page(request, "progress.html")

    def settings(self, request: Request) -> Response:
        """The form of the settings."""
        return self._page(request, "settings.html")

    def entities(self, request: Request) -> Response:
        """Whose purchases the account shows, and which are this company's."""
        return self._about(request, "entities.html", lambda company_id: {"choice": self._settling.entities(company_id)})

    def history(self, request: Request) -> Response:
        """The runs, and what is missing."""
        return self._about(request, "history.html", lambda company_id: {"history": self._settling.history(company_id), "words": WORDS})

    def disconnect(self, request: Request) -> Response:
        """What disconnecting does, and the question."""
        return self._page(request, "disconnect.html")

    def unavailable(self, request: Request, _silence: Exception) -> Response:
        """An outside part does not answer: said in words, without asking the database anything."""
        shown = {"status": None, "csrf": "", "saved": False, "refusal": OutsideSilent()}
        return TEMPLATES.TemplateResponse(request, "refused.html", shown, 503, HEADERS)

    def _authorise(self, request: Request, form: Form) -> Response:
        name = form.one("name")
        try:
            company_id = self._connecting.authorise(_session(request), name)
        except Refusal as refusal:
            return self._page(request, "company.html", 422, refusal=refusal, name=name)
        request.session["company_id"] = company_id
        return self._to_amazon(request, form) if "app_center" in request.session else RedirectResponse(DETAIL, 303)

    def _to_amazon(self, request: Request, _form: object) -> Response:
        begun: list[str] | None = request.session.pop("app_center", None)
        origin = Origin(*begun) if begun else None
        try:
            return RedirectResponse(self._connecting.to_amazon(_session(request), _company(request), origin), 303)
        except Refusal as refusal:
            return self._page(request, "refused.html", 409, refusal=refusal)

    def _choose(self, request: Request, form: Form) -> Response:
        try:
            self._settling.choose(_company(request), form.one("automatic_import") == "on", day_of(form.one("import_start")))
        except Refusal as refusal:
            return self._page(request, "settings.html", 422, refusal=refusal)
        return RedirectResponse(f"{SETTINGS}?enregistre=1", 303)

    def _preview(self, request: Request, form: Form) -> Response:
        """What the date that is typed would bring: the part of the page alone for a script that asks, else the page."""
        template = "preview.html" if request.headers.get("hx-request") else "settings.html"
        typed = {"automatic_import": form.one("automatic_import") == "on", "import_start": form.one("import_start")}
        try:
            return self._page(
                request, template, preview=self._settling.preview(_company(request), day_of(form.one("import_start"))), typed=typed
            )
        except Refusal as refusal:
            status = 200 if template == "preview.html" else 422
            return self._page(request, template, status, refusal=refusal, typed=typed)

    def _choose_entities(self, request: Request, form: Form) -> Response:
        try:
            self._settling.choose_entities(_company(request), form.all("entity"))
        except Refusal as refusal:
            return self._page(request, "refused.html", 422, refusal=refusal)
        return RedirectResponse(f"{ENTITIES}?enregistre=1", 303)

    def _disconnect(self, request: Request, _form: Form) -> Response:
        try:
            self._connecting.disconnect(_session(request), _company(request))
        except Refusal as refusal:
            return self._page(request, "refused.html", 409, refusal=refusal)
        return self._page(request, "disconnected.html")

    def _posted(self, answer: Callable[[Request, Form], Response]) -> Callable[[Request], Any]:
        """An endpoint that answers a form of this session and refuses any other."""

        async def endpoint(request: Request) -> Response:
            form = Form([(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)])
            if not _own(form.one("csrf"), request.session.get("csrf")):
                return await run_in_threadpool(self._page, request, "refused.html", 403, refusal=FormForged())
            return await run_in_threadpool(answer, request, form)

        return endpoint

    def _about(self, request: Request, template: str, facts: Callable[[str], dict[str, object]]) -> Response:
        """A page about a connection; of none, the way to one."""
        try:
            return self._page(request, template, 200, **facts(_company(request)))
        except NotConnected as refusal:
            return self._page(request, "refused.html", 404, refusal=refusal)

    def _page(self, request: Request, template: str, status: int = 200, **facts: object) -> Response:
        """A page about the company of this session, if it has one."""
        shown = {"status": self._known(request), "csrf": request.session["csrf"], "saved": "enregistre" in request.query_params}
        return TEMPLATES.TemplateResponse(request, template, {**shown, "refusal": None, **facts}, status, HEADERS)

    def _known(self, request: Request) -> Status | None:
        session_id, company_id = _session(request), _company(request)
        return self._connecting.status(session_id, company_id) if company_id else None


def application(connecting: Connecting, settling: Settling, place: WebPlace, more: Sequence[BaseRoute] = ()) -> Starlette:
    """The web application with `more` pages; the session cookie is signed and stays on this site; no other host's name is answered to."""
    own_hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(place.names), www_redirect=False)
    session = Middleware(SessionMiddleware, secret_key=place.session_key, session_cookie="achats", same_site="lax", https_only=place.https)
    pages = Pages(connecting, settling)
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


def _company(request: Request) -> str:
    """The company this session is about; '' = none yet."""
    return request.session.get("company_id", "")


def day_of(text: str) -> date:
    """The day of a form. Raises DateUnreadable."""
    try:
        return date.fromisoformat(text)
    except ValueError as unreadable:
        raise DateUnreadable from unreadable
