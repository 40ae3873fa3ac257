"""A consent that is withdrawn while a run is under way, and given again."""

import threading

from schemas.import_finished.v1 import ImportFinished
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.companies import Companies
from services.fetcher.handler import ImportEnds
from services.kernel.loop import OncePerEvent
from tests.integration.fetcher.place import Browser, Place, acme
from tests.integration.fetcher.test_jobs import finished, wait_until

PROGRESS = "/connectivite/amazon-business/suivi"


class RevokedInTheMiddle:
    """Once a document is there: the next one asked for is refused, and so is the token asked for then. Needs few requests at once."""

    def __init__(self, place: Place) -> None:
        self._place, self._done = place, False

    def __call__(self) -> None:
        """One step of the run."""
        if not self._done and self._place.rows("select 1 from document"):
            self._done = True
            self._place.fault("getReportDocument", 401, 1)
            self._place.fault("token", 400, 1)


def consent_again(browser: Browser) -> None:
    """The second half alone: the company is still authorised in this session."""
    assert 303 == browser.get(browser.decide(browser.go_to_amazon())).status_code


def test_a_consent_withdrawn_in_the_middle_is_given_again(place: Place) -> None:
    """
    some documents are there when Amazon refuses first the access token, then the refresh token
    nothing is said, nothing is lost, no daily run is started; the page says what to do
    the same company consents again: the same connection, the open run goes on, each document once; and it becomes active
    """
    place.enter(acme())
    browser = place.browser()
    browser.connect("Atelier Lumière SAS")
    stop = threading.Event()
    worker = place.worker(place.collect(RevokedInTheMiddle(place), at_once=2))
    thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    wait_until(lambda: place.rows("select 1 from connection where state = 'broken'"))
    before = place.rows("select connection_id, opened_at from connection")
    assert [] == place.said("invoice.collected", "collection.finished")
    place.desk.start_due_runs()
    assert 1 == len(place.runs())
    page = browser.get(PROGRESS).text
    assert "Amazon ne reconnaît plus l'accord donné par votre entreprise" in page
    assert "Un administrateur du compte Amazon Business doit donner à nouveau son accord" in page
    assert "Reconnecter Amazon Business" in page

    consent_again(browser)
    wait_until(lambda: 2 == len(place.said("collection.finished")))
    stop.set()
    thread.join(10)
    assert before == place.rows("select connection_id, opened_at from connection")
    said = place.said("invoice.collected")
    assert {one["sha256"] for one in place.truth()} == {data["document"]["sha256"] for _, _, data in said}
    assert (16, [16, 0]) == (len(said), sorted((data["emitted"] for _, _, data in place.said("collection.finished")), reverse=True))
    listen = OncePerEvent(place.store, SERVICE, "parked", {ImportFinished: ImportEnds(Companies, place.clock)}, place.clock)
    listen(finished(place, place.runs()[-1]))
    assert ["active"] == [one["state"] for one in place.said("company.described")[-1][2]["connections"]]
