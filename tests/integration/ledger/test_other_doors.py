"""What a wrong client of either role tries and the database refuses: doors beside the table, forged places, shapes that fool a check."""

from collections.abc import Generator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg.errors import CheckViolation, FeatureNotSupported, InsufficientPrivilege, NotNullViolation, ObjectNotInPrerequisiteState

from tests.integration.ledger.shelf import Shelf
from tests.integration.ledger.test_attacks import VERSION, Attacker

COLUMNS = (
    "entry_id, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label, source_key, "
    "account, auxiliary, cents, vat_rate"
)
CLOSED = (InsufficientPrivilege, ObjectNotInPrerequisiteState)  # the latter: a view that nobody can write
ADMINISTRATION = (  # what belongs to whoever owns the tables or the server
    "alter table ledger.entry add column note text",
    "alter table ledger.entry disable row level security",
    "alter table ledger.entry owner to ledger_consumer",
    "alter table ledger.entry drop constraint entry_pkey",
    "drop table ledger.chain",
    "drop trigger guard on ledger.entry",
    "drop function ledger.seal(bigint, smallint)",
    "create trigger mine before insert on ledger.entry execute function ledger.refuse()",
    "create rule mine as on insert to ledger.entry do instead nothing",
    "create index on ledger.entry (label)",
    "create table ledger.mine () inherits (ledger.entry)",
    "create table public.mine () inherits (ledger.entry)",
    "create view ledger.mine as select 1",
    "create schema mine",
    "create function ledger.mine() returns int language sql as 'select 1'",
    "create or replace function ledger.digest(bigint) returns bytea language sql as 'select null::bytea'",
    "lock table ledger.entry in access exclusive mode",
    "set session authorization postgres",
    "set role postgres",
    "alter role ledger_consumer superuser",
    "copy ledger.entry to program 'true'",
    "copy ledger.entry from '/dev/null'",
    "do $$ begin execute 'delete from ledger.entry'; end $$",
    "reindex table ledger.entry",
    "cluster ledger.entry using entry_pkey",
)
WRITING = (  # other words for a change
    "merge into ledger.entry as e using (values (1)) as v (n) on true when matched then update set label = 'other'",
    "merge into ledger.entry as e using (values (1)) as v (n) on true when matched then delete",
    f"insert into ledger.entry ({COLUMNS}) select {COLUMNS} from ledger.entry on conflict (entry_id) do update set label = 'other'",
    "update ledger.batch set next_offset = 9",
    "insert into ledger.line (entry_id) values (1)",
    "update ledger.line set account = '606300'",
    "delete from ledger.announced",
    "insert into ledger.announced values (99, 0, 0)",
    "update ledger.announced set book = 4",
    "insert into ledger.chain_head values (99)",
    "update ledger.run_finished set held = 0",
    "update ledger.account set valid = '[,)'",
    "insert into ledger.chart values ('999999', 'mine')",
    "update ledger.company set book = 4",
    "insert into ledger.company values ('C-9', 3)",
    "insert into ledger.kafka_position values ('t', 3, 9, 9)",
    "delete from ledger.kafka_position",
    "insert into ledger.skip select 't', 0, 0",
    "delete from ledger.breaker",
    "insert into ledger.batch (actor) values ('me')",
)
PEOPLE = (  # the consumer does nothing for people
    "select ledger.validate('C-1', 'AC', array[1::bigint], 'me')",
    "select ledger.reverse_entry('C-1', 1, 'me')",
    "select ledger.correct('C-1', 1, 'me', '{606300,401000}', '{NULL,AMAZON}', '{5,-5}', '{NULL,NULL}')",
    "select ledger.close_period('C-1', 2026::smallint, '2026-12-31', 'me', 0)",
    "select ledger.lock_month('C-1', '2026-03-01', 'lock', 'me', 'x')",
)
CONSUMING = (  # people take no partition and book no record
    "select ledger.take_position('topic-1', 3::smallint)",
    "select ledger.keep_position('topic-1', 3::smallint, 1)",
    "select ledger.release_position('topic-1', 3::smallint, 1)",
    "select ledger.open_company('C-9', 3::smallint)",
    "select ledger.open_year('C-1', 2027::smallint)",
    "insert into ledger.batch (book, n, topic_id, partition, epoch, from_offset, next_offset) values (3, 0, 'topic-1', 3, 1, 1, 2)",
    f"insert into ledger.entry ({COLUMNS}) select {COLUMNS} from ledger.entry",
    "insert into ledger.invoice select * from ledger.invoice",
    "insert into ledger.outcome values ('C-1', 'R-1', 1, 1, 1, 'recorded')",
    "update ledger.announced set seq = seq",
    "insert into ledger.breaker (reason) values ('x')",
)


