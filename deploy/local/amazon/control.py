"""The control plane, on its own port: the truth, the clock, what was asked, and faults to come."""

import json
from typing import NotRequired, TypedDict, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.local.amazon.accounts import Accounts
from deploy.local.amazon.calls import DOWNLOAD, Blow, Fault, Journal
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.throttle import PLANS
from deploy.local.amazon.truth import truth_of

OPERATIONS = frozenset({*PLANS, "token", DOWNLOAD})


class Planned(TypedDict):
    """The next `times` calls of `operation` go wrong: a status instead of the answer, or an answer spoiled on the way, after `seconds`."""

    operation: str
    status: Blow
    times: int
    seconds: NotRequired[float]


class Control:
    """For tests and demonstrations only; Amazon has nothing like it."""

    def __init__(self, accounts: Accounts, clock: VirtualClock, journal: Journal) -> None:
        self._accounts = accounts
        self._clock = clock
        self._journal = journal

    def app(self) -> Starlette:
        """The application of the control port."""
        return Starlette(
            routes=[
                Route("/ready", self.ready),
                Route("/truth", self.truth),
                Route("/calls", self.calls),
                Route("/clock", self.clock),
                Route("/clock/advance", self.advance, methods=["POST"]),
                Route("/faults", self.faults, methods=["POST"]),
            ]
        )

    async def ready(self, _request: Request) -> Response:
        """Answers as soon as the other two ports do."""
        return JSONResponse({"ready": True, "documents": len(self._accounts.first.world.documents)})

    async def truth(self, _request: Request) -> Response:
        """Every document as a test wants to find it; renders the PDFs nobody asked for yet, about 5 ms each."""
        world = self._accounts.first.world
        documents = await run_in_threadpool(truth_of, world)
        return JSONResponse({"buyer": world.buyer.name, "account": world.account, "documents": documents})

    async def calls(self, _request: Request) -> Response:
        """Counts per operation and status."""
        return JSONResponse({operation: dict(counts) for operation, counts in sorted(self._journal.counts.items())})

    async def clock(self, _request: Request) -> Response:
        """The virtual present and its speed."""
        return JSONResponse({"now": iso(self._clock.now()), "speed": self._clock.speed})

    async def advance(self, request: Request) -> Response:
        """Move this process's clock forward; a fetcher that was given the same clock does not see it."""
        asked = cast(dict[str, float], json.loads(await request.body()))
        return JSONResponse({"now": iso(self._clock.advance(asked["seconds"]))})

    async def faults(self, request: Request) -> Response:
        """Plan faults; 400 with the known names when an operation is unknown."""
        faults = cast(list[Planned], json.loads(await request.body()))
        if unknown := {fault["operation"] for fault in faults} - OPERATIONS:
            return JSONResponse({"unknown": sorted(unknown), "known": sorted(OPERATIONS)}, 400)
        for fault in faults:
            self._journal.plan_fault(fault["operation"], Fault(fault["status"], fault.get("seconds", 0.0)), fault["times"])
        return Response(status_code=204)
