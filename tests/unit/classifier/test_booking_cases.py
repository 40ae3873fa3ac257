"""Worked cases of purchase accounting, through `classify` and `post`: accounts, auxiliaries, cents, journal, dates and outcome."""

from typing import Any

import pytest

from schemas.classification_held.v1 import ClassificationHeld
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.ledger.domain.holds import Hold
from services.ledger.domain.posting import Entry, Line, NoEntry, post
from tests.support.booking_cases import Case, cases, closed_through, event_of, rulebook_of

SHIPPED = read_rulebook()
ALL = cases()
RUN = [case for case in ALL if not case.is_left_out]
LEFT_OUT = ["BC31", "BC40", "BC42", "BC43", "BC45", "BC48", "BC51", "BC52", "BC58"]
"""Of the reference: customs statement, payments, advance, accrual, correction, redelivery, closing. They are the ledger's."""


def outcome_of(case: Case) -> tuple[str, list[Any]]:
    """What becomes of the case's documents, and their entries by journal and day."""
    outcomes, entries = list[str](), list[Any]()
    for document in case.documents:
        answer = classify(event_of(case, document), rulebook_of(case, document, SHIPPED))
        if isinstance(answer, ClassificationHeld):
            outcomes.append(f"held:{answer.reason}")
            continue
        try:
            entry = post(answer, closed_through(document))
        except Hold as hold:
            outcomes.append(f"held:{hold.code()}")
            continue
        outcomes.append("no_entry" if isinstance(entry, NoEntry) else "recorded")
        if isinstance(entry, Entry):
            supplier = {answer.supplier.auxiliary: document["supplier"]}
            entries.extend(shown(one, supplier) for one in (entry, entry.later) if one)
    return "/".join(dict.fromkeys(outcomes)), sorted(entries, key=in_order)


def shown(entry: Entry, supplier: dict[str, str]) -> dict[str, Any]:
    """An entry in the words of the cases; the auxiliary is the supplier it stands for."""
    return {
        "journal": entry.journal,
        "entry_date": entry.entry_date.isoformat(),
        "piece_ref": entry.piece_ref,
        "piece_date": entry.piece_date.isoformat(),
        "lines": sorted((line_shown(line, supplier) for line in entry.lines), key=str),
    }


def line_shown(line: Line, supplier: dict[str, str]) -> dict[str, Any]:
    """A line in the words of the cases."""
    said: dict[str, Any] = {
        "account": line.account,
        "aux": supplier[line.auxiliary] if line.auxiliary else None,
        "debit": max(line.cents, 0),
        "credit": max(-line.cents, 0),
        "vat_rate": line.vat_rate,
    }
    return {**said, "currency": line.currency, "currency_cents": abs(line.currency_cents)} if line.currency_cents else said


def expected_of(case: Case, actual: list[Any]) -> list[Any]:
    """The case's entries with everything they leave unsaid taken from what was booked: rates and currency count where they are given."""
    entries: list[Any] = []
    for place, entry in enumerate(sorted(case.body["expected_entries"], key=in_order)):
        left: list[Any] = list(actual[place]["lines"]) if place < len(actual) else []
        lines = sorted((complete(line, left) for line in entry["lines"]), key=str)
        entries.append({**{key: entry[key] for key in ("journal", "entry_date", "piece_ref", "piece_date")}, "lines": lines})
    return entries


def complete(line: dict[str, Any], left: list[dict[str, Any]]) -> dict[str, Any]:
    """The booked line that has all the given values, used up; the given line itself when there is none."""
    given = {key: value for key, value in line.items() if key != "letter"}
    for place, booked in enumerate(left):
        if given.items() <= booked.items():
            return left.pop(place)
    return given


def in_order(entry: dict[str, Any]) -> tuple[str, str, str]:
    """By journal and day."""
    return entry["journal"], entry["entry_date"], entry["piece_ref"]


@pytest.mark.parametrize("case", RUN, ids=str)
def test_a_case_is_booked_as_it_says(case: Case) -> None:
    """Goal: what an accountant wrote down, to the cent. Case: every case of a document that arrives alone."""
    outcome, entries = outcome_of(case)
    assert (case.outcome, expected_of(case, entries)) == (outcome, entries)


def test_the_cases_left_out_are_named() -> None:
    """Goal: nothing is left out in silence. Case: those that need the book."""
    assert LEFT_OUT == [str(case) for case in ALL if case.is_left_out and case.file == "reference.json"]
    assert ["OC81"] == [str(case) for case in ALL if case.is_left_out and case.file == "own.json"]


def test_no_case_is_lost() -> None:
    """Goal: a case is run or left out."""
    assert len(ALL) == len(RUN) + sum(case.is_left_out for case in ALL)
    assert 38 == sum(case.file == "reference.json" for case in ALL)
