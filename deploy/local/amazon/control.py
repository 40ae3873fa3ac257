"""The control plane, on its own port: truth, clock, calls and faults, accounts and what happens in them, assumptions, our registration."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import NotRequired, TypedDict, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.local.amazon.accounts import MARKETPLACES, Account, AccountKind, Accounts
from deploy.local.amazon.calls import DOWNLOAD, Blow, Fault, Journal
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.knobs import Knobs
from deploy.local.amazon.mistakes import Wrong, body, told
from deploy.local.amazon.scripting import DEEDS, Scripting
from deploy.local.amazon.throttle import PLANS
from deploy.local.amazon.truth import truth_of, waits_for

OPERATIONS = frozenset({*PLANS, "token", DOWNLOAD})

type Opening = Callable[[str | None, int | None, AccountKind], Account]
"""Opens one more account: name of the company, seed, kind."""


class Planned(TypedDict):
    """The next `times` calls of `operation` go wrong: a status instead of the answer, or an answer spoiled on the way, after `seconds`."""

    operation: str
    status: Blow
    times: int
    seconds: NotRequired[float]


class Control:
    """For tests and demonstrations only; Amazon has nothing like it."""

    def __init__(self, accounts: Accounts, clock: VirtualClock, journal: Journal, opening: Opening) -> None:
        self._accounts = accounts
        self._clock = clock
        self._journal = journal
        self._opening = opening

    def routes(self) -> list[Route]:
        """What concerns the world."""
        return [
            Route("/ready", self.ready),
            Route("/truth", told(self.truth)),
            Route("/calls", self.calls),
            Route("/clock", self.clock),
            Route("/clock/advance", told(self.advance), methods=["POST"]),
            Route("/clock/set", told(self.set_clock), methods=["POST"]),
            Route("/faults", self.faults, methods=["POST"]),
            Route("/accounts", self.accounts, methods=["GET"]),
            Route("/accounts", told(self.open), methods=["POST"]),
            Route("/accounts/{account}", told(self.change), methods=["POST"]),
            Route("/deeds", told(self.deeds), methods=["POST"]),
        ]

    async def ready(self, _request: Request) -> Response:
        """Answers as soon as the other two ports do."""
        return JSONResponse({"ready": True, "documents": len(self._accounts.first.world.documents)})

    async def truth(self, request: Request) -> Response:
        """Every document as a test wants to find it; `at=INSTANT`: those final by then, and what the others wait for.

        Draws the PDFs nobody asked for yet, about 5 ms each, unless `hashes=0`.
        """
        query = request.query_params
        world, at, hashes = self._accounts.find(query.get("account")).world, query.get("at"), query.get("hashes") != "0"
        facts = {"buyer": world.buyer.name, "account": world.account}
        if at is None:
            return JSONResponse({**facts, "documents": await run_in_threadpool(truth_of, world, None, hashes)})
        instant = _instant(at)
        final = [document for document in world.documents if not waits_for(document, instant)]
        late = [document for document in world.documents if waits_for(document, instant)]
        waiting = [
            {**truth, "waits_for": waits_for(document, instant)} for truth, document in zip(truth_of(world, late, False), late, strict=True)
        ]
        return JSONResponse({**facts, "documents": await run_in_threadpool(truth_of, world, final, hashes), "waiting": waiting})

    async def calls(self, _request: Request) -> Response:
        """Counts per operation and status."""
        return JSONResponse({operation: dict(counts) for operation, counts in sorted(self._journal.counts.items())})

    async def clock(self, _request: Request) -> Response:
        """The virtual present and its speed."""
        return JSONResponse({"now": iso(self._clock.now()), "speed": self._clock.speed})

    async def advance(self, request: Request) -> Response:
        """Move this process's clock forward; a fetcher that was given the same clock does not see it."""
        return JSONResponse({"now": iso(self._clock.advance(float(str((await body(request))["seconds"]))))})

    async def set_clock(self, request: Request) -> Response:
        """Make it `now`, in this process only."""
        return JSONResponse({"now": iso(self._clock.set(_instant(str((await body(request))["now"]))))})

    async def faults(self, request: Request) -> Response:
        """Plan faults; 400 with the known names when an operation is unknown."""
        faults = cast(list[Planned], json.loads(await request.body()))
        if unknown := {fault["operation"] for fault in faults} - OPERATIONS:
            return JSONResponse({"unknown": sorted(unknown), "known": sorted(OPERATIONS)}, 400)
        for fault in faults:
            self._journal.plan_fault(fault["operation"], Fault(fault["status"], fault.get("seconds", 0.0)), fault["times"])
        return Response(status_code=204)

    async def accounts(self, _request: Request) -> Response:
        """Who can be chosen on the consent page."""
        return JSONResponse([_described(account) for account in self._accounts.all])

    async def open(self, request: Request) -> Response:
        """One more account: `{"name": …, "seed": …, "kind": …}`, each optional."""
        asked = await body(request)
        name, seed = asked.get("name"), asked.get("seed")
        account = self._opening(
            None if name is None else str(name), None if seed is None else int(str(seed)), AccountKind(str(asked.get("kind", "business")))
        )
        self._accounts.open(account)
        return JSONResponse(_described(account), 201)

    async def change(self, request: Request) -> Response:
        """`{"kind": "suspended"}` changes what an account is; `{"withdraw": "fr"}` removes our application from it."""
        account, asked = self._accounts.find(request.path_params["account"]), await body(request)
        if "kind" in asked:
            account.kind = AccountKind(str(asked["kind"]))
        if "withdraw" in asked:
            account.withdraw(MARKETPLACES[str(asked["withdraw"])])
        return JSONResponse(_described(account))

    async def deeds(self, request: Request) -> Response:
        """`{"account": …, "deeds": [{"deed": "place", …}, …]}`: done in order; what each made. The account may be left out."""
        asked = await body(request)
        account = asked.get("account")
        scripting = Scripting(self._accounts.find(None if account is None else str(account)).world, self._clock)
        return JSONResponse([_done(scripting, deed) for deed in cast(list[dict[str, object]], asked["deeds"])])


def control_app(control: Control, knobs: Knobs) -> Starlette:
    """The application of the control port."""
    return Starlette(routes=[*control.routes(), *knobs.routes()])


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise Wrong(f"{text} has no time zone")
    return instant


def _described(account: Account) -> dict[str, object]:
    return {
        "account": account.id,
        "name": account.buyer.name,
        "siren": account.buyer.siren,
        "vat_number": account.buyer.vat_number,
        "kind": account.kind.value,
        "people": [{"id": person.id, "administrator": person.administrator} for person in account.people],
    }


def _done(scripting: Scripting, asked: dict[str, object]) -> str:
    name = str(asked.get("deed"))
    if name not in DEEDS:
        raise Wrong(f"deeds are {sorted(DEEDS)}")
    deed: Callable[..., str] = getattr(scripting, name)
    return deed(**{key: value for key, value in asked.items() if key != "deed"})
