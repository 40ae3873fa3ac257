"""The commands, as processes: migrate, company, run, end."""

import json
import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from deploy.local.processes import free_port
from schemas.import_finished.v1 import ImportFinished
from schemas.registry import topic_for, topics
from schemas.values import RunCounts
from services.fetcher.config import WebNotLocal
from services.kernel.clock import instant
from services.kernel.envelope import Event, encode
from services.kernel.kafka import KafkaSender, KafkaSource
from tests.integration.fetcher.place import Browser, Place, acme, new_place, public_url
from tests.integration.fetcher.test_jobs import wait_until
from tests.support.kernel import headers

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Generator[Place]:
    """The simulator and an empty database; the fetcher comes as a process."""
    place = new_place(database_url, tmp_path)
    yield place
    place.close()
    place.simulator.stop()


def environment(place: Place, bootstrap: str) -> dict[str, str]:
    """What an operator sets."""
    registration = place.registration
    return {
        "PATH": os.environ["PATH"],
        "ACHATS_KAFKA": bootstrap,
        "ACHATS_FETCHER_DATABASE_URL": place.url,
        "ACHATS_FETCHER_HEALTH_PORT": str(free_port()),
        "ACHATS_FETCHER_WEB": f"127.0.0.1:{place.web_port}",
        "ACHATS_PUBLIC_URL": public_url(place.web_port),
        "ACHATS_SESSION_KEY": "session-key",
        "ACHATS_DOCUMENTS_URL": f"file://{place.folder}/documents",
        "ACHATS_CONTACT_KEYS": f"k1:{b64encode(b'c' * 32).decode()}",
        "ACHATS_FETCHER_TOKEN_KEYS": f"k1:{b64encode(b't' * 32).decode()}",
        "ACHATS_CLOCK": f"{place.clock.origin.isoformat()}@{place.clock.epoch}*{place.clock.speed}",
        "ACHATS_AMAZON_API": registration.api_url,
        "ACHATS_AMAZON_CONSENT": registration.consent_url,
        "ACHATS_AMAZON_TOKEN_URL": registration.token_url,
        "ACHATS_AMAZON_APPLICATION_ID": registration.application_id,
        "ACHATS_AMAZON_CLIENT_ID": registration.client_id,
        "ACHATS_AMAZON_CLIENT_SECRET": registration.client_secret,
    }


def command(environ: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """`achats-fetcher` with these arguments."""
    given = [sys.executable, "-m", "services.fetcher.main", *arguments]
    return subprocess.Popen(given, cwd=CHECKOUT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_from_the_company_s_file_to_an_active_connection(place: Place, bootstrap: str) -> None:
    """migrate, company, run, both consents; every document and the marker on Kafka; import.finished comes back; SIGTERM ends it with 0."""
    environ = environment(place, bootstrap)
    file = place.folder / "company.json"
    file.write_text(json.dumps(acme()), encoding="utf-8")
    assert 0 == command(environ, "migrate").wait(60)
    assert 0 == command(environ, "company", str(file)).wait(60)
    process = command(environ)
    try:
        Browser(httpx.Client(base_url=public_url(place.web_port), transport=httpx.HTTPTransport(retries=8))).connect("Atelier Lumière SAS")
        run_id = read_the_run(bootstrap)
        answer(place, bootstrap, run_id)
        wait_until(lambda: place.rows("select 1 from connection where state = 'active'"))
        assert 200 == httpx.get(f"http://127.0.0.1:{environ['ACHATS_FETCHER_HEALTH_PORT']}/ready").status_code
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=15)
    assert 0 == process.returncode, output.decode()
    assert b"Atz" not in output
    assert b"code=" not in output


def read_the_run(bootstrap: str) -> str:
    """Read the collected topic up to the marker: sixteen documents before it, or it is no whole run; the run's id."""
    collected = [topic.name for topic in topics() if "invoice_collected" in topic.says.get("fetcher", ())]
    source, records = KafkaSource(bootstrap, f"test-{free_port()}", collected), list[dict[str, str]]()

    def marker_came() -> bool:
        polled = [{name: value.decode() for name, value in headers(record).items()} for record in source.poll(100, 0.2)]
        records.extend(headers for headers in polled if headers["ce_companyid"] == "acme")
        return any("collection.finished" in headers["ce_type"] for headers in records)

    wait_until(marker_came, 60)
    source.close()
    assert [*map(str, range(1, 17)), None] == [headers.get("ce_runseq") for headers in records]
    return records[-1]["ce_runid"]


def answer(place: Place, bootstrap: str, run_id: str) -> None:
    """Say import.finished, as the ledger would."""
    [connection] = place.rows("select connection_id from connection")
    data = ImportFinished(
        company_id="acme",
        connection_id=connection["connection_id"],
        run_id=run_id,
        revision=1,
        kind="initial",
        counts=RunCounts(collected=16, recorded=16, no_entry=0, archived=0, held=0, parked=0, duplicates=0),
        waiting=(),
        window_from=place.clock.origin.date(),
        window_to=place.clock.origin.date(),
        finished_at=instant(place.clock.now()),
        test_environment=False,
    )
    message = encode(Event(f"import-{run_id}", "/achats/ledger", instant(place.clock.now()), data), topic_for("ledger", ImportFinished))
    assert 1 == KafkaSender(bootstrap, "test").send([message])


def test_pages_are_not_served_to_the_world(place: Place) -> None:
    """Without sign-in, another address than loopback is refused in a sentence; so is a missing setting, by its name."""
    environ = environment(place, "127.0.0.1:1")
    process = command({**environ, "ACHATS_FETCHER_WEB": "0.0.0.0:8080"})
    output, _ = process.communicate(timeout=40)
    assert 0 != process.returncode
    assert str(WebNotLocal.__doc__) in output.decode()
    environ.pop("ACHATS_SESSION_KEY")
    output, _ = command(environ).communicate(timeout=40)
    assert "ACHATS_SESSION_KEY is missing or unreadable. Set it to a long random text that signs the session cookie." in output.decode()


def test_read_says_what_a_pdf_says(place: Place) -> None:
    """One line of JSON per file."""
    file = place.folder / "no.pdf"
    file.write_bytes(b"not a pdf")
    output, _ = command({"PATH": os.environ["PATH"]}, "read", str(file), str(file)).communicate(timeout=40)
    assert ["none", "none"] == [json.loads(line)["reading"] for line in output.splitlines()]
