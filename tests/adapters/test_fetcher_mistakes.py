"""Mistakes planted in the fetcher's real SQL, one change of text each: the suites notice every one, in PostgreSQL and in memory."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiosql
import pytest
from psycopg.rows import dict_row

from services.fetcher.adapters import collection, companies, dossiers, lifting, queries, reported, saying, scanned
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.main import MIGRATIONS
from services.kernel.errors import Refused
from services.kernel.migrate import migrate
from tests.adapters import test_connections, test_lifted, test_progress
from tests.adapters.fetcher_bench import Bench, fetcher_database, memory_bench, real_bench
from tests.simulation.memory.fetcher import STATEMENTS
from tests.simulation.memory.fetcher_mistakes import MISTAKES

NOTICED = (AssertionError, pytest.fail.Exception, Refused)
COLLECTION, COMPANIES = "collecting", "companies.sql"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A text of a file, or of a folder's files, that is written otherwise, and the check that must not pass then."""

    name: str
    file: str
    right: str
    wrong: str
    check: Callable[[Bench], None]


IN_QUERIES = [
    Mistake(
        "scan_token_forgotten",
        COLLECTION,
        "    next_page_token = :next_page_token,\n",
        "    next_page_token = nullif(:next_page_token, :next_page_token),\n",
        test_progress.test_a_scan_goes_on_where_it_was,
    ),
    Mistake(
        "scan_ends_early",
        COLLECTION,
        "    finished_at = :finished_at\n",
        "    finished_at = coalesce(:finished_at, now())\n",
        test_progress.test_a_scan_goes_on_where_it_was,
    ),
    Mistake(
        "run_started_twice",
        COMPANIES,
        ":window_to, :now)\non conflict do nothing;",
        ":window_to, :now);",
        test_connections.test_an_occasion_is_one_run_with_one_job,
    ),
    Mistake(
        "run_not_locked",
        COLLECTION,
        "run_id = :run_id\nfor update;",
        "run_id = :run_id;",
        test_progress.test_only_one_writes_in_a_run,
    ),
    Mistake(
        "connection_not_locked",
        COMPANIES,
        "connection_id = :connection_id\nfor update;",
        "connection_id = :connection_id;",
        test_connections.test_only_one_moves_a_connection,
    ),
    Mistake(
        "asked_for_ever",
        COLLECTION,
        "set asked_at = :now, pending = :pending, ask_at = :ask_at\n",
        "set asked_at = :now, pending = :pending, ask_at = coalesce(ask_at, :ask_at)\n",
        test_progress.test_shipped_lines_are_asked_once_a_run_in_order,
    ),
    Mistake(
        "changes_not_counted",
        COMPANIES,
        "update connection set changes = changes + 1 where connection_id = :connection_id returning changes;",
        "select changes + 1 from connection where connection_id = :connection_id;",
        test_connections.test_each_event_about_a_connection_has_its_own_id,
    ),
    Mistake(
        "order_requested_again",
        COLLECTION,
        "r.connection_id = :connection_id and r.state in ('asked', 'ready')",
        "r.connection_id = :connection_id and r.state = 'never'",
        test_progress.test_an_order_is_requested_while_no_report_is_under_way,
    ),
    Mistake(
        "ladder_moved_twice",
        COLLECTION,
        "    and next_attempt_at is not distinct from :seen_at::timestamptz;",
        "    and (next_attempt_at is not distinct from :seen_at::timestamptz or true);",
        test_progress.test_what_is_wanted_moves_once,
    ),
    Mistake(
        "watermark_before_the_end",
        COMPANIES,
        "s.finished_at is not null;",
        "s.pages >= 0;",
        test_progress.test_the_watermark_moves_with_the_last_page,
    ),
    Mistake(
        "flagged_at_once",
        COLLECTION,
        "case when missed >= 1 then",
        "case when missed >= 0 then",
        test_progress.test_what_two_weekly_scans_do_not_show_is_flagged,
    ),
    Mistake(
        "facts_forgotten",
        COLLECTION,
        "on conflict (invoice_id, sha256) do update set facts_hash = excluded.facts_hash;",
        "on conflict do nothing;",
        test_progress.test_what_was_last_said_from_each_pdf_is_known,
    ),
    Mistake(
        "report_stands_still",
        COLLECTION,
        "    state = excluded.state,\n",
        "",
        test_progress.test_the_report_whose_turn_comes_first,
    ),
    Mistake(
        "invoice_minted_again",
        COLLECTION,
        "asked.number = k.number and asked.kind = k.kind",
        "asked.number <> k.number and asked.kind = k.kind",
        test_progress.test_amazon_s_keys_find_an_invoice_again,
    ),
    Mistake(
        "number_given_twice",
        COLLECTION,
        "set emitted = emitted + :count",
        "set emitted = :count",
        test_progress.test_what_is_said_has_its_place_in_the_run,
    ),
    Mistake(
        "run_never_finished",
        COLLECTION,
        "and state = 'collecting';",
        "and state = 'finished';",
        test_progress.test_a_finished_run_says_how_many_it_said,
    ),
    Mistake(
        "said_invoice_not_locked",
        COLLECTION,
        "i.invoice_id = :invoice_id\nfor update of i;",
        "i.invoice_id = :invoice_id;",
        test_lifted.test_a_decision_in_hand_is_waited_for,
    ),
    Mistake(
        "invoices_not_locked",
        COLLECTION,
        "order by i.invoice_id\nfor update of i;",
        "order by i.invoice_id;",
        test_lifted.test_a_run_that_says_a_document_is_waited_for,
    ),
    Mistake(
        "invoice_of_another_company",
        COLLECTION,
        "where i.company_id = :company_id and i.invoice_id",
        "where :company_id::text is not null and i.invoice_id",
        test_lifted.test_a_decision_about_what_was_never_said_is_parked,
    ),
    Mistake(
        "decisions_forgotten",
        COLLECTION,
        "i.collected #> '{lifted,0}' is not null",
        "i.collected #> '{lifted,0}' is null and i.collected is null",
        test_lifted.test_decisions_hold_as_long_as_the_document_says_the_same,
    ),
    Mistake(
        "decision_taken_for_an_import",
        COMPANIES,
        "kind not in ('history', 'lifted')",
        "kind not in ('history')",
        test_lifted.test_the_run_of_a_decision_is_not_one_that_collects,
    ),
]
IN_THE_SCHEMA = [
    Mistake(
        "connected_twice",
        "0001_companies.sql",
        "create unique index connection_open",
        "create index connection_open",
        test_connections.test_a_company_connects_once,
    ),
]


