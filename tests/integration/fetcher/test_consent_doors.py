"""Consents and tokens that are not what they should be: said in French with what to do, repeatable, and nothing lost or shown."""

import logging
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.main import MIGRATIONS
from services.kernel.migrate import migrate
from tests.integration.fetcher.place import Browser, Place, acme, new_place

OTHER = acme(company_id="other", name="Une Autre SAS", siren="732829320")
NOT_EXCHANGED = "Amazon n&#39;a pas confirmé votre accord : le code reçu a plus de cinq minutes ou a déjà servi."
REFUSES_US = "Amazon refuse pour le moment les demandes de notre application."
UNKNOWN = "Ce retour d&#39;Amazon ne correspond à aucune demande de cette session, ou il a déjà servi."


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Generator[Place]:
    """A place whose clock runs as the world's: what lives five or ten minutes does not end because the machine is busy."""
    migrate(database_url, SERVICE, MIGRATIONS, with_outbox=True)
    place = new_place(database_url, tmp_path, speed=1)
    place.open_doors()
    yield place
    place.close()
    place.simulator.stop()


def authorised(place: Place, company: dict[str, Any]) -> Browser:
    """A browser whose session may connect this company."""
    place.enter(company)
    browser = place.browser()
    assert 303 == browser.authorise(company["name"]).status_code
    return browser


def parameter(name: str, address: str) -> str:
    """A parameter of an address, as it stands there."""
    found = re.search(rf"[?&]{name}=([^&]+)", address)
    assert found is not None
    return found[1]


def refused(answer: httpx.Response, sentence: str, next_action: str) -> None:
    """The page says what is the matter and what to do."""
    assert 400 == answer.status_code
    assert sentence in answer.text
    assert next_action in answer.text


def connected(place: Place) -> list[str]:
    """The companies that have a connection, by the rows and by what was said."""
    companies = [row["company_id"] for row in place.rows("select company_id from connection order by 1")]
    assert companies == sorted(data["company_id"] for _, _, data in place.said("connection.opened"))
    return companies


def test_a_code_that_is_not_exchanged_leaves_nothing_and_the_next_one_works(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """
    a code of nobody, a code that opened another company's connection, a code of six minutes, our application refused
    each with a sentence and a next action, and no trace; then a fresh code, and the connection is there
    none of the codes, states and tokens is in a log
    """
    caplog.set_level(logging.WARNING)  # as every service has it: below, libraries tell every address
    with capture_logs() as logged:
        other = authorised(place, OTHER)
        used = other.decide(other.go_to_amazon())
        assert 303 == other.get(used).status_code
        browser = authorised(place, acme())
        backs = [used]
        for code in ("invented", parameter("code", used)):
            back = browser.decide(browser.go_to_amazon())
            backs.append(back)
            refused(browser.get(back.replace(parameter("code", back), code)), NOT_EXCHANGED, "Recommencez la connexion.")
        backs.append(browser.decide(browser.go_to_amazon()))
        place.let_amazon_age(6 * 60)
        refused(browser.get(backs[-1]), NOT_EXCHANGED, "Recommencez la connexion.")
        backs.append(browser.decide(browser.go_to_amazon()))
        place.fault("token", 401, 1)
        refused(browser.get(backs[-1]), REFUSES_US, "prévenez l&#39;assistance")
        assert ["other"] == connected(place)
        backs.append(browser.decide(browser.go_to_amazon()))
        assert 303 == browser.get(backs[-1]).status_code
    assert ["acme", "other"] == connected(place)
    assert {"status": 401, "code": "invalid_client"}.items() <= next(one for one in logged if one["event"] == "application_refused").items()
    secrets = ["Atzr", "Atza", *(parameter(name, back) for back in backs for name in ("code", "state"))]
    assert [] == [secret for secret in secrets if secret in f"{logged}{caplog.text}"]


def test_a_state_belongs_to_one_session_and_one_company(place: Place) -> None:
    """
    one session begins for two companies, and comes back in the order it began
    each return connects the company it was begun for; in another session, and a second time, it connects nothing
    """
    browser = authorised(place, acme())
    for_acme = browser.decide(browser.go_to_amazon())
    place.enter(OTHER)
    browser.authorise("Une Autre SAS")
    for_other = browser.decide(browser.go_to_amazon())
    stranger = authorised(place, acme())
    refused(stranger.get(for_acme), UNKNOWN, "Recommencez la connexion depuis la page Amazon Business.")
    assert [] == connected(place)
    assert 303 == browser.get(for_acme).status_code
    assert ["acme"] == connected(place)
    assert 303 == browser.get(for_other).status_code
    for replayed in (for_acme, for_other, for_other.replace(parameter("code", for_other), parameter("code", for_acme))):
        refused(browser.get(replayed), UNKNOWN, "Recommencez la connexion depuis la page Amazon Business.")
    assert ["acme", "other"] == connected(place)
    assert 2 == len(place.jobs())
