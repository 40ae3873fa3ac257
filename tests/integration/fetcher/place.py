"""The fetcher without its process: a real database, a real simulator, a fast clock both share, and a browser."""

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import psycopg
from psycopg.rows import dict_row

from deploy.local.amazon.process import AmazonSimulator, Ports
from deploy.local.processes import free_port
from services.fetcher.adapters.amazon import Amazon
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.connections import ConnectionDesk
from services.fetcher.adapters.documents import DocumentShelf
from services.fetcher.adapters.entry import enter_company
from services.fetcher.adapters.jobs import Worker
from services.fetcher.adapters.pdf_reader import PdfReader
from services.fetcher.adapters.tries import Tries
from services.fetcher.config import CALLBACK_PATH, Application, WebPlace
from services.fetcher.handler import AT_ONCE, Collect
from services.fetcher.web.connecting import Connecting
from services.fetcher.web.pages import application
from services.fetcher.web.run_pages import RunPages
from services.fetcher.web.server import serve_web
from services.fetcher.web.settling import Settling
from services.kernel.clock import ScaledClock
from services.kernel.envelope import Outgoing
from services.kernel.postgres import PostgresStore
from services.kernel.probes import Health
from services.kernel.sealing import Sealer
from tests.support.kernel import headers

ORIGIN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SPEED = 120  # the ten minutes a person has for a consent are 5 s
TODAY = ORIGIN.date()
SEALER = Sealer({"k1": b"k" * 32}, "k1")
CSRF = re.compile(r'name="csrf" value="([^"]+)"')

type Said = tuple[str, str | None, dict[str, Any]]
"""Type without version, place in the run, data."""


def acme(**changes: Any) -> dict[str, Any]:
    """The company that the simulator's account belongs to; its import is on and starts a month ago."""
    settings = {"automatic_import": True, "import_start": (TODAY - timedelta(days=30)).isoformat()}
    company = {
        "company_id": "acme",
        "name": "Atelier Lumière SAS",
        "siren": "906550312",
        "plan": "essentiel",
        "email": "compta@atelier.example",
        "file_code": "ATELIER",
        "settings": settings,
    }
    return {**company, **changes}


@dataclass
class Place:
    """What a test holds."""

    url: str
    folder: Path
    simulator: AmazonSimulator
    clock: ScaledClock
    web_port: int
    store: PostgresStore = field(init=False)
    health: Health = field(default_factory=lambda: Health(frozenset({"collect"})))
    _closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.store = PostgresStore(self.url, SERVICE)
        self.amazon = Amazon(self.registration, self.clock)
        self.desk = self.desk_at(self.clock)

    def desk_at(self, clock: ScaledClock) -> ConnectionDesk:
        """The desk on another clock."""
        return ConnectionDesk(self.store, self.amazon, SEALER, clock)

    @property
    def registration(self) -> Application:
        """Our application at the simulator, as its command line has it."""
        api = self.simulator.api_url
        identity = (
            "amzn1.sp.solution.00000000-0000-4000-8000-000000000001",
            "amzn1.application-oa2-client.00000000000000000000000000000001",
        )
        return Application(
            api, api, f"{api}/auth/o2/token", *identity, "amzn1.oa2-cs.v1.simulated-secret", public_url(self.web_port) + CALLBACK_PATH
        )

    def enter(self, company: dict[str, Any]) -> None:
        """Enter a company from its file."""
        file = self.folder / "company.json"
        file.write_text(json.dumps(company), encoding="utf-8")
        enter_company(file, self.store, SEALER, self.clock)

    def open_doors(self) -> None:
        """Serve the pages."""
        connecting = Connecting(self.store, self.amazon, SEALER, self.clock)
        place = WebPlace("127.0.0.1", self.web_port, "session-key", https=False, names=("127.0.0.1",))
        settling = Settling(self.store, self.clock)
        served = application(connecting, settling, place, RunPages(connecting, settling).routes())
        threading.Thread(target=serve_web, args=(served, place, self._closing), daemon=True).start()

    def browser(self) -> "Browser":
        """A new browser, with a session of its own."""
        transport = httpx.HTTPTransport(retries=8)
        return Browser(httpx.Client(base_url=public_url(self.web_port), transport=transport))

    def collect(self, check_stopping: Callable[[], None] = lambda: None, at_once: int = AT_ONCE) -> Collect:
        """The story, on everything real."""
        shelf = DocumentShelf(f"file://{self.folder}/documents")
        return Collect(PostgresProgress(self.store), self.desk, shelf, PdfReader(), self.clock, check_stopping, at_once=at_once)

    def worker(
        self,
        collect: Callable[[str], None],
        start_due_runs: Callable[[], None] = lambda: None,
        backfills: Callable[[str], None] | None = None,
    ) -> Worker:
        """A worker of the queues; without `backfills`, `collect` does what comes for a migration of history too."""
        tries = Tries(self.store, collect), Tries(self.store, backfills or collect)
        return Worker(self.url, *tries, start_due_runs, self.health)

    def connect_and_collect(self, **changes: Any) -> None:
        """Enter the company, walk through both consents, collect the first run."""
        self.enter(acme(**changes))
        self.browser().connect("Atelier Lumière SAS")
        self.collect()(self.runs()[0])

    def start_daily_run(self, day: str) -> str:
        """Start the run of a day of the one connection."""
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            [connection] = book.connections("acme")
            return book.start_run(connection, "daily", day, self.clock.now())

    def daily_run(self) -> None:
        """Start and collect the next day's run."""
        self.collect()(self.start_daily_run((TODAY + timedelta(days=1)).isoformat()))

    def days_pass(self, days: float) -> None:
        """For us alone; who was built before goes by the old clock."""
        self.clock = replace(self.clock, origin=self.clock.origin + timedelta(days=days))

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The answer of the database to a query of the test's own."""
        with psycopg.connect(self.url, options="-c search_path=fetcher,fetcher_jobs") as session:
            return session.cursor(row_factory=dict_row).execute(query.encode()).fetchall()

    def runs(self) -> list[str]:
        """The runs, oldest first."""
        return [row["run_id"] for row in self.rows("select run_id from run order by started_at")]

    def jobs(self) -> list[str]:
        """The runs that have a job waiting."""
        return [row["args"]["run_id"] for row in self.rows("select args from procrastinate_jobs where status = 'todo' order by id")]

    def outbox(self) -> list[Outgoing]:
        """Everything that was said, in order."""
        rows = self.rows("select topic, key, value, header_names, header_values from outbox order by stripe, seq")
        return [
            Outgoing(row["topic"], row["key"], row["value"], tuple(zip(row["header_names"], row["header_values"], strict=True)))
            for row in rows
        ]

    def said(self, *only: str) -> list[Said]:
        """What was said, of these types or of all."""
        said = [_said(message) for message in self.outbox() if message.value is not None]
        return [one for one in said if not only or one[0] in only]

    def truth(self) -> list[dict[str, Any]]:
        """Every document as the simulator knows it."""
        return cast("list[dict[str, Any]]", httpx.get(f"{self.simulator.control_url}/truth").json()["documents"])

    def calls(self) -> dict[str, dict[str, int]]:
        """How often each operation was asked, by status."""
        return httpx.get(f"{self.simulator.control_url}/calls").json()

    def fault(self, operation: str, status: int, times: int) -> None:
        """Let the simulator fail."""
        httpx.post(f"{self.simulator.control_url}/faults", json=[{"operation": operation, "status": status, "times": times}])

    def let_amazon_age(self, seconds: float) -> None:
        """Let time pass at Amazon alone."""
        httpx.post(f"{self.simulator.control_url}/clock/advance", json={"seconds": seconds})

    def close(self) -> None:
        """Close the doors and give the connections back."""
        self._closing.set()
        self.store.close()


