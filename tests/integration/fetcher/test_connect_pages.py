"""Connecting and disconnecting as people see it: the App Center's way, each refusal's words, each half's state, test companies, the end."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from services.fetcher.adapters.openings import CONNECTOR
from tests.integration.fetcher.place import Place, acme

DETAIL = "/connectivite/amazon-business"
BACK = "https://www.amazon.fr/b2b/app-center/back?app=1"
PAGES = ("/connectivite", DETAIL, f"{DETAIL}/entreprise", f"{DETAIL}/suivi", f"{DETAIL}/parametres", f"{DETAIL}/entites")
OTHERS = (f"{DETAIL}/historique", f"{DETAIL}/deconnexion")


def query(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def app_center(callback: str = BACK, state: str = "amazon-state") -> str:
    """Where the App Center sends a person."""
    return f"{DETAIL}/app-center?{urlencode({'amazon_callback_uri': callback, 'amazon_state': state})}"


def code(place: Place) -> str:
    """A good code, as Amazon's consent page gives it."""
    asking = place.browser()
    address = asking.decide(place.amazon.consent_page("any"))
    return query(address)["code"]


def test_the_app_center_s_four_steps(place: Place) -> None:
    """
    a person comes from the App Center, unknown here: the company is authorised first, then Amazon is told who goes on
    Amazon calls back with code, state and its own address: the code is used, and the person is led there with the result
    """
    place.enter(acme())
    browser = place.browser()
    shown = browser.get(app_center())
    assert (200, True) == (shown.status_code, "Nom de l'entreprise" in shown.text)
    told = browser.authorise("Atelier Lumière SAS")
    sent = query(told.headers["location"])
    assert (303, True) == (told.status_code, told.headers["location"].startswith(f"{BACK}&"))
    assert ("amazon-state", "authentication_successful") == (sent["amazon_state"], sent["status"])
    assert place.registration.redirect_uri == sent["redirect_uri"]
    returned = {"code": code(place), "state": sent["state"], "amazon_callback_uri": BACK}
    ended = browser.get(f"{DETAIL}/retour?{urlencode(returned)}")
    assert (303, f"{BACK}&status=auth_code_use_successful") == (ended.status_code, ended.headers["location"])
    assert 1 == len(place.rows("select * from connection"))
    again = browser.get(app_center())
    assert (409, True) == (again.status_code, "déjà connectée" in again.text)


def test_a_code_of_the_app_center_that_cannot_be_used(place: Place) -> None:
    """Whoever is known already goes straight on; a bad code leads back with the failure, and the page here says why."""
    place.enter(acme())
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    sent = query(browser.get(app_center()).headers["location"])
    returned = {"code": "invented", "state": sent["state"], "amazon_callback_uri": BACK}
    ended = browser.get(f"{DETAIL}/retour?{urlencode(returned)}")
    assert (303, f"{BACK}&status=auth_code_use_failure") == (ended.status_code, ended.headers["location"])
    shown = browser.get(DETAIL).text
    assert 'data-half="amazon" data-half-state="refused"' in shown
    assert "le code reçu a plus de cinq minutes ou a déjà servi" in shown
    assert [] == place.rows("select * from connection")


@pytest.mark.parametrize("callback", ["https://evil.example/", "http://www.amazon.fr/", "", f"https://www.amazon.fr/{'x' * 3000}"])
def test_no_browser_is_sent_to_strangers(place: Place, callback: str) -> None:
    """Neither at the beginning nor at the end: a good code is not even used."""
    place.enter(acme())
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    assert 400 == browser.get(app_center(callback)).status_code
    if callback and len(callback) < 1000:
        back = f"{browser.decide(browser.go_to_amazon())}&{urlencode({'amazon_callback_uri': callback})}"
        refused = browser.get(back)
        assert (400, True) == (refused.status_code, "ne vient pas d" in refused.text)
        assert [] == place.rows("select * from connection")


@pytest.mark.parametrize(
    ("error", "description", "words", "next_step"),
    [
        ("access_denied", "Access not permitted.", "a été refusé sur la page", "avec un compte administrateur"),
        ("access_denied", "not_administrator", "pas administratrice du compte", "Demandez à un administrateur"),
        ("access_denied", "seller_account", "un compte vendeur", "le compte Amazon Business qui passe les commandes"),
        ("access_denied", "personal_account", "un compte personnel", "ou créez-en un sur amazon.fr/business"),
        ("access_denied", "account_suspended", "est suspendu", "service client"),
        ("access_denied", "account_closed", "est fermé", "un compte Amazon Business actif"),
    ],
)
def test_each_refusal_has_its_words_and_leaves_a_state_to_repeat(
    place: Place, error: str, description: str, words: str, next_step: str
) -> None:
    """The reason and what to do, at once and on the page where it is done again; nothing is stored; then it works."""
    place.enter(acme())
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    state = query(browser.go_to_amazon())["state"]
    answer = browser.get(f"{DETAIL}/retour?{urlencode({'error': error, 'error_description': description, 'state': state})}")
    shown = answer.text.replace("&#39;", "'")
    assert (200, True, True) == (answer.status_code, words in shown, next_step in shown)
    again = browser.get(DETAIL).text.replace("&#39;", "'")
    assert (True, True) == (words in again, next_step in again)
    assert [] == place.rows("select * from connection")
    assert 303 == browser.get(browser.decide(browser.go_to_amazon())).status_code