class Miswritten(queries.Queries):
    """The queries of a text."""

    def __init__(self, text: str) -> None:
        self._queries = aiosql.from_str(text, "psycopg", kwargs={"row_factory": dict_row})


def miswritten(place: Path, mistake: Mistake) -> str:
    """The file, or all files of the folder, with the mistake in it, once."""
    files = sorted(place.glob("*.sql")) if place.is_dir() else [place]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    assert 1 == text.count(mistake.right), mistake.name
    return text.replace(mistake.right, mistake.wrong)


@pytest.mark.parametrize("mistake", IN_QUERIES, ids=lambda mistake: mistake.name)
def test_a_mistake_in_a_query_is_noticed(mistake: Mistake, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The shipped query passes the same check in the suites."""
    wrong = Miswritten(miswritten(Path(queries.__file__).with_name(mistake.file), mistake))
    for adapter in [companies] if mistake.file == COMPANIES else [collection, dossiers, lifting, reported, saying, scanned]:
        monkeypatch.setattr(adapter, "QUERIES", wrong)
    with fetcher_database(request) as url, real_bench(url) as bench, pytest.raises(NOTICED):
        mistake.check(bench)


@pytest.mark.parametrize("mistake", IN_THE_SCHEMA, ids=lambda mistake: mistake.name)
def test_a_mistake_in_the_schema_is_noticed(mistake: Mistake, database_url: str, tmp_path: Path) -> None:
    """The shipped schema passes the same check in the suites."""
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / mistake.file).write_text(miswritten(MIGRATIONS / mistake.file, mistake), encoding="utf-8")
    migrate(database_url, SERVICE, tmp_path / "migrations", with_outbox=True)
    with real_bench(database_url) as bench, pytest.raises(NOTICED):
        mistake.check(bench)


@pytest.mark.parametrize("mistake", [*IN_QUERIES, *IN_THE_SCHEMA], ids=lambda mistake: mistake.name)
def test_the_same_mistake_in_memory_is_noticed(mistake: Mistake) -> None:
    """So a seed that finds it in memory finds what SQL would do."""
    with memory_bench({**STATEMENTS, **MISTAKES[mistake.name]}) as bench, pytest.raises(NOTICED):
        mistake.check(bench)


def test_every_mistake_has_its_sql() -> None:
    """None is in memory only."""
    assert set(MISTAKES) == {mistake.name for mistake in (*IN_QUERIES, *IN_THE_SCHEMA)}