@dataclass
class Browser:
    """A person: a cookie jar, and both sites."""

    site: httpx.Client

    def get(self, path: str) -> httpx.Response:
        """Open a page of ours."""
        return self.site.get(path)

    def post(self, path: str, **form: str) -> httpx.Response:
        """Send a form of ours with the token of this session."""
        found = CSRF.search(self.site.get("/connectivite/amazon-business/entreprise").text)
        assert found is not None
        return self.site.post(path, data={"csrf": found[1], **form})

    def authorise(self, name: str) -> httpx.Response:
        """The first consent."""
        return self.post("/connectivite/amazon-business/entreprise", name=name)

    def go_to_amazon(self) -> str:
        """Begin the second consent; Amazon's page."""
        answer = self.post("/connectivite/amazon-business/amazon")
        assert 303 == answer.status_code, answer.text
        return answer.headers["location"]

    def decide(self, page: str, decision: str = "authorise") -> str:
        """Decide on Amazon's page as its administrator; where Amazon sends the browser, without our base."""
        shown = httpx.get(page)
        people: Sequence[str] = re.findall(r'name="account" value="([^"]+)"', shown.text) or re.findall(r'value="(amzn1[^"]+)"', shown.text)
        answer = httpx.post(page, data={"decision": decision, "account": people[0]})
        assert 302 == answer.status_code, answer.text
        return answer.headers["location"].removeprefix(str(self.site.base_url).rstrip("/"))

    def connect(self, name: str) -> None:
        """Both consents, as the help article says."""
        assert 303 == self.authorise(name).status_code
        answer = self.get(self.decide(self.go_to_amazon()))
        assert (303, "/connectivite/amazon-business/suivi") == (answer.status_code, answer.headers.get("location")), answer.text


def shared_clock(speed: float = SPEED) -> ScaledClock:
    """A clock that starts now and runs fast; the simulator gets the same one."""
    return ScaledClock(ORIGIN, time.time(), speed)


def new_place(url: str, folder: Path, speed: float = SPEED, simulated: type[AmazonSimulator] = AmazonSimulator) -> Place:
    """A place with its simulator, which holds sixteen documents."""
    clock, web_port = shared_clock(speed), free_port()
    written = f"{clock.origin.isoformat()}@{clock.epoch}*{clock.speed}"
    options = {"clock": written, "redirect-uri": public_url(web_port) + CALLBACK_PATH, "invoices": 16}
    simulator = simulated(folder, Ports(), {**options})
    simulator.start()
    return Place(url, folder, simulator, clock, web_port)


def public_url(web_port: int) -> str:
    """The address of the pages."""
    return f"http://127.0.0.1:{web_port}"


def _said(message: Outgoing) -> Said:
    said = {name: value.decode() for name, value in headers(message).items()}
    name = said["ce_type"].removeprefix("achats.").rpartition(".v")[0]
    return name, said.get("ce_runseq"), json.loads(message.value or b"null")