@pytest.fixture
def attacker(shelf: Shelf) -> Generator[Attacker]:
    """The consumer's role, after one sound batch."""
    with closing(psycopg.connect(shelf.consumer_url)) as connection:
        attacker = Attacker(connection)
        attacker.write()
        attacker.start += 1
        yield attacker


@pytest.mark.parametrize("deeds", [ADMINISTRATION, WRITING, PEOPLE], ids=["administration", "writing", "people"])
def test_the_consumer_has_no_other_door(attacker: Attacker, subtests: pytest.Subtests, deeds: tuple[str, ...]):
    for deed in deeds:
        with subtests.test(deed), pytest.raises(CLOSED):
            attacker.run(deed)
        attacker.connection.rollback()


@pytest.mark.parametrize("deeds", [ADMINISTRATION, WRITING, CONSUMING], ids=["administration", "writing", "consuming"])
def test_people_have_no_other_door(attacker: Attacker, shelf: Shelf, subtests: pytest.Subtests, deeds: tuple[str, ...]):
    with closing(psycopg.connect(shelf.url)) as people:
        for deed in deeds:
            with subtests.test(deed), pytest.raises(CLOSED):
                people.execute(deed.encode())
            people.rollback()


SHAPES: tuple[tuple[dict[str, Any], type[psycopg.Error]], ...] = (  # what stands in the entry, why it is refused
    ({"cents": [[5], [-5]]}, CheckViolation),
    ({"account": [["606400"], ["401000"]]}, CheckViolation),
    ({"auxiliary": [[None, "AMAZON"]]}, CheckViolation),
    ({"vat": [[None], [None]]}, CheckViolation),
    ({"cents": None}, NotNullViolation),
)
TEXTS = ("FR\t1", "FR|1", "FR\n1", "FR\r1", "")
DAYS = ("infinity", "-infinity", "0044-03-15 BC", "1899-12-31", "3000-01-01")


def test_shapes_that_a_check_could_overlook_are_refused(attacker: Attacker, subtests: pytest.Subtests):
    for entry, reason in SHAPES:
        with subtests.test(str(entry)), pytest.raises(reason):
            attacker.entry(attacker.batch(), **entry)
        attacker.connection.rollback()


@pytest.mark.parametrize("column", ["piece_ref", "label"])
def test_what_would_break_a_line_of_the_fec_is_refused(attacker: Attacker, subtests: pytest.Subtests, column: str):
    for text in TEXTS:
        with subtests.test(repr(text)), pytest.raises(CheckViolation):
            _entry_with(attacker, column, text)
        attacker.connection.rollback()


@pytest.mark.parametrize("column", ["entry_date", "piece_date"])
def test_days_that_no_fiscal_year_has_are_refused(attacker: Attacker, subtests: pytest.Subtests, column: str):
    for day in DAYS:
        with subtests.test(day), pytest.raises(CheckViolation):
            _entry_with(attacker, column, day)
        attacker.connection.rollback()


def test_a_list_that_begins_elsewhere_is_refused(attacker: Attacker):
    with pytest.raises(CheckViolation):
        _entry_with(attacker, "cents", "[0:1]={5,-5}")


FORGED_PLACES = (  # of the batch, why it is refused
    ({"epoch": 99}, "is not in force"),
    ({"start": 0}, "unique"),
    ({"start": 7}, "is not in force"),
)


def test_a_batch_elsewhere_is_refused(attacker: Attacker, subtests: pytest.Subtests):
    for place, reason in FORGED_PLACES:
        with subtests.test(str(place)), pytest.raises(psycopg.DatabaseError, match=reason):
            attacker.batch(n=0, **place)
            attacker.connection.commit()
        attacker.connection.rollback()


BATCHES = (
    "values (3, 0, 'topic-1', 4, 1, 1, 2)",  # a book that is not the partition
    "values (4, 0, 'topic-1', 4, 1, 0, 1)",  # a partition nobody took
    "values (3, 0, 'topic-2', 3, 1, 0, 1)",  # a topic nobody took
    "values (3, 0, 'topic-1', 3, 1, 2, 2)",  # no record
    "values (3, -1, 'topic-1', 3, 1, 1, 2)",  # fewer entries than none
    "values (3, 0, null, null, null, null, null)",  # from nowhere
)


