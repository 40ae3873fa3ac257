"""The pages of what people ask of a connection that stands: « Synchroniser maintenant » and the migration of history."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.fetcher.domain.company import Refusal
from services.fetcher.domain.history import NotPossibleNow, State
from services.fetcher.web.connecting import Connecting
from services.fetcher.web.pages import DETAIL, PROGRESS, Form, Pages, day_of
from services.fetcher.web.running import Running
from services.fetcher.web.settling import Settling

SYNCHRONISE, MIGRATION = f"{DETAIL}/synchroniser", f"{DETAIL}/migration"
DECISIONS = {"refuser": State.REFUSED, "suspendre": State.PAUSED, "reprendre": State.RUNNING}


class RunPages(Pages):
    """Turns what people ask into calls of Running; the company is that of the session."""

    def __init__(self, connecting: Connecting, settling: Settling) -> None:
        """On the same store and clock."""
        super().__init__(connecting, settling)
        self._running = Running(connecting.store, connecting.clock)

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        return [
            Route(SYNCHRONISE, self._posted(self._synchronise), methods=["POST"]),
            Route(MIGRATION, self.migration),
            Route(MIGRATION, self._posted(self._decide), methods=["POST"]),
        ]

    def migration(self, request: Request) -> Response:
        """The migrations of the company, and the form of a new one."""
        return self._migrations(request)

    def _synchronise(self, request: Request, _form: Form) -> Response:
        try:
            self._running.synchronise(request.session.get("company_id", ""))
        except Refusal as refusal:
            return self._page(request, "progress.html", 409, refusal=refusal)
        return RedirectResponse(PROGRESS, 303)

    def _decide(self, request: Request, form: Form) -> Response:
        company_id, who = request.session.get("company_id", ""), form.one("who")
        request.session["who"] = who[:200]
        try:
            self._decided(company_id, who, form)
        except Refusal as refusal:
            return self._migrations(request, 422, refusal=refusal)
        return RedirectResponse(MIGRATION, 303)

    def _decided(self, company_id: str, who: str, form: Form) -> None:
        match form.one("decision"):
            case "demander":
                self._running.request(company_id, day_of(form.one("since")), who)
            case "accepter":
                self._running.approve(company_id, form.one("migration"), who, form.one("reference"))
            case "refuser" | "suspendre" | "reprendre" as decision:
                self._running.move(company_id, form.one("migration"), DECISIONS[decision], who)
            case _:
                raise NotPossibleNow

    def _migrations(self, request: Request, status: int = 200, **facts: object) -> Response:
        company_id = request.session.get("company_id")
        shown = self._running.migrations(company_id) if company_id else []
        return self._page(request, "migration.html", status, migrations=shown, who=request.session.get("who", ""), **facts)
