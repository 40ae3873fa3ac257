"""Many people at once on a real PostgreSQL: whatever they did, the chain replayed in its order is a sound book, and every deed was said."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from random import Random
from threading import Barrier, Thread
from typing import Any

import pytest

from schemas.invoice_described.v1 import InvoiceDescribed
from services.ledger.adapters.refusals import DeedRefused
from tests.adapters.hands import Hands
from tests.integration.ledger.shelf import event
from tests.unit.ledger.documents import invoice

PEOPLE, DEEDS, INVOICES = 4, 25, 16
DAYS = (date(2026, 1, 15), date(2026, 2, 10), date(2026, 2, 20), date(2026, 3, 10))
FATES = """
select c.seq, f.number, e.entry_date, f.entry_date, f.validated_on
from ledger.fate as f join ledger.entry as e using (entry_id) join ledger.chain as c on c.batch_id = f.batch_id
where f.number is not null order by c.seq, f.number
"""
PERIODS = "select c.seq, p.deed, p.from_day, p.through from ledger.period_event as p join ledger.chain as c using (batch_id) order by 1"


@pytest.mark.parametrize("seed", [1, 2])
def test_deeds_at_once_leave_a_sound_book(hands: Hands, seed: int):
    """
    four people and the ingest act at the same time, drawn from a seed: validations of several entries, corrections, reversals, months
    locked and unlocked, January closed, revisions that arrive; then the rest is validated
      numbers 1…n in the order of the chain, no date in what was closed or locked then, one fate or a place in `todo` for each entry,
      every reversal its mirror, every batch as sealed, every fate said once
    """
    hands.book_invoices(*(DAYS[n % len(DAYS)] for n in range(INVOICES)))
    barrier, trouble = Barrier(PEOPLE), list[Exception]()
    threads = [Thread(target=_live, args=(hands, Random(f"{seed} {n}"), barrier, trouble)) for n in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for n in range(INVOICES):
        hands.book.receive(event(invoice(invoice_id=f"I-{n + 1}", number=f"FR-{n + 1}", issue_date=DAYS[n % len(DAYS)], revision=2), n=2))
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert [] == trouble
    _validate_the_rest(hands)
    _replay(hands.ask(FATES), hands.ask(PERIODS))
    assert [] == hands.unsound()
    assert [] == hands.ask("select entry_id from ledger.fate intersect select entry_id from ledger.todo")
    met_or_waiting = hands.ask("select entry_id from ledger.fate union select entry_id from ledger.todo order by 1")
    assert hands.ids() == [entry for (entry,) in met_or_waiting]
    assert [(0, 0)] == hands.ask(
        "select coalesce(sum(debit_cents - credit_cents), 0)::bigint, (select count(*) from ledger.parked_record) from ledger.line"
    )
    _all_said(hands)


def _live(hands: Hands, chance: Random, barrier: Barrier, trouble: list[Exception]) -> None:
    """One person's deeds; what the book refuses is his own business."""
    deeds = hands.of()
    barrier.wait()
    for _ in range(DEEDS):
        entries = hands.ids()
        try:
            match chance.randint(0, 9):
                case 0 | 1 | 2 | 3:
                    deeds.validate("AC", chance.sample(entries, 3))
                case 4 | 5:
                    deeds.recode(chance.choice(entries), chance.choice([{"606400": "606300"}, {"606300": "606400"}]))
                case 6:
                    deeds.reverse(chance.choice(entries))
                case 7 | 8:
                    deeds.lock(chance.choice(DAYS), chance.choice(["lock", "unlock"]), "TVA")
                case _:
                    deeds.close(2026, date(2026, 1, 31), waiting=chance.randint(0, 4))
        except DeedRefused:
            pass
        except Exception as error:  # noqa: BLE001 -- handed to the test's own thread
            trouble.append(error)


def _validate_the_rest(hands: Hands) -> None:
    """One more person opens every month that may be opened and validates what still waits: the four may have locked each other out."""
    deeds = hands.of()
    for day in DAYS:
        with suppress(DeedRefused):
            deeds.lock(day, "unlock", "TVA")
    if waiting := [entry for (entry,) in hands.ask("select entry_id from ledger.todo order by 1")]:
        deeds.validate("AC", waiting)


def _replay(fates: Sequence[tuple[Any, ...]], periods: Sequence[tuple[Any, ...]]) -> None:
    """The book, step by step of its chain: dates and numbers are those that the periods of that moment give."""
    closed, locked, validated = date(2025, 12, 31), set[date](), date.min
    steps = sorted([*((row[0], 0, row) for row in periods), *((row[0], 1, row) for row in fates)], key=lambda step: (*step[:2], step[2][1]))
    numbers = list[int]()
    for _, _, row in steps:
        if len(row) == 4:
            _, deed, first, through = row
            closed = through if deed == "close" else closed
            locked = {"lock": locked | {first}, "unlock": locked - {first}, "close": locked}[deed]
            continue
        _, number, proposed, final, day = row
        assert max(proposed, closed + timedelta(days=1)) == final
        assert final.replace(day=1) not in locked
        assert validated <= day
        validated = day
        numbers.append(number)
    assert list(range(1, len(numbers) + 1)) == numbers
    assert numbers


def _all_said(hands: Hands) -> None:
    """Each fate is announced once, by its kind; the versions of each invoice's views only grow."""
    messages = hands.book.announced()
    said = Counter(dict(message.headers)["ce_type"] for message in messages)
    seen = dict[bytes | None, int]()
    for message in messages:
        if dict(message.headers)["ce_type"] == InvoiceDescribed.ce_type.encode():
            version = InvoiceDescribed.model_validate_json(message.value or b"").version
            assert seen.get(message.key, 0) < version
            seen[message.key] = version
    validated, superseded, turned, entries = hands.ask(
        "select count(number), count(by_entry), (select count(*) from ledger.reversal), (select count(*) from ledger.entry) "
        "from ledger.fate"
    )[0]
    assert (validated - turned, superseded, turned, entries - turned) == tuple(
        said[f"achats.entry.{word}.v1".encode()] for word in ("validated", "superseded", "reversed", "recorded")
    )
