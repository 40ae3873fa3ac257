"""Any sequence of deeds, one by one and at once, on a real PostgreSQL: it ends in the model's book, and refuses what the model refuses."""

import itertools
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from datetime import date
from typing import Any, override

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from psycopg import DatabaseError

from services.kernel.postgres import PostgresStore
from services.ledger.adapters.deeds import Deeds
from services.ledger.adapters.refusals import AlreadyValidated, ChangedMeanwhile, DeedRefused
from tests.adapters.acts import Correct, Deed, Period, Reverse, Validate
from tests.adapters.book_model import Model, Number
from tests.adapters.hands import ACTOR, Hands
from tests.integration.ledger.shelf import event
from tests.unit.ledger.documents import invoice

YEAR = 2026
DAYS = st.dates(date(YEAR, 1, 1), date(YEAR, 4, 30))
ENDS = st.sampled_from([date(YEAR, 1, 31), date(YEAR, 2, 15), date(YEAR, 3, 31), date(YEAR, 12, 31), date(YEAR + 1, 1, 31)])
COMPANIES = itertools.count(1)
WORDS = ["validate", "validate", "validate all", "reverse", "correct", "correct", "lock", "unlock", "close"]
WANTED = st.tuples(st.sampled_from(WORDS), st.lists(st.integers(0, 999), min_size=1, max_size=4), DAYS, ENDS)
LOST_THE_RACE = (ChangedMeanwhile, AlreadyValidated)  # of a correction that looked at the entry as it was a moment before
FATES = "select entry_id, by_entry, fy, number, f.entry_date from ledger.fate as f join ledger.entry as e using (entry_id) where true"

MISTAKES = {  # in which function, what is right, what is planted
    "locks bind nobody": ("is_locked", "e.deed = 'lock'", "false"),
    "closed days take entries": ("placed", "greatest(d.earliest, y.closed_through + 1)", "d.earliest"),
    "a reversal may be reversed": ("refuse_reversed", "select from reversal where entry_id = p_entry", "select from reversal where false"),
    "numbers in the order of entries": ("number_entries", "order by p.day, p.entry_id", "order by p.entry_id"),
    "a close need not be acknowledged": ("close_period", "p_waiting is distinct from waiting", "false"),
}

type Wanted = tuple[str, list[int], date, date]


class Acts(RuleBasedStateMachine):
    """Invoices arrive and people act on one company's book, up to four of them at the same moment."""

    def __init__(self, hands: Hands, people: Sequence[PostgresStore]) -> None:
        """A company of its own."""
        super().__init__()
        self._hands, self._company, self._model = hands, f"C-{next(COMPANIES)}", Model(YEAR)
        self._people = [Deeds(store, self._company, ACTOR) for store in people]
        self._sealed, self._invoices = set[int](), 0

    @initialize(days=st.lists(DAYS, min_size=2, max_size=5))
    def begin(self, days: list[date]) -> None:
        """The first invoices."""
        self._arrive(days)

    @rule(days=st.lists(DAYS, min_size=1, max_size=3))
    def more(self, days: list[date]) -> None:
        """Invoices of days that may be closed by now; those of a closed year are archived."""
        self._arrive(days)

    @rule(wanted=st.lists(WANTED, min_size=1, max_size=4))
    def act(self, wanted: list[Wanted]) -> None:
        """Deeds about what stands in the book, all at once; then the book is the model's."""
        deeds = [self._deed(*one) for one in wanted]
        with ThreadPoolExecutor(len(deeds)) as together:
            answers = list(together.map(_try, deeds, self._people))
        self._follow(deeds, answers)
        assert (self._fates(), self._model.waiting) == (self._model.fates, self._todo()), (deeds, answers)

    def _deed(self, word: str, picks: list[int], day: date, end: date) -> Deed:
        """What is drawn does not depend on what stands in the book, or hypothesis could not draw it again; what it means does."""
        entries = sorted(self._model.entries)
        chosen = [entries[pick % len(entries)] for pick in picks]
        match word:
            case "validate":
                return Validate(tuple(chosen))
            case "validate all":
                return Validate(tuple(self._model.waiting or entries))
            case "reverse":
                return Reverse(chosen[0])
            case "correct":
                return Correct(chosen[0], self._model.entries[chosen[0]].account)
            case "lock" | "unlock":
                return Period(self._company, word, day)
            case _:
                return Period(self._company, "close", end, self._model.waiting_up_to(end) + (picks[0] % 5 == 0))

    def _arrive(self, days: Sequence[date]) -> None:
        said = [
            invoice(company_id=self._company, invoice_id=f"I-{n}", number=f"FR-{n}", issue_date=day)
            for n, day in enumerate(days, self._invoices + 1)
        ]
        self._invoices += len(days)
        self._hands.book.receive(*(event(one) for one in said))
        for entry, invoice_id, day in self._ask("select entry_id, invoice_id, entry_date from ledger.entry as e where true"):
            if entry not in self._model.entries:
                self._model.book(entry, invoice_id, day)

    def _follow(self, deeds: Sequence[Deed], answers: Sequence[int | DeedRefused]) -> None:
        """Do in the model what was done, in the order of the seals; what was refused must be refused somewhere on that way."""
        stages = [deepcopy(self._model)]
        for deed, made in self._in_order([(d, a) for d, a in zip(deeds, answers, strict=True) if isinstance(a, int)]):
            assert _refusal(deed, deepcopy(self._model)) is None, (deeds, answers)
            deed.apply(self._model, made)
            stages.append(deepcopy(self._model))
        for deed, refusal in zip(deeds, answers, strict=True):
            lost = len(deeds) > 1 and isinstance(deed, Correct) and isinstance(refusal, LOST_THE_RACE)
            if isinstance(refusal, DeedRefused) and not lost:
                assert type(refusal) in [_refusal(deed, deepcopy(stage)) for stage in stages], (deeds, answers)

    def _in_order(self, done: Sequence[tuple[Deed, int]]) -> list[tuple[Deed, int]]:
        """By place in the chain; two deeds that are alike may stand in each other's place."""
        placed = list[tuple[int, Deed, int]]()
        for deed, made in done:
            seq = min(seq for (seq,) in self._hands.ask(deed.seal(made)) if seq not in self._sealed)
            self._sealed.add(seq)
            placed.append((seq, deed, made))
        return [(deed, made) for _, deed, made in sorted(placed, key=lambda place: place[0])]

    def _fates(self) -> dict[int, Any]:
        rows = self._ask(FATES)
        return {entry: by or Number(fy, number, day) for entry, by, fy, number, day in rows}

    def _todo(self) -> list[int]:
        return [entry for (entry,) in self._ask("select e.entry_id from ledger.todo as e where true")]

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        return self._hands.ask(f"{query} and e.company_id = '{self._company}' order by 1")

    @override
    def teardown(self) -> None:
        """This company's batches are as sealed."""
        mine = ", ".join(map(str, self._sealed)) or "0"
        assert [] == self._hands.ask(f"select seq from ledger.chain where seq in ({mine}) and digest <> ledger.digest(batch_id)")


