"""Automatic validation on a real book: what needs nobody's eye gets its number, everything else stays « À traiter », off means off."""

import threading
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import date
from threading import Thread

import pytest

from services.kernel.postgres import PostgresStore
from services.kernel.probes import Health
from services.ledger.adapters import automatic as adapter
from services.ledger.adapters.automatic import LOOP, Automatic, keep_validating
from services.ledger.handler import SERVICE
from tests.adapters.hands import ACTOR, WITHIN_SECONDS, Hands
from tests.integration.ledger.shelf import event
from tests.unit.ledger.documents import held, invoice

MARCH, APRIL = date(2026, 3, 10), date(2026, 4, 2)


@pytest.fixture
def automatic(hands: Hands) -> Generator[Automatic]:
    """The service's loop, turned by hand, over a company that has switched it on before the first document of the test."""
    hands.book.receive(event(invoice(invoice_id="I-0", number="FR-0")))
    hands.deeds.validate("AC", hands.ids())
    hands.deeds.automatic(True)
    with closing(PostgresStore(hands.book.shelf.consumer_url, SERVICE, pool_size=1)) as store:
        yield Automatic(store)


def test_a_document_without_a_remark_validates_itself_once(hands: Hands, automatic: Automatic):
    """Two arrive: numbers behind what people did, sealed under the person's name; the second turn finds nothing."""
    march, april = hands.book_invoices(MARCH, APRIL)
    assert [2, 0] == [automatic.turn(), automatic.turn()]
    assert [(2, march, MARCH), (3, april, APRIL)] == [(number, entry, day) for _, _, number, entry, day in hands.numbers()[1:]]
    assert [] == hands.todo()
    assert [(f"automatique ({ACTOR})",)] == hands.ask("select actor from ledger.batch where kind = 'V' order by batch_id desc limit 1")
    assert [] == hands.unsound()


def test_what_stays_is_looked_at_again_only_when_something_was_sealed(hands: Hands, automatic: Automatic, monkeypatch: pytest.MonkeyPatch):
    """
    Goal: a thousand flagged entries are not read every two seconds.
    Case: one stays and is left alone; a month is locked, which is a deed like any other, and it is looked at again.
    """
    hands.book_documents(invoice(flags=("nature_doubtful",)))
    assert 0 == automatic.turn()
    looked = list[str]()

    def look(_: object, company: str, limit: int) -> int:
        looked.append(f"{company}: {limit}")
        return 0

    monkeypatch.setattr(adapter.QUERIES, "validate_automatically", look)
    automatic.turn()
    assert [] == looked
    hands.deeds.lock(MARCH, "lock", "TVA")
    automatic.turn()
    assert ["C-1: 1000"] == looked


def _flagged(hands: Hands) -> None:
    hands.book_documents(invoice(flags=("nature_doubtful",)))


def _lifted(hands: Hands) -> None:
    """The first that the book hears of it: what was held before never came."""
    hands.book_documents(invoice(flags=("hold_lifted",)))


def _held(hands: Hands) -> None:
    hands.book.receive(event(held()))


def _held_afterwards(hands: Hands) -> None:
    hands.book.receive(event(invoice()), event(invoice([("606300", 100_00, "20")], revision=2), n=2))


def _revised(hands: Hands) -> None:
    """The same posting again: facts only."""
    hands.book.receive(event(invoice()), event(invoice(revision=2), n=2))


def _second_revision_first(hands: Hands) -> None:
    hands.book.receive(event(invoice(revision=2)))


def _overtaken(hands: Hands) -> None:
    hands.book.receive(event(invoice(revision=2)), event(invoice(revision=1), n=2))


def _on_suspense(hands: Hands) -> None:
    hands.book_documents(invoice([("471000", 100_00, "20")]))


def _in_a_locked_month(hands: Hands) -> None:
    hands.deeds.lock(MARCH, "lock", "TVA")
    hands.book_invoices(MARCH)


def _in_a_closed_month(hands: Hands) -> None:
    hands.deeds.close(2026, date(2026, 3, 31), waiting=0)
    hands.book.shelf.tamper("update ledger.fiscal_year set closed_through = '2026-02-28'")
    hands.book_invoices(MARCH)
    hands.book.shelf.tamper("update ledger.fiscal_year set closed_through = '2026-03-31'")