def test_each_half_has_its_own_state(place: Place) -> None:
    """Nothing, the company, Amazon asked and left in the middle: coming back lands on what is missing."""
    place.enter(acme())
    browser = place.browser()

    def halves() -> list[bool]:
        page = browser.get(DETAIL).text
        return [f'data-half="{half}" data-half-state="{state}"' in page for half, state in HALVES]

    assert [True, False, True, False] == halves()
    browser.authorise("Atelier Lumière SAS")
    assert [False, True, True, False] == halves()
    browser.go_to_amazon()
    assert [False, True, False, True] == halves()


HALVES = [("company", "missing"), ("company", "done"), ("amazon", "missing"), ("amazon", "asked")]


def test_a_plan_that_fell_meanwhile_is_refused_at_the_second_half(place: Place) -> None:
    """The code is used, and the plan is looked at again: nothing is stored; on the pages of a connection the pause is said."""
    place.enter(acme())
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    back = browser.decide(browser.go_to_amazon())
    place.enter(acme(plan="basique"))
    answer = browser.get(back)
    assert (400, True) == (answer.status_code, "incluse dans les abonnements Essentiel et Premium" in answer.text)
    assert [] == place.rows("select * from connection")
    assert 409 == browser.post(f"{DETAIL}/amazon").status_code
    place.enter(acme())
    browser.connect("Atelier Lumière SAS")
    place.enter(acme(plan="basique"))
    assert 'data-state="paused"' in browser.get("/connectivite").text
    assert "la collecte est en pause" in browser.get(f"{DETAIL}/suivi").text


def test_a_test_company_is_marked_on_every_page(place: Place) -> None:
    """Before and after it is connected; a real one nowhere."""
    place.enter(acme(test_environment=True, plan="basique"))
    place.enter(acme(company_id="real", name="Une Autre SAS", siren="732829320"))
    test, real = place.browser(), place.browser()
    test.authorise("Atelier Lumière SAS")
    assert "data-test-environment" in test.get(DETAIL).text
    test.connect("Atelier Lumière SAS")
    real.connect("Une Autre SAS")
    for path in (*PAGES, *OTHERS):
        shown, other = test.get(path), real.get(path)
        assert (200, 200) == (shown.status_code, other.status_code), path
        assert (True, False) == ("data-test-environment" in shown.text, "data-test-environment" in other.text), path
    assert "data-test-environment" in test.get(f"{DETAIL}/retour?state=invented&code=x").text


def test_disconnecting_asks_then_says_what_is_left_to_do(place: Place) -> None:
    """
    the page says what goes and what stays; another session may not, nor a form of another site
    afterwards: no token in any row, where to remove the application at Amazon, the catalogue says not connected
    """
    place.connect_and_collect()
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    assert "est détruit chez nous" in browser.get(f"{DETAIL}/deconnexion").text
    assert 409 == place.browser().post(f"{DETAIL}/deconnexion").status_code
    assert 403 == browser.site.post(f"{DETAIL}/deconnexion").status_code
    before = place.rows("select count(*) from document")
    done = browser.post(f"{DETAIL}/deconnexion").text
    assert "Retirez aussi l'application chez Amazon" in done
    assert "ouvrez « Gérer votre entreprise »" in done
    assert [{"state": "closed", "sealed_refresh_token": None}] == place.rows("select state, sealed_refresh_token from connection")
    assert [] == place.rows("select * from consent")
    assert before == place.rows("select count(*) from document")
    assert 'data-state="none"' in browser.get("/connectivite").text
    assert 409 == browser.post(f"{DETAIL}/deconnexion").status_code
    [(_, _, closed)] = place.said("connection.closed")
    assert (CONNECTOR, "disconnected") == (closed["connector"], closed["reason"])


def test_the_history_shows_the_runs_and_what_is_missing(place: Place) -> None:
    """The first run with what it imported; the next attempt only where something is missing."""
    place.connect_and_collect()
    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    shown = browser.get(f"{DETAIL}/historique").text
    assert 'data-run="initial"' in shown
    assert "<td>Terminée</td><td>16</td>" in shown
    assert "Aucun document ne manque." in shown
    assert 404 == place.browser().get(f"{DETAIL}/historique").status_code
