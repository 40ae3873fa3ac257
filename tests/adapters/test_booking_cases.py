"""The worked cases that need a book with something in it, through the ledger: posting dates are those that validation fixes."""

from collections.abc import Generator
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pytest

from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.values import Supplier
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.kernel.envelope import Event
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.deeds import Deeds
from services.ledger.adapters.papers.files import Row
from services.ledger.adapters.papers.taking import Papers
from tests.adapters.hands import ACTOR, Hands
from tests.integration.ledger.shelf import event
from tests.support.booking_cases import Case, Page, cases, closed_through, event_of, rulebook_of
from tests.unit.classifier.test_booking_cases import expected_of, in_order
from tests.unit.ledger.documents import COMPANY, invoice, pdf

SHIPPED = read_rulebook()
NEEDING_A_BOOK = [case for case in cases() if case.is_left_out]
LETTERED = {"BC40": 2, "BC42": 3, "BC48": 2}
"""How many lines the letter of a case joins, in its words (`why`)."""
ACCOUNTS = {"supplies": "606400"}
BOOKED = """
select e.journal, coalesce(f.entry_date, e.entry_date)::text, e.piece_ref, e.piece_date::text, e.entry_id, f.number is not null
from ledger.entry as e left join ledger.fate as f using (entry_id) where e.entry_id > {after} order by e.entry_id
"""
HEADING = ("journal", "entry_date", "piece_ref", "piece_date")
VALIDATED = """
select e.company_id, e.entry_id, e.journal, f.entry_date::text, e.piece_ref, e.piece_date::text,
    l.account, l.auxiliary, l.debit_cents, l.credit_cents, l.vat_rate, l.currency, abs(l.currency_cents)
from ledger.fate as f join ledger.entry as e using (entry_id) join ledger.line as l using (entry_id)
where f.number is not null order by e.entry_id, l.n
"""
LINES = """
select l.account, l.auxiliary, l.debit_cents, l.credit_cents, l.currency, abs(l.currency_cents)
from ledger.line as l where l.entry_id = {entry} order by l.n
"""


