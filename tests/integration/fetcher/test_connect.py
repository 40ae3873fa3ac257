"""Connecting, as the help article tells it, and every way in which it can fail: in words, and repeatable."""

from datetime import timedelta

import pytest

from services.fetcher.domain.identity import digest
from tests.integration.fetcher.place import ORIGIN, SEALER, Place, acme

DETAIL = "/connectivite/amazon-business"


def test_both_consents_open_a_connection(place: Place) -> None:
    """One transaction: connection, first run, its job, and three events; the token is sealed."""
    place.enter(acme())
    browser = place.browser()
    assert 'data-state="none"' in browser.get("/connectivite?q=amazon").text
    browser.connect("atelier lumière sas")
    assert 'data-state="initialising"' in browser.get("/connectivite").text
    [connection] = place.rows("select * from connection")
    assert ("acme", "initialising", "A13V1IB3VIYZZH") == (connection["company_id"], connection["state"], connection["marketplace_id"])
    assert "Atzr" not in connection["sealed_refresh_token"]
    assert place.runs() == place.jobs()
    assert ["company.described", "contact.described"] == sorted(
        {name for name, _, _ in place.said("company.described", "contact.described")}
    )
    [(_, _, opened)] = place.said("connection.opened")
    assert (connection["connection_id"], True, False) == (opened["connection_id"], opened["automatic_import"], opened["test_environment"])
    described = place.said("company.described")[-1][2]
    assert ["initialising"] == [one["state"] for one in described["connections"]]


def test_the_contact_opens_for_its_company_only(place: Place) -> None:
    """The notifier can read the address; nobody reads it in the event."""
    place.enter(acme())
    [(_, _, contact)] = place.said("contact.described")
    assert "compta@atelier.example" == SEALER.open(contact["sealed_address"], "acme").decode()
    assert b"compta@" not in b"".join(message.value or b"" for message in place.outbox())


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({}, "Une Autre SAS", "Aucune entreprise ne porte ce nom."),
        ({"plan": "basique"}, "Atelier Lumière SAS", "incluse dans les abonnements Essentiel et Premium"),
    ],
)
def test_an_authorisation_that_is_refused(place: Place, changes: dict[str, str], name: str, words: str) -> None:
    """Unknown name, plan below Essentiel: the form again, with the reason and what was typed."""
    place.enter(acme(**changes))
    answer = place.browser().authorise(name)
    assert 422 == answer.status_code
    assert words in answer.text
    assert name in answer.text


def test_a_test_environment_needs_no_plan(place: Place) -> None:
    """The help article's exception."""
    place.enter(acme(plan="basique", test_environment=True))
    place.browser().connect("Atelier Lumière SAS")
    assert True is place.said("connection.opened")[0][2]["test_environment"]


def test_a_refused_consent_leaves_nothing_and_can_be_repeated(place: Place) -> None:
    """No on Amazon's page, then yes: the first half stands, the second begins anew."""
    place.enter(acme())
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    answer = browser.get(browser.decide(browser.go_to_amazon(), "refuse"))
    assert 200 == answer.status_code
    assert "a été refusé sur la page d&#39;Amazon" in answer.text
    assert [] == place.rows("select * from connection")
    assert 303 == browser.get(browser.decide(browser.go_to_amazon())).status_code
    assert 1 == len(place.rows("select * from connection"))


def test_amazon_silent_during_the_exchange_is_said_and_can_be_repeated(place: Place) -> None:
    """503 at every try: a page in words, nothing stored; a minute later it works."""
    place.enter(acme())
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    place.fault("token", 503, 7)
    answer = browser.get(browser.decide(browser.go_to_amazon()))
    assert 503 == answer.status_code
    assert "ne répond pas pour le moment" in answer.text
    assert [] == place.rows("select * from connection")
    assert 303 == browser.get(browser.decide(browser.go_to_amazon())).status_code


def test_a_state_works_once_in_its_own_session(place: Place) -> None:
    """An invented state, another browser's, then the right one, then the same again."""
    place.enter(acme())
    browser, stranger = place.browser(), place.browser()
    browser.authorise("Atelier Lumière SAS")
    back = browser.decide(browser.go_to_amazon())
    for refused in (browser.get(f"{DETAIL}/retour?code=x&state=invented"), stranger.get(back)):
        assert 400 == refused.status_code
        assert "ne correspond à aucune demande de cette session" in refused.text
    assert [] == place.rows("select * from connection")
    assert 303 == browser.get(back).status_code
    assert 400 == browser.get(back).status_code
    assert 1 == len(place.rows("select * from connection"))