def test_a_batch_of_no_records_of_ours_is_refused(attacker: Attacker, subtests: pytest.Subtests):
    for values in BATCHES:
        with subtests.test(values), pytest.raises(psycopg.DatabaseError, match=r"is not in force|check constraint"):
            attacker.run(f"insert into ledger.batch (book, n, topic_id, partition, epoch, from_offset, next_offset) {values}")
            attacker.connection.commit()
        attacker.connection.rollback()


@pytest.mark.parametrize("place", [5, 1 << 20, -1])
def test_an_entry_at_a_place_that_its_batch_does_not_have_is_refused(attacker: Attacker, place: int):
    """Behind the last, in the range of the next batch, before the first."""
    batch = attacker.batch()
    with pytest.raises(psycopg.DatabaseError, match=r"1 entries where 1|outside an open batch"):
        attacker.run(f"insert into ledger.entry ({COLUMNS}) {_copied(f'({batch}::bigint << 20) + {place}')}")
        attacker.version(batch)
        attacker.connection.commit()


def test_one_entry_for_two_invoices_is_refused(attacker: Attacker):
    batch = attacker.batch()
    attacker.entry(batch)
    attacker.version(batch)
    attacker.run(VERSION.replace("%(place)s, 'C-1'", "9, 'C-1'"), batch=batch, place=0, invoice="I-other")
    with pytest.raises(psycopg.DatabaseError, match="entries and invoices do not match"):
        attacker.connection.commit()


def test_an_account_that_only_another_company_has_is_refused(attacker: Attacker, shelf: Shelf):
    shelf.tamper("insert into ledger.account values ('C-2', '606999', 'theirs')")
    with pytest.raises(psycopg.DatabaseError, match="no account 606999"):
        attacker.write(account=["606999", "401000"])


def test_a_copy_that_leaves_no_trace_is_refused(attacker: Attacker):
    """FREEZE would make rows visible to snapshots taken before."""
    statement = f"copy ledger.entry ({COLUMNS}) from stdin (freeze)".encode()
    refused = pytest.raises((FeatureNotSupported, ObjectNotInPrerequisiteState))
    with refused, attacker.connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(b"")


def test_a_transaction_left_half_way_for_later_is_refused(attacker: Attacker):
    attacker.batch(n=0)
    with pytest.raises(ObjectNotInPrerequisiteState):
        attacker.run("prepare transaction 'mine'")


def test_a_duplicate_left_out_in_silence_is_counted(attacker: Attacker):
    """An upsert that does nothing books nothing, and the batch has announced one."""
    batch = attacker.batch()
    attacker.run(f"insert into ledger.entry ({COLUMNS}) {_copied(f'{batch}::bigint << 20', 'source_key')} on conflict do nothing")
    with pytest.raises(psycopg.DatabaseError, match="0 entries where 1 were announced"):
        attacker.connection.commit()


@pytest.mark.parametrize("mark", ["seq = 99", "seq = 0", "sent = -1", "seq = 1, sent = 0"])
def test_what_was_announced_is_not_moved_back_nor_beyond_the_head(attacker: Attacker, shelf: Shelf, mark: str):
    """One batch is sealed in book 3; it is announced, and three messages of the next are."""
    attacker.run("update ledger.announced set seq = 1, sent = 3 where book = 3")
    with pytest.raises(psycopg.DatabaseError, match="only go on"):
        attacker.run(f"update ledger.announced set {mark} where book = 3")


def test_a_company_is_opened_in_its_own_book(attacker: Attacker):
    """Elsewhere every record of it would be refused."""
    with pytest.raises(psycopg.DatabaseError, match="its book 5 is not kept here"):
        attacker.run("select ledger.open_company('C-9', 5::smallint)")


def test_a_stranger_gives_up_nobody_s_partition(attacker: Attacker, shelf: Shelf):
    """Another session of the role, under the epoch in force."""
    with psycopg.connect(shelf.consumer_url) as stranger:
        stranger.execute("select ledger.release_position('topic-1', 3::smallint, %s)", [attacker.epoch])
    attacker.write()
    assert [(2,)] == shelf.ask("select count(*) from ledger.entry")


