"""The part of the control plane that changes how the simulator behaves: assumptions, rates, our application's registration."""

from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.calls import Weather
from deploy.local.amazon.mistakes import Wrong, body, told
from deploy.local.amazon.tokens import ROLES, Registration
from deploy.local.amazon.trouble import changed


class Knobs:
    """What concerns the simulator's own behaviour: assumptions, rates, our application."""

    def __init__(self, assumed: Assumptions, weather: Weather, registration: Registration) -> None:
        self._assumed = assumed
        self._weather = weather
        self._registration = registration

    def routes(self) -> list[Route]:
        """To be asked, and to be changed by a POST."""
        return [
            Route("/assumptions", told(self.assumptions), methods=["GET", "POST"]),
            Route("/rates", told(self.rates), methods=["GET", "POST"]),
            Route("/application", told(self.application), methods=["GET", "POST"]),
        ]

    async def assumptions(self, request: Request) -> Response:
        """All of them; `{"reading": "order", …}` changes some."""
        self._assumed.set(await body(request))
        return JSONResponse(self._assumed.stated())

    async def rates(self, request: Request) -> Response:
        """The rates of answering from now on; those that shaped the purchases stay as they were planned."""
        self._weather.rates = changed(self._weather.rates, await body(request))
        return JSONResponse({name: getattr(self._weather.rates, name) for name in self._weather.rates.__slots__})

    async def application(self, request: Request) -> Response:
        """Secrets and roles; `{"rotate": true}` makes a new secret, `{"expire": true}` ends all, `{"roles": […]}` for consents to come."""
        asked, registration = await body(request), self._registration
        if asked.get("rotate"):
            registration.secrets.rotate()
        if asked.get("expire"):
            registration.secrets.expire()
        if "roles" in asked:
            roles = cast(list[str], asked["roles"])
            if not set(roles) <= set(ROLES):
                raise Wrong(f"roles are {ROLES}")
            registration.roles = tuple(roles)
        return JSONResponse({"secrets": registration.secrets.stated(), "roles": list(registration.roles)})