def _behind_a_vat_return(hands: Hands) -> None:
    hands.deeds.file_vat(date(2026, 3, 31), "CA3")
    hands.book_invoices(MARCH)


def _corrected_by_hand(hands: Hands) -> None:
    (entry,) = hands.book_documents(invoice(flags=("nature_doubtful",)))
    hands.deeds.recode(entry, {"606400": "606300"})


def _switched_off(hands: Hands) -> None:
    hands.deeds.automatic(False)
    hands.book_invoices(MARCH)


def _of_another_company(hands: Hands) -> None:
    hands.book_documents(invoice(company_id="C-2", invoice_id="I-9"))


def _from_before_it_was_switched_on(hands: Hands) -> None:
    hands.deeds.automatic(False)
    hands.book_invoices(MARCH)
    hands.deeds.automatic(True)


STAYS: dict[str, Callable[[Hands], None]] = {
    "a remark": _flagged,
    "a hold that was lifted": _lifted,
    "a hold": _held,
    "a revision that is held": _held_afterwards,
    "a revision of facts": _revised,
    "a revision without its first": _second_revision_first,
    "a revision that came too late": _overtaken,
    "a suspense account": _on_suspense,
    "a locked month": _in_a_locked_month,
    "a closed month, which would move it": _in_a_closed_month,
    "a VAT return, which would move it": _behind_a_vat_return,
    "a correction": _corrected_by_hand,
    "switched off": _switched_off,
    "another company": _of_another_company,
    "from before it was switched on": _from_before_it_was_switched_on,
}


@pytest.mark.parametrize("why", STAYS)
def test_everything_else_stays(hands: Hands, automatic: Automatic, why: str):
    STAYS[why](hands)
    before = hands.todo(), hands.numbers()
    assert 0 == automatic.turn()
    assert before == (hands.todo(), hands.numbers())


def test_a_month_that_is_unlocked_is_made_up_for(hands: Hands, automatic: Automatic):
    hands.deeds.lock(MARCH, "lock", "TVA")
    hands.book_invoices(MARCH, APRIL)
    assert 1 == automatic.turn()
    hands.deeds.lock(MARCH, "unlock", "facture oubliée")
    assert 1 == automatic.turn()


def test_a_person_who_validates_the_same_waits_and_is_refused(hands: Hands, automatic: Automatic):
    """Both at the same moment: one number."""
    (entry,) = hands.book_invoices(MARCH)
    raised = hands.beside(
        ["select ledger.validate_automatically('C-1', 10)"],
        lambda: hands.deeds.validate("AC", [entry]),
        url=hands.book.shelf.consumer_url,
    )
    assert "AlreadyValidated" == type(raised).__name__
    assert [entry] == [one for _, _, _, one, _ in hands.numbers()][1:]
    hands.book_documents(invoice(invoice_id="I-5", number="FR-5"))
    (other,) = hands.todo()
    assert hands.beside([f"select ledger.validate('C-1', 'AC', array[{other}::bigint], 'me')"], automatic.turn) is None
    assert 3 == len(hands.numbers())


def test_whoever_switches_it_off_has_the_last_word(hands: Hands, automatic: Automatic):
    """The switch waits for a validation that is under way; one that begins behind it sees it."""
    hands.book_invoices(MARCH)
    assert hands.beside(["select ledger.set_automatic('C-1', false, 'me')"], automatic.turn) is None
    assert 1 == len(hands.todo())


def test_the_loop_turns_until_it_is_stopped(hands: Hands, automatic: Automatic):
    (entry,) = hands.book_invoices(MARCH)
    health, stop = Health(frozenset({LOOP})), threading.Event()
    thread = Thread(target=keep_validating, args=(automatic, health, stop))
    thread.start()
    hands.until(lambda: [] == hands.todo())
    stop.set()
    thread.join(WITHIN_SECONDS)
    assert (False, True, entry) == (thread.is_alive(), health.ready(), hands.numbers()[-1][3])