def _try(deed: Deed, person: Deeds) -> int | DeedRefused:
    try:
        return deed.do(person)
    except DeedRefused as refusal:
        return refusal


def _refusal(deed: Deed, model: Model) -> type[DeedRefused] | None:
    """Why the model refuses it; None when it does not."""
    try:
        deed.apply(model, max(model.entries) + 2)
    except DeedRefused as refusal:
        return type(refusal)
    return None


@contextmanager
def people(hands: Hands) -> Generator[list[PostgresStore]]:
    """Four sessions."""
    stores = [PostgresStore(hands.book.shelf.url, "ledger", pool_size=1) for _ in range(4)]
    try:
        yield stores
    finally:
        for store in stores:
            store.close()


@pytest.mark.parametrize(
    ("books", "steps"), [(12, 20), pytest.param(100, 30, marks=[pytest.mark.long, pytest.mark.timeout(1800)])], ids=["short", "long"]
)
def test_the_book_is_the_model_s_whatever_people_do(hands: Hands, books: int, steps: int):
    """
    Goal: the order of the seals explains every book that people at the same moment leave, and every refusal.
    Case: drawn by hypothesis: invoices, validations of several entries, corrections, reversals, months, years; one to four deeds at once.
    """
    play(hands, books, steps)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_book_is_found(hands: Hands, mistake: str):
    """Each mistake is planted in the function that ships, and a book differs from the model's."""
    function, right, wrong = MISTAKES[mistake]
    [(source,)] = hands.ask(f"select pg_get_functiondef('ledger.{function}'::regproc)")
    assert right in source
    try:
        _define(hands, source.replace(right, wrong))
        with pytest.raises((AssertionError, Flaky, DatabaseError)):
            play(hands, books=40, steps=30)
    finally:
        _define(hands, source)


def play(hands: Hands, books: int, steps: int) -> None:
    """That many books, up to that many steps in each; the first that differs is not made smaller: people at once are not repeatable."""
    wanted = settings(
        max_examples=books,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    with people(hands) as stores:
        run_state_machine_as_test(lambda: Acts(hands, stores), settings=wanted)  # type: ignore[no-untyped-call]


def _define(hands: Hands, function: str) -> None:
    with hands.session("ledger_owner") as owner:
        owner.execute(function.encode())
        owner.commit()