def test_two_sessions_under_one_epoch_book_a_range_once(attacker: Attacker, shelf: Shelf):
    """A stranger registers under the epoch in force; the range of offsets still has one winner."""
    with psycopg.connect(shelf.consumer_url) as stranger:
        stranger.execute("select ledger.keep_position('topic-1', 3::smallint, %s)", [attacker.epoch])
        twin = object.__new__(Attacker)
        twin.connection, twin.epoch, twin.start = stranger, attacker.epoch, attacker.start
        twin.write()
    with pytest.raises(psycopg.errors.UniqueViolation):
        attacker.batch()
    assert [(2,)] == shelf.ask("select count(*) from ledger.entry")


BENT = (  # other lines for the entry, why they are refused
    ("'{606300,401000}', '{NULL,AMAZON}', '{5,-4}', '{NULL,NULL}'", "an unbalanced entry"),
    ("'{606300}', '{NULL}', '{5}', '{NULL}'", "an entry of fewer than two lines"),
    ("'{}', '{}', '{}', '{}'", "check constraint|fewer than two lines"),
    ("'{606300,401000}', '{NULL}', '{5,-5}', '{NULL,NULL}'", "line arrays of unequal length"),
    ("'{606300,401000}', '{NULL,AMAZON}', '{0,0}', '{NULL,NULL}'", "a line without amount"),
    ("'{606300,401000}', '{NULL,AMAZON}', null, '{NULL,NULL}'", "not-null constraint"),
    ("'{{606300},{401000}}', '{NULL,AMAZON}', '{5,-5}', '{NULL,NULL}'", "check constraint"),
    ("'{606999,401000}', '{NULL,AMAZON}', '{5,-5}', '{NULL,NULL}'", "no such account"),
)


def test_a_correction_to_an_entry_that_is_none_is_refused(attacker: Attacker, shelf: Shelf, subtests: pytest.Subtests):
    """Also to an account that only another company has."""
    shelf.tamper("insert into ledger.account values ('C-2', '606999', 'theirs')")
    [(entry,)] = shelf.ask("select entry_id from ledger.entry")
    for lines, reason in BENT:
        with subtests.test(lines), psycopg.connect(shelf.url) as people:
            with pytest.raises(psycopg.DatabaseError, match=reason):
                people.execute(f"select ledger.correct('C-1', {entry}, 'me', {lines})".encode())
                people.commit()
            people.rollback()


PERIODS = (
    "select ledger.close_period('C-1', 2026::smallint, null, 'me', 1)",
    "select ledger.close_period('C-1', 2026::smallint, '2027-01-31', 'me', 1)",
    "select ledger.close_period('C-1', 2026::smallint, '2026-03-31', 'me', null)",
    "select ledger.close_period('C-1', 2026::smallint, '2026-03-31', E'me\\tyou', 1)",
    "select ledger.close_period(null, 2026::smallint, '2026-03-31', 'me', 1)",
    "select ledger.lock_month('C-1', '2026-03-01', 'close', 'me', 'x')",
    "select ledger.lock_month('C-1', null, 'lock', 'me', 'x')",
    "select ledger.lock_month('C-1', '2026-03-01', 'lock', ' ', 'x')",
    "select ledger.validate('C-1', null, array(select entry_id from ledger.entry), 'me')",
    "select ledger.validate(null, 'AC', array(select entry_id from ledger.entry), 'me')",
    "select ledger.validate('C-1', 'AC', array[null::bigint], 'me')",
    "select ledger.validate('C-1', 'AC', null, 'me')",
    "select ledger.reverse_entry('C-1', null, 'me')",
)


def test_words_left_out_open_nothing(attacker: Attacker, shelf: Shelf, subtests: pytest.Subtests):
    """Nothing, a day of another year, a name of two lines: each is refused, and the book stays as it is."""
    attacker.run("select ledger.open_year('C-1', 2026::smallint)")
    attacker.connection.commit()
    for deed in PERIODS:
        with subtests.test(deed), psycopg.connect(shelf.url) as people:
            with pytest.raises(psycopg.DatabaseError):
                people.execute(deed.encode())
                people.commit()
            people.rollback()
    assert [(1,)] == shelf.ask("select count(*) from ledger.chain")


def _copied(entry_id: str, source_key: str = "gen_random_uuid()") -> str:
    """The first entry again, as that one."""
    return COLUMNS.replace("entry_id", f"select {entry_id}", 1).replace("source_key", source_key) + " from ledger.entry limit 1"


def _entry_with(attacker: Attacker, column: str, value: str) -> None:
    """A sound entry but for one column."""
    batch = attacker.batch()
    said = _copied(f"{batch}::bigint << 20").replace(f" {column}", " %(value)s", 1)
    attacker.run(f"insert into ledger.entry ({COLUMNS}) {said}", value=value)