class Player:
    """A case played on an empty book, step by step; every entry is validated when its step is done."""

    def __init__(self, hands: Hands, case: Case) -> None:
        self.hands, self.case = hands, case
        self._store = PostgresStore(hands.book.shelf.url, "ledger", pool_size=1)
        self.after = 0

    def close(self) -> None:
        """End the session."""
        self._store.close()

    def play(self) -> None:
        """What was there before, the document, what happened after."""
        self._know_the_company()
        for entry in self.case.body.get("given_entries", []):
            self._give(entry)
        for document in self.case.body.get("given_documents", []):
            self._receive(document)
        self.after = max(self.hands.ids(), default=0)
        for document in self.case.documents:
            self._do(document)
        for happened in self.case.body.get("events", []):
            self._do(happened)
        self.validate()

    def validate(self) -> None:
        """All that waits gets its number, journal by journal."""
        waiting = self.hands.ask(
            "select e.journal, array_agg(e.entry_id) from ledger.todo join ledger.entry as e using (entry_id) group by 1"
        )
        for journal, entries in waiting:
            self.hands.deeds.validate(journal, entries)

    def _know_the_company(self) -> None:
        """The book knows a company by its first record."""
        self.hands.book.shelf.open_company(COMPANY)

    def _give(self, entry: Page) -> None:
        """An entry of before: by the door through which such a one comes."""
        if entry["journal"] == "BQ":
            line = next(line for line in entry["lines"] if line["aux"])
            self._import("advance", entry["piece_ref"], entry["entry_date"], supplier=line["aux"], paid=_euros(line["debit"]))
        elif any("currency" in line for line in entry["lines"]):
            cost, owed = entry["lines"]
            more = {"currency": cost["currency"], "exchange_rate": "1.125", "lines": f"{cost['account']}={_euros(cost['currency_cents'])}"}
            self._import("bill", entry["piece_ref"], entry["entry_date"], supplier=owed["aux"], **more)
        else:
            self._receive_classified(_classified(entry))
        self.validate()

    def _do(self, said: Page) -> None:
        """A document or an event of the case."""
        match said["type"]:
            case "payment":
                self._pay(said)
            case "customs_vat_statement":
                amounts = {"base": _euros(said["base_cents"]), "rate": str(said["vat_rate"]), "vat": _euros(said["total_vat_cents"])}
                self._import("import_vat", said["number"], said["invoice_date"], **amounts)
            case "accrual":
                lines = "|".join(f"{ACCOUNTS[row['kind']]}={_euros(row['net_cents'])}@{row['vat_rate']}" for row in said["lines"])
                self._import("accrual", said["number"], said["invoice_date"], supplier=said["supplier"], lines=lines)
            case "closing":
                amount = _euros(said["debit_balance_cents"])
                self._import("supplier_debit", said["number"], said["invoice_date"], supplier=said["supplier"], amount=amount)
            case "correction":
                self._correct(said)
            case _:
                self._receive(said)
                if "advance_cents" in said:
                    self._use_advance(said)

    def _pay(self, said: Page) -> None:
        """`settles` names what is paid, with signed amounts in brackets; without it the currency's amount pays what was given."""
        given = [entry["piece_ref"] for entry in self.case.body.get("given_entries", [])]
        settles = "|".join(said.get("settles", given)).replace(" (", "=").replace(")", "")
        currency = {"currency": said["currency"]} if said.get("currency", "EUR") != "EUR" else {}
        if currency:
            settles = f"{settles}={_euros(said['amount_currency_cents'])}"
        supplier = said.get("supplier") or self.case.documents[0]["supplier"]
        day = said.get("date") or said["invoice_date"]
        more = {"supplier": supplier, "paid": _euros(said["paid_eur_cents"]), "settles": settles}
        self._import("payment", said["number"], day, **more, **currency)

    def _use_advance(self, document: Page) -> None:
        """The advance that was paid for the document's order."""
        (paid,) = self.case.body["given_entries"]
        supplier = document["supplier"]
        self._import(
            "advance_use",
            document["number"],
            document["invoice_date"],
            supplier=supplier,
            advance=paid["piece_ref"],
            invoice=document["number"],
        )

    def _correct(self, said: Page) -> None:
        """Everything before the day of the correction is closed: a correction goes to the first open day (PCG 1031-4)."""
        if "line_account" not in said:
            return
        day = date.fromisoformat(said["date"])
        self.hands.deeds.close(day.year, day - timedelta(days=1), 0)
        (entry,) = self.hands.ids()
        self.hands.deeds.recode(entry, {said["line_account"]: said["new_account"]})

    def _receive(self, document: Page) -> None:
        """The document comes as the classifier says it."""
        answer = classify(event_of(self.case, document), rulebook_of(self.case, document, SHIPPED))
        assert isinstance(answer, InvoiceClassified)
        supplier = answer.supplier.model_copy(update={"auxiliary": document["supplier"]})
        again = 2 if document.get("redelivery") else 1
        self._receive_classified(answer.model_copy(update={"company_id": COMPANY, "supplier": supplier}), again)

    def _receive_classified(self, document: InvoiceClassified, n: int = 1) -> None:
        self.hands.book.receive(event(document, n=n))

    def _import(self, kind: str, number: str, day: str, **more: str) -> None:
        Papers(self._store, COMPANY, ACTOR).take([Row(1, {"kind": kind, "number": number, "date": day, **more})])

    def booked(self) -> list[dict[str, Any]]:
        """The entries since what was given, in the words of the cases."""
        entries = list[dict[str, Any]]()
        for journal, day, piece_ref, piece_date, entry, is_validated in self.hands.ask(BOOKED.format(after=self.after)):
            assert is_validated
            lines = [self._line(*row) for row in self.hands.ask(LINES.format(entry=entry))]
            entries.append({"journal": journal, "entry_date": day, "piece_ref": piece_ref, "piece_date": piece_date, "lines": lines})
        return entries

    def _line(self, account: str, auxiliary: str | None, debit: int, credit: int, *rest: Any) -> dict[str, Any]:
        currency, currency_cents = rest
        said: dict[str, Any] = {"account": account, "aux": auxiliary, "debit": debit, "credit": credit}
        return {**said, "currency": currency, "currency_cents": currency_cents} if currency_cents else said


def _classified(entry: Page) -> InvoiceClassified:
    """A document whose entry is the given one."""
    lines: list[Page] = entry["lines"]
    owed = next(line for line in lines if line["aux"])
    kind, side = ("invoice", "debit") if owed["credit"] else ("credit_note", "credit")
    rows = [(line["account"], line[side], "20") for line in lines if line["account"].startswith("6")]
    seller = Supplier(name="Amazon Business", auxiliary=owed["aux"], legal_name=None, vat_id=None, siren=None)
    day = date.fromisoformat(entry["piece_date"])
    return invoice(rows, type=kind, invoice_id=entry["piece_ref"], number=entry["piece_ref"], issue_date=day, supplier=seller)


