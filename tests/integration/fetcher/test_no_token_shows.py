"""A token that is known goes through every path, good and bad: it is in no log, metric, page, error, event or row."""

import logging
import threading
import traceback
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from services.fetcher.adapters.amazon import Amazon
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.adapters.connections import StoredConsent
from services.fetcher.adapters.documents import DocumentShelf
from services.fetcher.handler import Collect
from services.fetcher.main import MIGRATIONS
from services.kernel.errors import KernelError
from services.kernel.migrate import migrate
from tests.integration.fetcher.place import SEALER, Browser, Place, acme, new_place
from tests.integration.fetcher.scripted import NumberReader
from tests.integration.fetcher.test_jobs import wait_until

REFRESH, RENEWED, ACCESS, SECRET = "Atzr|CANARY-1", "Atzr|CANARY-2", "Atza|CANARY-3", "amzn1.oa2-cs.v1.CANARY-4"
ECHO = f"you sent {REFRESH} {RENEWED} {ACCESS}"
DETAIL = "/connectivite/amazon-business"

type Answer = Callable[[], httpx.Response]


def refused(status: int) -> Answer:
    """A refusal that repeats what was sent."""
    return lambda: httpx.Response(status, json={"errors": [{"code": ECHO, "message": ECHO, "details": ECHO}]})


def token_refused(error: str, status: int = 400) -> Answer:
    """The same of the token endpoint."""
    return lambda: httpx.Response(status, json={"error": error, "error_description": f"{ECHO} {SECRET}"})


def garbage() -> httpx.Response:
    """An answer nobody can read."""
    return httpx.Response(200, text=f'{{"access_token": "{ACCESS}", "transactions": "{ECHO}", ')


def silence() -> httpx.Response:
    """No answer at all."""
    raise httpx.ConnectTimeout("silence")


def bug() -> httpx.Response:
    """What nobody foresaw."""
    raise ZeroDivisionError("unforeseen")


def granted(refresh_token: str) -> Answer:
    """Tokens."""
    return lambda: httpx.Response(200, json={"access_token": ACCESS, "refresh_token": refresh_token, "expires_in": 3600})


class Amazons:
    """Amazon as the next answers say; then it grants and has nothing."""

    def __init__(self) -> None:
        self.tokens, self.calls = list[Answer](), list[Answer]()
        self.sent = list[str]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """One answer."""
        self.sent.append(f"{request.url} {dict(request.headers)} {request.content!r}")
        if request.url.path.endswith("/token"):
            return self.tokens.pop(0)() if self.tokens else granted(RENEWED)()
        return self.calls.pop(0)() if self.calls else httpx.Response(200, json={"transactions": []})


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Generator[Place]:
    """A fetcher in front of an Amazon that answers what the test wants."""
    migrate(database_url, SERVICE, MIGRATIONS, with_outbox=True)
    place = new_place(database_url, tmp_path)
    known = place.registration
    application = replace(known, client_secret=SECRET, spare_secret=f"{SECRET}5")
    place.amazon = Amazon(application, place.clock, httpx.Client(transport=httpx.MockTransport(AMAZONS.setdefault(tmp_path, Amazons()))))
    place.desk = place.desk_at(place.clock)
    place.open_doors()
    yield place
    place.close()
    place.simulator.stop()


AMAZONS: dict[Path, Amazons] = {}


def amazon_of(place: Place) -> Amazons:
    """The Amazon of this place."""
    return AMAZONS[place.folder]


