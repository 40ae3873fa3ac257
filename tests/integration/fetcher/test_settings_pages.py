"""The settings: the switch, the start date and its preview, and whose purchases they are. What they change is imported once."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.fetcher.adapters.showing import Showing
from tests.integration.fetcher.place import TODAY, Browser, Place, acme
from tests.integration.fetcher.scripted import Scripted, charge, collect, detail

DETAIL = "/connectivite/amazon-business"
SETTINGS, PREVIEW, ENTITIES = f"{DETAIL}/parametres", f"{DETAIL}/parametres/apercu", f"{DETAIL}/entites"


def connected(place: Place, **settings: Any) -> Browser:
    """A person in front of a connection whose first run has not begun."""
    place.enter(acme(settings=settings))
    browser = place.browser()
    browser.connect("Atelier Lumière SAS")
    return browser


def imported(place: Place) -> list[str]:
    """The documents that were said, by their hash."""
    return [data["document"]["sha256"] for _, _, data in place.said("invoice.collected")]


def issued_since(place: Place, start: date) -> set[str]:
    """The documents of the account issued on this day or later."""
    return {one["sha256"] for one in place.truth() if one["date"] >= start.isoformat()}


def work(place: Place) -> None:
    """Every job that waits."""
    for run_id in dict.fromkeys(place.jobs()):
        place.collect()(run_id)


def test_off_nothing_on_everything_once_off_and_on_again(place: Place) -> None:
    """
    the first run with the switch off: collected, nothing into the books, and the marker says how many
    on: all of them, each once; off: nothing more; on again: no gap and no duplicate
    """
    start = TODAY - timedelta(days=30)
    browser = connected(place, import_start=start.isoformat())
    work(place)
    assert [] == imported(place)
    [(_, _, finished)] = place.said("collection.finished")
    wanted = issued_since(place, start)
    assert len(wanted) == next(one["count"] for one in finished["waiting"] if one["reason"] == "import_disabled")
    preview = browser.post(PREVIEW, import_start=start.isoformat(), automatic_import="on")
    assert f'data-preview="{len(wanted)}"' in preview.text
    for switch in ({"automatic_import": "on"}, {}, {"automatic_import": "on"}):
        assert 303 == browser.post(SETTINGS, import_start=start.isoformat(), **switch).status_code
        work(place)
    place.daily_run()
    assert (wanted, len(wanted)) == (set(imported(place)), len(imported(place)))
    assert 'data-preview="0"' in browser.post(PREVIEW, import_start=start.isoformat()).text


def test_another_start_during_the_initialisation_changes_what_is_imported_once(place: Place) -> None:
    """The person goes back 20 days before the first run is through: exactly those are imported, each once, over both runs."""
    browser = connected(place, automatic_import=True)
    start = TODAY - timedelta(days=20)
    assert 303 == browser.post(SETTINGS, automatic_import="on", import_start=start.isoformat()).status_code
    work(place)
    assert 2 == len(place.runs())
    wanted = issued_since(place, start)
    assert (wanted, len(wanted)) == (set(imported(place)), len(imported(place)))


@pytest.mark.parametrize("script", [True, False])
def test_the_preview_refuses_what_the_settings_refuse(place: Place, script: bool) -> None:
    """31 days back: the reason and what to do, as a part of the page for a script, as the page without one; what was typed stays."""
    browser = connected(place)
    page = browser.get(SETTINGS).text
    token = page.partition('name="csrf" value="')[2].partition('"')[0]
    headers = {"hx-request": "true"} if script else {}
    typed = {"csrf": token, "import_start": "2026-10-23", "automatic_import": "on"}
    answer = browser.site.post(PREVIEW, data=typed, headers=headers)
    assert (200 if script else 422, True) == (answer.status_code, "plus de 30 jours" in answer.text)
    assert script == ("<html" not in answer.text)
    assert script or 'value="2026-10-23"' in answer.text
    good = browser.site.post(PREVIEW, data={**typed, "import_start": "2026-10-24"}, headers=headers).text
    assert 'data-preview="0"' in good
    assert "la collecte est en cours" in good
    assert 200 == browser.get("/connectivite/static/htmx.min.js").status_code


def bought(line: str, order: str, entity: str | None) -> dict[str, Any]:
    """A payment of this entity."""
    return {**charge(line, order), "legalEntityName": entity}


def account(*entities: str | None) -> Scripted:
    """An order, a number and a PDF for each of these entities."""
    orders = [f"171-{n:07}-0000001" for n in range(len(entities))]
    charges = [bought(f"L{n}", order, entities[n]) for n, order in enumerate(orders)]
    details = {f"L{n}": [detail(f"FR-{n}")] for n in range(len(entities))}
    return Scripted(charges, details, {order: f"%PDF-FR-{n}".encode() for n, order in enumerate(orders)})


def numbers(place: Place) -> list[str]:
    """The numbers that were said."""
    return [data["stated"]["number"]["value"] for _, _, data in place.said("invoice.collected")]


def waiting(place: Place) -> dict[str, int]:
    """What waits after the last run."""
    return {one["reason"]: one["count"] for one in place.said("collection.finished")[-1][2]["waiting"]}


def test_an_account_of_one_entity_asks_nothing(place: Place) -> None:
    """Whatever its name, and though Amazon leaves it out once."""
    browser = connected(place, automatic_import=True, import_start="2026-11-01")
    collect(place, account("Une Filiale SARL", None, "Une Filiale SARL "), place.runs()[0])
    assert (["FR-0", "FR-1", "FR-2"], {}) == (sorted(numbers(place)), waiting(place))
    assert "que d'une entité juridique" in browser.get(ENTITIES).text


def test_two_entities_wait_for_a_choice_and_the_other_s_never_come(place: Place) -> None:
    """
    two entities and a nameless purchase: all wait, with their count; the one that bears the company's name is proposed
    the person chooses it: its documents are imported at once, the other's and the nameless are another's
    """
    browser = connected(place, automatic_import=True, import_start="2026-11-01")
    group = account("ATELIER LUMIÈRE SAS", "Une Filiale SARL", None)
    collect(place, group, place.runs()[0])
    assert ([], {"entity_unknown": 3}) == (numbers(place), waiting(place))
    shown = browser.get(ENTITIES).text
    assert 'value="ATELIER LUMIÈRE SAS" checked' in shown
    assert 'value="Une Filiale SARL">' in shown
    assert 'data-entity="Une Filiale SARL" data-documents="1"' in shown
    assert 'data-preview="0"' in browser.post(PREVIEW, import_start="2026-11-01").text
    assert 422 == browser.post(ENTITIES, entity="Inventée SAS").status_code
    assert 303 == browser.post(ENTITIES, entity="ATELIER LUMIÈRE SAS").status_code
    collect(place, group, place.runs()[-1])
    assert (["FR-0"], {"other_entity": 2}) == (numbers(place), waiting(place))


def test_a_second_entity_that_appears_later_is_held_and_the_first_goes_on(place: Place) -> None:
    """What was imported settled its entity; the new name waits, and so does a changed spelling of the first."""
    connected(place, automatic_import=True, import_start="2026-11-01")
    collect(place, account("Atelier Lumière SAS"), place.runs()[0])
    run_id = place.start_daily_run("2026-11-24")
    collect(place, account("Atelier Lumière SAS", "Atelier Lumière SAS", "Une Filiale SARL", "Atelier Lumiere"), run_id)
    assert (["FR-0", "FR-1"], {"entity_unknown": 2}) == (sorted(numbers(place)), waiting(place))
    with place.store.transaction() as transaction:
        [connection] = {row["connection_id"] for row in place.rows("select connection_id from connection")}
        shown = Showing(transaction, connection).entities()
    assert [("Atelier Lumiere", None, 1), ("Atelier Lumière SAS", True, 2), ("Une Filiale SARL", None, 1)] == [
        (one.name, one.ours, one.documents) for one in shown
    ]


def test_what_is_missing_is_shown_with_its_reason(place: Place) -> None:
    """A number without its PDF, a payment without a number, one announced as pending; what came is not among them."""
    browser = connected(place, automatic_import=True, import_start="2026-11-01")
    whole = account("A", "A", "A", "A")
    orders = sorted(whole.payloads)
    for order in orders[1:]:
        del whole.payloads[order]
    whole.details["L2"], whole.details["L3"] = [detail(None)], [detail(None, pending=True)]
    collect(place, whole, place.runs()[0])
    shown = browser.get(f"{DETAIL}/historique").text
    reasons = [part.partition('"')[0] for part in shown.split('data-missing="')[1:]]
    assert ["document_missing", "number_pending", "number_unknown"] == sorted(reasons)
    assert orders[0] not in shown
    assert "Prochaine collecte" in shown
    assert "Amazon n&#39;a pas encore donné le numéro de la facture." in shown