def _euros(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _sorted(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries by journal and day, their lines as a set; letters are counted apart."""
    plain = [
        {
            **{key: entry[key] for key in ("journal", "entry_date", "piece_ref", "piece_date")},
            "lines": sorted(({key: value for key, value in line.items() if key != "letter"} for line in entry["lines"]), key=str),
        }
        for entry in entries
    ]
    return sorted(plain, key=str)


@pytest.fixture(name="player")
def player_of(hands: Hands, case: Case) -> Generator[Player]:
    """The case's player."""
    player = Player(hands, case)
    yield player
    player.close()


@pytest.mark.parametrize("case", NEEDING_A_BOOK, ids=str)
def test_a_case_is_booked_through_the_ledger(player: Player, case: Case) -> None:
    """Goal: what an accountant wrote down, to the cent, account and final date. Case: every one that needs a book."""
    player.play()
    booked = player.booked()
    assert _sorted(case.body["expected_entries"]) == _sorted(booked)
    assert [] == player.hands.unsound()
    letters = player.hands.ask("select count(*) from ledger.lettering where account = '401000' group by letter order by 1")
    assert ([LETTERED[str(case)]] if str(case) in LETTERED else []) == [count for (count,) in letters]


def test_a_redelivered_invoice_takes_no_number(hands: Hands) -> None:
    """BC52 beside the table: the second message is a duplicate of its run, and the next number is the second."""
    case = next(case for case in NEEDING_A_BOOK if str(case) == "BC52")
    player = Player(hands, case)
    player.play()
    player.close()
    assert [("AC", 2026, 1)] == [row[:3] for row in hands.numbers()]


def arrive(hands: Hands, played: list[Case]) -> dict[str, dict[str, str]]:
    """The documents of each case arrive in a company of its own; by company the supplier that each auxiliary stands for."""
    suppliers, said = dict[str, dict[str, str]](), list[Event[Any]]()
    for case in played:
        company = f"C-{case}"
        for document in case.documents:
            answer = classify(event_of(case, document), rulebook_of(case, document, SHIPPED))
            said.append(event(answer.model_copy(update={"company_id": company, "document": pdf(document["number"])})))
            suppliers.setdefault(company, {})[answer.supplier.auxiliary] = document["supplier"]
            if closed := closed_through(document):
                hands.book.shelf.open_company(company)
                hands.book.shelf.tamper(f"select ledger.open_year('{company}', {closed.year}::smallint)")
                hands.of(company).close(closed.year, closed, 0)
    hands.book.receive(*said)
    return suppliers


def booked_by_company(hands: Hands, suppliers: dict[str, dict[str, str]]) -> dict[str, list[dict[str, Any]]]:
    """Every company's validated entries, in the words of the cases."""
    entries = dict[str, dict[int, dict[str, Any]]]()
    for company, entry, *heading, account, auxiliary, debited, credited, rate, currency, abroad in hands.ask(VALIDATED):
        empty = {**dict(zip(HEADING, heading, strict=True)), "lines": list[dict[str, Any]]()}
        code = suppliers[company][auxiliary] if auxiliary else None
        line = {"account": account, "aux": code, "debit": debited, "credit": credited, "vat_rate": rate}
        line |= {"currency": currency, "currency_cents": abroad} if abroad else {}
        entries.setdefault(company, {}).setdefault(entry, empty)["lines"].append(line)
    return {
        company: sorted(({**one, "lines": sorted(one["lines"], key=str)} for one in of_company.values()), key=in_order)
        for company, of_company in entries.items()
    }


@pytest.mark.parametrize("file", ["reference.json", "own.json"])
def test_every_other_case_is_booked_and_validated_as_it_says(hands: Hands, file: str, subtests: pytest.Subtests) -> None:
    """Goal: accounts, cents and the posting date that validation fixes. Case: all that need no book, each in a company of its own."""
    played = [case for case in cases() if case.file == file and not case.is_left_out]
    suppliers = arrive(hands, played)
    with closing(PostgresStore(hands.book.shelf.url, "ledger", pool_size=1)) as store:
        for company, journal, entries in hands.ask(
            "select e.company_id, e.journal, array_agg(entry_id) from ledger.todo join ledger.entry as e using (entry_id) group by 1, 2"
        ):
            Deeds(store, company, ACTOR).validate(journal, entries, suspense=True)
    held = dict(hands.ask("select company_id, hold_reason from ledger.invoice where hold_stage = 'booking'"))
    booked = booked_by_company(hands, suppliers)
    for case in played:
        actual = booked.get(f"C-{case}", [])
        with subtests.test(str(case)):
            assert held.get(f"C-{case}") is None
            assert expected_of(case, actual) == actual
