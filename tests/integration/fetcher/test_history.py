"""What people ask for on the pages: a synchronisation now, and the history of half a year ago, by a worker on the real queue."""

import re
import threading
from collections.abc import Generator
from contextlib import contextmanager

from services.fetcher.adapters.backfill import Backfill
from tests.integration.fetcher.place import Browser, Place, acme
from tests.integration.fetcher.test_jobs import wait_until

DETAIL = "/connectivite/amazon-business"
HISTORY, PROGRESS = f"{DETAIL}/migration", f"{DETAIL}/suivi"


@contextmanager
def working(place: Place) -> Generator[None]:
    """A worker of both queues in a thread."""
    stop, collect = threading.Event(), place.collect()
    backfill = Backfill(place.store, place.desk, collect, place.clock)
    thread = threading.Thread(target=place.worker(collect, backfills=backfill).run, args=(stop,), daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def state_of(browser: Browser) -> str:
    """Where the latest migration stands, as its page shows it."""
    found = re.search(r'data-state="(\w+)"\s*>\s*<h2>', browser.get(HISTORY).text)
    return found[1] if found else ""


def decide(browser: Browser, decision: str, **more: str) -> tuple[int, str]:
    """Send a form of the page about the latest migration."""
    found = re.search(r'data-migration="([^"]+)"', browser.get(HISTORY).text)
    answer = browser.post(HISTORY, decision=decision, who="Jeanne Martin", migration=found[1] if found else "", **more)
    return answer.status_code, answer.text


def test_a_history_is_asked_for_estimated_accepted_and_imported(place: Place) -> None:
    """
    the import starts on the day of the connection, so that none of the sixteen documents is imported
    a migration from three months before: estimated, accepted, imported by its own run; the page tells its whole story
    """
    place.enter(acme(settings={"automatic_import": True}))
    browser = place.browser()
    browser.connect("Atelier Lumière SAS")
    with working(place):
        wait_until(lambda: place.said("collection.finished"))
        assert [] == place.said("invoice.collected")
        assert "Cette date est à 30 jours au plus" in decide(browser, "demander", since="2026-11-01")[1]
        assert "Le nom de la personne" in browser.post(HISTORY, decision="demander", since="2026-08-23", who=" ").text
        assert 303 == decide(browser, "demander", since="2026-08-23")[0]
        wait_until(lambda: "estimated" == state_of(browser))
        assert "La référence du devis accepté manque." in decide(browser, "accepter", reference=" ")[1]
        assert 303 == decide(browser, "accepter", reference="D-2026-12")[0]
        wait_until(lambda: "done" == state_of(browser), seconds=60)
    page = browser.get(HISTORY).text
    assert "service payant" in page
    assert "par Jeanne Martin, devis D-2026-12" in page
    assert 'data-emitted="16"' in page
    assert {"history"} == {data["kind"] for _, _, data in place.said("collection.finished")[1:]}
    assert {one["sha256"] for one in place.truth()} == {data["document"]["sha256"] for _, _, data in place.said("invoice.collected")}
    assert {"2026-08-23"} == {data["settings"]["import_start"] for _, _, data in place.said("invoice.collected")}


def test_synchronise_now(place: Place) -> None:
    """The button starts a run; a second click says why it does not; a forged form and a company without connection start nothing."""
    place.connect_and_collect()
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    assert "Synchroniser maintenant" in browser.get(PROGRESS).text
    place.rows("update run set started_at = started_at + interval '1 day' returning run_id")
    refused = browser.post(f"{DETAIL}/synchroniser")
    assert (409, True) == (refused.status_code, "moins de quinze minutes" in refused.text)
    place.rows("update run set started_at = started_at - interval '2 days' returning run_id")
    assert 303 == browser.post(f"{DETAIL}/synchroniser").status_code
    assert ["initial", "sync_now"] == [row["kind"] for row in place.rows("select kind from run order by started_at")]
    assert 403 == browser.site.post(f"{DETAIL}/synchroniser", data={"csrf": "forged"}).status_code
    stranger = place.browser()
    assert "Aucune connexion" in stranger.post(f"{DETAIL}/synchroniser").text
    assert "Aucune connexion" in stranger.get(HISTORY).text
