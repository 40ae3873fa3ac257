"""One company's days with Amazon Business in one process: the shipped fetcher, real PostgreSQL, and the simulator on the same clock.

The clock moves only when somebody waits, so that a quarter passes as fast as it is computed.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
from psycopg.rows import dict_row

from deploy.local.amazon.app import Simulator, build
from deploy.local.amazon.application import Application as Registration
from deploy.local.amazon.clock import VirtualClock
from deploy.local.amazon.in_process import InProcess
from deploy.local.amazon.settings import Settings, Ways
from schemas.invoice_collected.v1 import InvoiceCollected
from services.fetcher.adapters.amazon import Amazon
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.backfill import Backfill, Yielding
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.adapters.connections import ConnectionDesk
from services.fetcher.adapters.documents import DocumentShelf
from services.fetcher.adapters.entry import enter
from services.fetcher.adapters.jobs import BACKFILL
from services.fetcher.adapters.pdf_reader import PdfReader
from services.fetcher.adapters.tries import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
from services.fetcher.config import Application
from services.fetcher.domain.waiting import Waiting
from services.fetcher.handler import Collect
from services.fetcher.web.connecting import Connecting
from services.fetcher.web.settling import Settling
from services.kernel.envelope import Event, Record, decode
from services.kernel.errors import Unavailable
from services.kernel.postgres import PostgresStore
from services.kernel.sealing import Sealer
from tests.e2e.amazon.comparing import Held, Outcome, Terms
from tests.support.connected import company_file

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
API, CONTROL = "http://127.0.0.1:1", "http://127.0.0.1:3"
SEALER = Sealer({"k1": b"k" * 32}, "k1")
COMPANY, SESSION = "acme", "session"
TRIES = 50

TAKE = """
update procrastinate_jobs set status = 'doing', worker_id = {worker}
where id = (select id from procrastinate_jobs where status = 'todo' order by priority desc, id limit 1)
returning id, task_name, args ->> 'run_id' as run_id
"""


def settings_of(seed: int = 1, invoices: int = 0, ways: Ways | None = None) -> Settings:
    """A simulator that starts on a Monday morning, on a clock that stands still."""
    return Settings(1, 2, 3, seed, invoices, clock=VirtualClock(START, time.time(), 0.0), ways=ways or Ways())


@dataclass
class Journey:
    """What a test holds: one company, the fetcher's parts and Amazon's."""

    url: str
    folder: Path
    settings: Settings = field(default_factory=settings_of)
    simulator: Simulator = field(init=False)
    check_stopping: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        random.seed(self.settings.seed)  # what the fetcher draws: the jitter of its pauses
        self.clock = self.settings.clock
        self.simulator = build(self.settings)
        self.client = httpx.Client(transport=InProcess(self.simulator, self.settings))
        self.store = PostgresStore(self.url, SERVICE)
        self.session = psycopg.connect(self.url, autocommit=True, options="-c search_path=fetcher,fetcher_jobs")
        [worker] = self.rows("insert into procrastinate_workers default values returning id")
        self._take = TAKE.format(worker=worker["id"])
        self.restart()
        enter(company_file(COMPANY, START), self.store, SEALER, self.clock)

    def restart(self) -> None:
        """The fetcher's process is another one: it remembers nothing."""
        ours = Registration()
        place = (API, API, f"{API}/auth/o2/token", ours.application_id, ours.client_id, ours.client_secret, ours.redirect_uri)
        self.amazon = Amazon(Application(*place), self.clock, self.client)
        self.desk = ConnectionDesk(self.store, self.amazon, SEALER, self.clock)
        self.connecting = Connecting(self.store, self.amazon, SEALER, self.clock)

    def connect(self, account: int = 0) -> None:
        """Both consents, the second by the administrator of that account."""
        self.connecting.authorise(SESSION, f"Atelier {COMPANY}")
        page = urlsplit(self.connecting.to_amazon(SESSION, COMPANY))
        form = {"account": self.simulator.accounts.all[account].people[0].id, "decision": "authorise"}
        back = self.client.post(f"{API}{page.path}", params=parse_qs(page.query), data=form).headers["location"]
        answer = parse_qs(urlsplit(back).query)
        self.connecting.come_back(SESSION, answer["state"][0], answer["code"][0])

    @property
    def settling(self) -> Settling:
        """What the settings pages do."""
        return Settling(self.store, self.clock)

    def live(self, **duration: float) -> None:
        """Time passes; each run is started when it is due, and worked off."""
        until = self.clock.now() + timedelta(**duration)
        while self.clock.now() < until:
            self.desk.start_due_runs()
            self.work_off()
            self.clock.set(max(self.clock.now(), min(until, self.due_at() or until)))

    def due_at(self) -> datetime | None:
        """When the next regular run is due; None when nothing is connected."""
        [agenda] = self.rows("select min(due_at) as due_at from agenda")
        return agenda["due_at"]

    def work_off(self) -> None:
        """Every job of the queue, the most urgent one first; one that yields goes back."""
        while taken := self.rows(self._take):
            job_id, work = taken[0]["id"], self.backfill if taken[0]["task_name"] == BACKFILL else self.collect
            try:
                self.attempt(taken[0]["run_id"], work)
            except Yielding:
                self.rows(f"update procrastinate_jobs set status = 'todo', worker_id = null where id = {job_id} returning id")
            else:
                self.rows(f"delete from procrastinate_jobs where id = {job_id} returning id")

    def attempt(self, run_id: str, work: Callable[[str], None]) -> None:
        """One run as the queue treats it: what does not answer is tried again later, what may not be asked is left."""
        for tried in range(TRIES):
            try:
                work(run_id)
            except Unavailable:
                self.clock.sleep(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**tried))
            else:
                return

    @property
    def collect(self) -> Collect:
        """The shipped story."""
        shelf = DocumentShelf(f"file://{self.folder}/documents")
        return Collect(PostgresProgress(self.store), self.desk, shelf, PdfReader(), self.clock, self.check_stopping)

    @property
    def backfill(self) -> Backfill:
        """The shipped story of a migration of history."""
        return Backfill(self.store, self.desk, self.collect, self.clock)

    def outcome(self) -> Outcome:
        """What the fetcher has to show."""
        rows = self.rows("select order_id, number, reason, next_attempt_at from waiting")
        held = [Held(row["order_id"], row["number"], Waiting(row["reason"]), row["next_attempt_at"]) for row in rows]
        unread = self.rows("select sha256 from document where evidence ->> 'number' is null")
        return Outcome(self.said(), held, self.kept, frozenset(row["sha256"] for row in unread))

    def terms(self, settled: bool = False, troubles: frozenset[Waiting] = frozenset()) -> Terms:
        """A comparison now, of what the last run left."""
        [last] = self.rows("select max(started_at) as started_at from run where state = 'finished'")
        return Terms(self.clock.now(), last["started_at"], settled, troubles)

    def kept(self, object_key: str) -> bytes:
        """The bytes of a document on the shelf."""
        return (self.folder / "documents" / object_key).read_bytes()

    def said(self) -> list[Event[InvoiceCollected]]:
        """Every invoice.collected, in the order in which it was said."""
        return [event for event in self._events() if isinstance(event.data, InvoiceCollected)]

    def control(self, path: str, body: object) -> Any:
        """A POST to the simulator's control plane; its answer."""
        answer = self.client.post(f"{CONTROL}{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def do(self, **deed: object) -> str:
        """One deed in the account; what it made."""
        [made] = self.control("/deeds", {"deeds": [deed]})
        return made

    def fault(self, operation: str, status: int | str, times: int = 1) -> None:
        """Spoil the next calls of an operation."""
        self.control("/faults", [{"operation": operation, "status": status, "times": times}])

    def calls(self) -> Mapping[str, Mapping[str, int]]:
        """How often each operation was asked, by status."""
        return self.client.get(f"{CONTROL}/calls").json()

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The answer of the database to a query of the test's own."""
        return self.session.cursor(row_factory=dict_row).execute(query.encode()).fetchall()

    def close(self) -> None:
        """Give the connections back."""
        self.session.close()
        self.store.close()

    def _events(self) -> Iterator[Event[Any]]:
        query = "select topic, key, value, header_names, header_values from outbox where value is not null order by stripe, seq"
        for row in self.rows(query):
            headers = tuple(zip(row["header_names"], row["header_values"], strict=True))
            if event := decode(
                Record(row["topic"], 0, 0, 0, row["key"], row["value"], headers), {InvoiceCollected.ce_type: InvoiceCollected}
            ):
                yield event