def test_no_token_shows(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """
    connect after every refusal of the token endpoint, refresh, every refusal of the API, a consent withdrawn, a crash in a job, the end
    the canaries were sent to Amazon, and are nowhere else
    """
    caplog.set_level(logging.DEBUG)
    seen, amazons = list[str](), amazon_of(place)
    with capture_logs() as logged:
        _connect(place, amazons, seen)
        collect = Collect(
            PostgresProgress(place.store), place.desk, DocumentShelf(f"file://{place.folder}/documents"), NumberReader(), place.clock, idle
        )
        _refusals_of_the_api(place, amazons, collect, seen)
        _crash(place, amazons, collect)
        _end(place, amazons, collect, seen)
    shown = [f"{logged}", caplog.text, "".join(f"{vars(record)}" for record in caplog.records), generate_latest().decode(), *seen]
    rows = [place.rows(f"select t::text as row from {table} t") for table in ("connection", "consent", "run", "scan", "procrastinate_jobs")]
    shown += [f"{rows}", f"{[(message.headers, message.value) for message in place.outbox()]}"]
    assert [] == [part[max(0, part.find("CANARY") - 300) : part.find("CANARY") + 100] for part in shown if "CANARY" in part]
    sent = "".join(amazons.sent)
    assert [True] * 4 == [canary.partition("|")[2] in sent or canary in sent for canary in (REFRESH, RENEWED, ACCESS, SECRET)]


def idle() -> None:
    """Nobody asks to stop."""


def _connect(place: Place, amazons: Amazons, seen: list[str]) -> None:
    place.enter(acme())
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    amazons.tokens = [token_refused("invalid_client", 401), token_refused("invalid_client", 401)]
    amazons.tokens += [token_refused("invalid_grant"), token_refused("invalid_request"), garbage, *[silence] * 7, granted(REFRESH)]
    while place.rows("select 1 from connection") == []:
        state = browser.go_to_amazon().partition("state=")[2].partition("&")[0]
        seen.append(browser.get(f"{DETAIL}/retour?code=a-code&state={state}").text)
    seen.extend(_pages(browser))


def _pages(browser: Browser) -> list[str]:
    return [browser.get(path).text for path in ("/connectivite", DETAIL, f"{DETAIL}/suivi", f"{DETAIL}/parametres", f"{DETAIL}/historique")]


def _refusals_of_the_api(place: Place, amazons: Amazons, collect: Collect, seen: list[str]) -> None:
    troubles: list[list[Answer]] = [
        *([refused(status)] for status in (400, 404, 413, 302)),
        [refused(500)] * 7,
        [silence] * 7,
        [garbage],
        [bug],
    ]
    for answers in troubles:
        amazons.calls = list(answers)
        try:
            collect(place.runs()[0])
        except (KernelError, ZeroDivisionError) as trouble:
            seen.append(f"{trouble!r} {trouble} {trouble.args} {traceback.format_exc()}")
        else:
            raise AssertionError("a run that Amazon refuses does not end well")
    run = PostgresProgress(place.store).run(place.runs()[0])
    held: list[Any] = [
        place.amazon,
        place.desk,
        place.desk.open(run),
        place.amazon.application,
        StoredConsent(place.store, SEALER, run),
        SEALER,
    ]
    seen.append(f"{held!r}")


def _crash(place: Place, amazons: Amazons, collect: Collect) -> None:
    amazons.calls = [bug]
    stop = threading.Event()
    thread = threading.Thread(target=place.worker(collect, idle).run, args=(stop,), daemon=True)
    thread.start()
    wait_until(lambda: place.rows("select 1 from procrastinate_jobs where task_name = 'collect' and attempts > 0 and status = 'todo'"))
    stop.set()
    thread.join(10)


def _end(place: Place, amazons: Amazons, collect: Collect, seen: list[str]) -> None:
    """Denied with a fresh token, answering again, withdrawn, and disconnected."""
    amazons.calls = [refused(403), refused(403)]
    collect(place.runs()[0])
    collect(place.runs()[0])
    place.clock.sleep(3600)
    amazons.calls, amazons.tokens = [], [token_refused("invalid_grant")]
    collect(place.start_daily_run("2026-11-24"))
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    seen.extend(_pages(browser))
    seen.append(browser.post(f"{DETAIL}/deconnexion").text)
    assert ["access_denied", "consent_withdrawn"] == [data["reason"] for _, _, data in place.said("connection.broken")]
    assert [{"state": "closed"}] == place.rows("select state from connection")
