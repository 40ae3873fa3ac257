"""The suite of the book notices mistakes: each planted in the real SQL, and the same in the twin."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import Any

import aiosql
import pytest

from services.ledger.adapters import announcements, books, positions
from services.ledger.adapters.rows import FinishedRow, VersionRow
from tests.adapters import test_book_announcements as saying
from tests.adapters import test_book_owners as owning
from tests.adapters import test_book_runs as counting
from tests.adapters import test_books as keeping
from tests.adapters import test_originals as crediting
from tests.adapters import test_retried as giving_back
from tests.adapters.bookshelf import Bookshelf, MemoryBookshelf, PostgresBookshelf
from tests.adapters.pages import ask_no_contract
from tests.integration.ledger.shelf import MIGRATIONS
from tests.simulation.memory.ledger_mistakes import MISTAKES

ADAPTERS = Path(books.__file__).parent
NOTICED = (AssertionError, pytest.fail.Exception)

type Check = Callable[[Bookshelf], None]


@dataclass(frozen=True, slots=True)
class Planted:
    """One textual change of a shipped file, wherever it says `old`: what two queries ask alike is mistaken in both."""

    file: str
    old: str
    new: str

    def text(self, folder: Path) -> str:
        """The file with the mistake in it."""
        shipped = (folder / self.file).read_text(encoding="utf-8")
        assert self.old in shipped
        return shipped.replace(self.old, self.new)


def parameter(table: Any, name: str) -> Any:
    """A case of a parametrised check."""
    return dict(table)[name]


UNBALANCED = partial(keeping.refuses_whole, wrong=parameter(keeping.WRONG, "an entry that is not balanced"))
BOOKED_TWICE = partial(keeping.test_a_page_is_refused_whole, refused=parameter(keeping.REFUSED, "the source of an entry that is booked"))
IN_THE_MIDDLE = partial(owning.test_a_stretch_that_does_not_start_where_the_book_stands_is_fenced, start=1)
MARKER_FIRST = partial(counting.test_a_run_is_finished_by_the_last_of_its_records, order=(2, 0, 1))
OF_BEFORE = crediting.test_an_original_is_what_its_latest_version_says
KNOWN = crediting.test_the_book_knows_the_invoices_and_receipts_with_a_number_whose_entry_stands
CHECKS, BOOKS, SAID = "0002_checks.sql", "books.sql", "announcements.sql"
UNBALANCED_SAID = "raise exception 'batch %: an unbalanced entry'"
SEALED = "(select h.seq from ledger.chain_head as h where h.book = :book)"
LINES = "e.account, e.auxiliary, e.cents, e.vat_rate"

IN_SQL: dict[str, tuple[Planted, Check]] = {
    "epoch ignored": (
        Planted(CHECKS, "and partition = b.partition and epoch = b.epoch and", "and partition = b.partition and"),
        owning.test_an_older_epoch_is_fenced_even_on_the_same_session,
    ),
    "topic ignored": (
        Planted(CHECKS, "where topic_id = b.topic_id and partition = b.partition", "where partition = b.partition"),
        giving_back.test_each_topic_has_its_own_position,
    ),
    "offset ignored": (Planted(CHECKS, "and epoch = b.epoch and next_offset = b.from_offset", "and epoch = b.epoch"), IN_THE_MIDDLE),
    "epoch ignored on a new session": (
        Planted(CHECKS, "and k.partition = p_partition and k.epoch = p_epoch", "and k.partition = p_partition"),
        owning.test_a_predecessor_that_wakes_up_writes_nothing,
    ),
    "balance not checked": (Planted(CHECKS, f"if found then {UNBALANCED_SAID}", f"if false then {UNBALANCED_SAID}"), UNBALANCED),
    "marker counted before the invoices": (Planted(CHECKS, "and c.collected = m.emitted", ""), MARKER_FIRST),
    "predecessor lives": (
        Planted(CHECKS, "if found and not pg_terminate_backend(predecessor, 5000) then", "if false then"),
        owning.test_the_next_owner_ends_the_session_of_one_that_froze,
    ),
    "source key not unique": (Planted("0001_tables.sql", "source_key uuid not null unique", "source_key uuid not null"), BOOKED_TWICE),
    "line forgotten": (
        Planted(SAID, LINES, "e.account[2:], e.auxiliary[2:], e.cents[2:], e.vat_rate[2:]"),
        saying.test_an_entry_is_said_with_all_its_lines,
    ),
    "parked not replaced": (
        Planted(BOOKS, "where o.kind is null or (o.kind = 'parked' and n.kind <> 'parked')", "where o.kind is null"),
        counting.test_a_parked_record_that_is_booked_later_makes_the_next_revision,
    ),
    "marked before the acknowledgement": (
        Planted(SAID, "set seq = :seq, sent = :sent where", f"set seq = greatest(:seq, {SEALED}), sent = 0 * :sent where"),
        saying.test_what_was_not_acknowledged_is_sent_again_from_there,
    ),
    "order lost": (
        Planted(SAID, "\n    i.record_offset, i.company_id", "\n    -i.record_offset as record_offset, i.company_id"),
        saying.test_versions_of_an_invoice_are_said_in_their_order,
    ),
    "an original over the fence": (
        Planted(BOOKS, "on i.company_id = k.company_id and i.facts ->> 'number'", "on i.facts ->> 'number'"),
        crediting.test_two_invoices_of_one_number_and_another_companys_are_none,
    ),
    "an original of before": (Planted(BOOKS, "and n.version > i.version", "and n.version < i.version"), OF_BEFORE),
    "a held original": (Planted(BOOKS, " and i.outcome = 'recorded'", ""), OF_BEFORE),
    "a credit note of a credit note": (Planted(BOOKS, "i.facts ->> 'type' in ('invoice', 'receipt')", "true"), KNOWN),
    "an original turned round": (Planted(BOOKS, "where r.reversed = i.entry_id", "where false"), crediting.follows_nothing_turned_round),
}
IN_THE_TWIN: dict[str, Check] = {
    **{name: check for name, (_, check) in IN_SQL.items() if name in MISTAKES},
    "nobody fenced": IN_THE_MIDDLE,
    "VAT forgotten": keeping.test_an_invoice_becomes_an_entry_and_moves_the_position,
    "redelivery is a duplicate": counting.test_a_redelivered_event_counts_nowhere_even_under_another_number,
    "every delivery counts": counting.test_a_redelivered_event_counts_nowhere_even_under_another_number,
}


@pytest.mark.parametrize("name", IN_SQL)
def test_a_mistake_in_the_sql_is_noticed(name: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The schema or the queries are changed in one place; a check of the suite fails."""
    planted, check = IN_SQL[name]
    migrations = copytree(MIGRATIONS, tmp_path / "migrations")
    if (MIGRATIONS / planted.file).exists():
        (migrations / planted.file).write_text(planted.text(MIGRATIONS), encoding="utf-8")
    else:
        _plant(planted, monkeypatch)
    if check is UNBALANCED:
        ask_no_contract(monkeypatch)
    shelf = PostgresBookshelf(database_url, migrations)
    try:
        with pytest.raises(NOTICED):
            check(shelf)
    finally:
        shelf.shelf.close()


@pytest.mark.parametrize("name", MISTAKES)
def test_the_same_mistake_in_the_twin_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch):
    """The mistakes that the seeds have to find are noticed by the suite as well."""
    MISTAKES[name].patch(monkeypatch)
    if name == "balance not checked":
        ask_no_contract(monkeypatch)
    with pytest.raises(NOTICED):
        IN_THE_TWIN[name](MemoryBookshelf(MISTAKES[name].parts))


def _plant(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapters' queries with the mistake in them."""
    records = {"VersionRow": VersionRow, "FinishedRow": FinishedRow}
    queries: Any = aiosql.from_str(planted.text(ADAPTERS), "psycopg", record_classes=records)
    for adapter in (announcements,) if planted.file == SAID else (books, positions):
        monkeypatch.setattr(adapter, "QUERIES", queries)