def test_a_state_lives_ten_minutes_and_is_stored_hashed(place: Place) -> None:
    """Eleven minutes on Amazon's page: refused in words, and used up."""
    place.enter(acme())
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    page = browser.go_to_amazon()
    state = page.partition("state=")[2].partition("&")[0]
    [row] = place.rows("select state_hash, expires_at from consent")
    assert digest(state) == row["state_hash"]
    assert timedelta(minutes=9) < row["expires_at"] - ORIGIN
    back = browser.decide(page)
    place.clock.sleep(11 * 60)
    answer = browser.get(back)
    assert 400 == answer.status_code
    assert "plus de dix minutes" in answer.text
    assert [] == place.rows("select * from connection")


def test_a_company_connects_once(place: Place) -> None:
    """Somebody else authorises the connected company: the page shows it as connected, and Amazon is not asked."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    other = place.browser()
    other.authorise("Atelier Lumière SAS")
    assert 'data-state="initialising"' in other.get(DETAIL).text
    answer = other.post(f"{DETAIL}/amazon")
    assert 409 == answer.status_code
    assert "déjà connectée" in answer.text


def test_a_form_of_another_site_is_refused(place: Place) -> None:
    """No token, no deed."""
    place.enter(acme())
    browser = place.browser()
    browser.get(DETAIL)
    answer = browser.site.post(f"{DETAIL}/entreprise", data={"name": "Atelier Lumière SAS"})
    assert 403 == answer.status_code
    assert [] == place.rows("select * from consent")


def test_pages_tell_the_browser_to_keep_quiet(place: Place) -> None:
    """No referrer leaks a code, the cookie stays on this site and out of scripts."""
    answer = place.browser().get(DETAIL)
    assert "no-referrer" == answer.headers["referrer-policy"]
    assert "samesite=lax" in answer.headers["set-cookie"].lower()
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert (307, "/connectivite") == ((root := place.browser().get("/")).status_code, root.headers["location"])


def test_settings_take_thirty_days_and_not_more(place: Place) -> None:
    """31 days before the connection is refused with the reason; 30 days make a new revision that is said."""
    place.enter(acme(settings={}))
    browser = place.browser()
    browser.connect("Atelier Lumière SAS")
    assert ("2026-11-23", False) == settings(place)
    refused = browser.post(f"{DETAIL}/parametres", automatic_import="on", import_start="2026-10-23")
    assert 422 == refused.status_code
    assert "plus de 30 jours" in refused.text
    assert "migration d&#39;historique" in refused.text
    revision = place.said("company.described")[-1][2]["settings"]["revision"]
    assert 303 == browser.post(f"{DETAIL}/parametres", automatic_import="on", import_start="2026-10-24").status_code
    assert ("2026-10-24", True) == settings(place)
    assert revision + 1 == place.said("company.described")[-1][2]["settings"]["revision"]
    assert "checked" in browser.get(f"{DETAIL}/parametres").text


def settings(place: Place) -> tuple[str, bool]:
    """Start date and switch, as last said."""
    said = place.said("company.described")[-1][2]["settings"]
    return said["import_start"], said["automatic_import"]


@pytest.mark.parametrize("token", ["-", "", "é"])
def test_a_form_without_a_session_is_refused(place: Place, token: str) -> None:
    """A page of another site sends a form without our cookie: no token is right, least of all the one nobody has."""
    answer = place.browser().site.post("/connectivite/amazon-business/entreprise", data={"csrf": token, "name": "Acme"})
    assert 403 == answer.status_code


@pytest.mark.parametrize("path", ["/connectivite", "/connectivite/"])
def test_only_our_own_host_is_answered_to(place: Place, path: str) -> None:
    """A name that was pointed at this machine (DNS rebinding) gets nothing, and no redirect repeats it."""
    assert 400 == place.browser().site.get(path, headers={"host": "evil.example"}).status_code
