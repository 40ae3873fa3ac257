"""What must not work on lives of entries: as the service's role, as a reader, as the owner behind the functions, as a superuser."""

from collections.abc import Iterable
from contextlib import closing
from datetime import date

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from services.ledger.adapters.announcements import Altered
from services.ledger.domain.posting import Line
from tests.adapters.hands import Hands
from tests.integration.ledger.shelf import Broker

MARCH, APRIL = date(2026, 3, 10), date(2026, 4, 2)
NOT_OURS = (
    "insert into ledger.fate (entry_id, batch_id, by_entry) values (1, 1, 2)",
    "insert into ledger.counter values ('C-1', 'AC', 2026, 7, now())",
    "update ledger.counter set last_no = 0",
    "delete from ledger.counter",
    "insert into ledger.reversal values (2, 1, 1)",
    "insert into ledger.period_event values (1, 'C-1', 'lock', now(), now(), 'x')",
    "delete from ledger.period_event",
    "update ledger.fiscal_year set closed_through = ends",
    "insert into ledger.fiscal_year values ('C-1', 2020, '2020-01-01', '2020-12-31', '2019-12-31')",
    "delete from ledger.todo",
    "insert into ledger.batch (book, n, actor) values (3, 0, 'me')",
    "insert into ledger.batch (kind, book, n) values ('C', 3, 0)",
    "update ledger.batch set actor = 'me'",
    "select ledger.open_deed('C-1', 'V', 0, 'me')",
    "select ledger.number_entries('C-1', 'AC', array[1::bigint], 1)",
    "select ledger.mirror(1, 1)",
    "select ledger.stand_on(1, 2)",
    "select ledger.supersede(1, 2)",
    "select ledger.check_deed(b) from ledger.batch as b",
    "select ledger.hold_years('C-1')",
    "select ledger.plain_entries('C-1', 1, 10)",
    "insert into ledger.period_event values (1, 'C-1', 'automatic', now(), now())",
    "alter function ledger.validate(text, text, bigint[], text) reset all",
    "create or replace function ledger.is_locked(text, date) returns boolean language sql as 'select false'",
)


def assert_not_allowed(hands: Hands, subtests: pytest.Subtests, deeds: Iterable[str], role: str | None = None):
    """None of these is for the role, the service's by default."""
    for deed in deeds:
        with subtests.test(deed), hands.session(role) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(deed.encode())


def test_the_service_s_role_has_no_door_around_the_functions(hands: Hands, subtests: pytest.Subtests):
    hands.book_invoices(MARCH)
    assert_not_allowed(hands, subtests, NOT_OURS)


def test_only_known_columns_of_an_entry_are_for_the_service(hands: Hands):
    """A column that a later migration adds is closed to it until somebody opens it."""
    assert [] == hands.ask(
        "select table_name, privilege_type from information_schema.role_table_grants "
        "where table_schema = 'ledger' and grantee = 'ledger_app' and table_name in ('batch', 'entry', 'fate') "
        "and privilege_type <> 'SELECT'"
    )


def test_readers_read_everything_and_do_nothing(hands: Hands, subtests: pytest.Subtests):
    (entry,) = hands.book_invoices(MARCH)
    deeds = (
        f"select ledger.validate('C-1', 'AC', array[{entry}], 'me')",
        "select ledger.open_company('C-9', 3::smallint)",
        "insert into ledger.todo values ('C-1', 1)",
        "update ledger.announced set seq = 9",
        "create table ledger.mine (a int)",
    )
    with hands.session("ledger_readonly") as session:
        tables = session.execute(
            "select table_name from information_schema.tables where table_schema = 'ledger' and table_name not like '%yoyo%'"
        )
    assert {(name,) for name in ("entry", "line", "fate", "period_event", "chain", "skip")} <= set(tables)
    assert_not_allowed(hands, subtests, deeds, "ledger_readonly")


def test_no_function_is_for_everybody_and_all_pin_their_search_path(hands: Hands):
    """Also one that the owner makes later."""
    assert [] == hands.ask(
        "select proname from pg_proc where pronamespace = 'ledger'::regnamespace and "
        "(not coalesce('search_path=ledger, pg_temp' = any(proconfig), false) or proowner <> 'ledger_owner'::regrole "
        "or exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee = 0))"
    )
    with hands.session("ledger_owner") as session:
        session.execute("create function ledger.later() returns int language sql as 'select 1'")
        assert (False,) == session.execute("select has_function_privilege('ledger_readonly', 'ledger.later()', 'execute')").fetchone()


def test_a_temporary_table_fools_no_deed(hands: Hands):
    """Before the real tables stand an entry of ours, a year that is open, a month without lock."""
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.lock(MARCH, "lock", "TVA")
    with psycopg.connect(hands.book.shelf.admin_url, autocommit=True) as administrator:
        administrator.execute(f"grant temporary on database {administrator.info.dbname} to ledger_app".encode())
    try:
        with hands.session() as session:
            for table in ("entry", "period_event", "fiscal_year", "fate", "company"):
                session.execute(f"create temporary table {table} (like ledger.{table})".encode())
            session.execute("set search_path = pg_temp, ledger")
            with pytest.raises(psycopg.DatabaseError, match="its month is locked"):
                session.execute("select ledger.validate('C-1', 'AC', array[%s::bigint], 'me')", [entry])
    finally:
        with psycopg.connect(hands.book.shelf.admin_url, autocommit=True) as administrator:
            administrator.execute(f"revoke temporary on database {administrator.info.dbname} from ledger_app".encode())


def test_a_deed_checked_early_takes_nothing_more(hands: Hands):
    """Constraints set immediate seal the batch; a deed that is checked before it is whole is refused."""
    first, second = hands.book_invoices(MARCH, APRIL)
    with hands.session() as session:
        session.execute("select ledger.validate('C-1', 'AC', array[%s::bigint], 'me')", [first])
        session.execute("set constraints all immediate")
        with pytest.raises(psycopg.DatabaseError, match="not what a batch of its kind is"):
            session.execute("select ledger.validate('C-1', 'AC', array[%s::bigint], 'me')", [second])
    with hands.session() as session:
        for entry in (second, first):
            session.execute("select ledger.validate('C-1', 'AC', array[%s::bigint], 'me')", [entry])
        session.execute("set constraints all immediate")
        session.commit()
    assert [(1, second), (2, first)] == [(number, entry) for _, _, number, entry, _ in hands.numbers()]
    assert [(3,)] == hands.ask("select count(*) from ledger.chain")
    assert [] == hands.unsound()


def test_a_deed_in_a_snapshot_that_cannot_see_the_others_is_refused(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    with closing(psycopg.connect(hands.book.shelf.url)) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.execute("select ledger.validate('C-1', 'AC', array[%s::bigint], 'me')", [entry])
        with pytest.raises(psycopg.DatabaseError, match="read committed only"):
            session.commit()


def test_an_entry_that_is_not_sealed_yet_is_no_entry(hands: Hands):
    """An own batch of the same transaction, before its check."""
    hands.book_invoices(MARCH)
    with hands.session("ledger_owner") as session:
        row = session.execute(
            "insert into ledger.batch (book, n, topic_id, partition, epoch, from_offset, next_offset) "
            "select partition, 1, topic_id, partition, epoch, next_offset, next_offset + 1 from ledger.kafka_position returning batch_id"
        ).fetchone()
        assert row is not None
        session.execute(
            "insert into ledger.entry select %s::bigint << 20, company_id, invoice_id, 2, journal, entry_date, piece_ref, piece_date, "
            "label, gen_random_uuid(), account, auxiliary, cents, vat_rate from ledger.entry limit 1",
            row,
        )
        with pytest.raises(psycopg.DatabaseError, match="no such entry"):
            session.execute("select ledger.validate('C-1', 'AC', array[%s::bigint << 20], 'me')", row)


OPEN = "insert into ledger.batch (book, kind, n, actor) select 3, '{kind}', {n}, 'me'"
LAST = "(select max(batch_id) from ledger.batch)"
FORGED = {
    "a validation of nothing": ("V", 0, ()),
    "a correction of nothing": ("C", 0, ()),
    "a period's deed without an event": ("P", 0, ()),
    "an entry for a validation": ("V", 1, ()),
    "superseded by an entry of another batch": ("V", 0, (f"insert into ledger.fate (entry_id, batch_id, by_entry) values (1, {LAST}, 2)",)),
    "a number for an entry that is not there": (
        "V",
        0,
        (f"insert into ledger.fate values (7, {LAST}, null, 'C-1', 'AC', 2026, 1, '2026-03-10', '2026-03-10')",),
    ),
    "a number beside a lock": (
        "P",
        0,
        (
            f"insert into ledger.period_event values ({LAST}, 'C-1', 'lock', '2026-03-01', '2026-03-31', 'x')",
            f"insert into ledger.fate select entry_id, {LAST}, null, company_id, journal, 2026, 9, entry_date, entry_date "
            "from ledger.entry",
        ),
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_even_the_owner_writes_no_deed_that_is_none(hands: Hands, name: str):
    """The second look at commit, behind the functions."""
    hands.book_invoices(MARCH)
    kind, n, statements = FORGED[name]
    with hands.session("ledger_owner") as owner:
        owner.execute(OPEN.format(kind=kind, n=n).encode())
        for statement in statements:
            owner.execute(statement.encode())
        with pytest.raises(psycopg.DatabaseError, match=r"not what a batch of its kind is|entries where"):
            owner.commit()


@pytest.mark.parametrize(
    "forged", ["cents = array[-1::bigint, -20_00, 20_01]", "account[1] = '606300'", "auxiliary[3] = 'OTHER'", "invoice_id = 'I-9'"]
)
def test_a_reversal_that_is_no_mirror_is_refused(hands: Hands, forged: str):
    """The function's own mirror is bent before the check, which only its owner with triggers off could do."""
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    with psycopg.connect(hands.book.shelf.admin_url) as superuser:
        superuser.execute("select ledger.reverse_entry('C-1', %s, 'me')", [entry])
        superuser.execute("set local session_replication_role = replica")
        superuser.execute(f"update ledger.entry set {forged} where entry_id <> {entry}".encode())
        superuser.execute("set local session_replication_role = origin")
        with pytest.raises(psycopg.DatabaseError, match=r"no mirror|without amount"):
            superuser.execute("set constraints all immediate")
        superuser.rollback()


def test_even_the_owner_changes_no_life(hands: Hands, subtests: pytest.Subtests):
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    hands.deeds.reverse(entry)
    hands.deeds.lock(APRIL, "lock", "TVA")
    deeds = (
        "update ledger.fate set number = 9",
        "delete from ledger.fate",
        "truncate ledger.reversal",
        "delete from ledger.reversal",
        "update ledger.period_event set reason = 'y'",
        "delete from ledger.fiscal_year",
        "truncate ledger.fiscal_year",
        "update ledger.fiscal_year set closed_through = closed_through",
        "update ledger.fiscal_year set closed_through = '2026-02-01', ends = '2027-01-31'",
    )
    for deed in deeds:
        refused = pytest.raises(psycopg.DatabaseError, match=r"append-only|only closes further")
        with subtests.test(deed), hands.session("ledger_owner") as owner, refused:
            owner.execute(deed.encode())


@pytest.mark.parametrize(
    "deed",
    [
        "update ledger.fate set number = 9 where number = 1",
        "update ledger.fate set validated_on = '2026-01-01'",
        "delete from ledger.fate",
        "update ledger.batch set actor = 'somebody else' where kind = 'V'",
        "update ledger.reversal set reversed = 1",
        "delete from ledger.reversal",
        "update ledger.period_event set through = '2026-05-31'",
        "delete from ledger.period_event",
        "insert into ledger.fate (entry_id, batch_id, by_entry) values (1, 1, 2)",
        "insert into ledger.reversal values (2, 1, 1)",
    ],
)
def test_what_a_superuser_altered_is_seen_and_not_announced(hands: Hands, deed: str):
    """Also a life that is smuggled into a batch of records."""
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    hands.deeds.reverse(entry)
    hands.deeds.lock(APRIL, "lock", "TVA")
    hands.book.shelf.tamper(deed)
    assert [] != hands.unsound()
    with pytest.raises(Altered):
        hands.book.new_relay().turn(500, Broker().send)


def test_a_line_without_its_other_side_is_refused_at_the_end(hands: Hands):
    """Correct() takes any lines: the check at commit is the same as for records."""
    (entry,) = hands.book_invoices(MARCH)
    lines = (Line("606400", None, 5, None), Line("401000", "AMAZON", -4, None))
    account, auxiliary, cents, vat_rate = map(list, zip(*(line[:4] for line in lines), strict=True))
    with hands.session() as session:
        session.execute("select ledger.correct('C-1', %s, 'me', %s, %s, %s, %s)", [entry, account, auxiliary, cents, vat_rate])
        with pytest.raises(psycopg.DatabaseError, match="an unbalanced entry"):
            session.commit()


def test_a_role_of_the_service_cannot_become_another(hands: Hands):
    for role in ("ledger_owner", "ledger_readonly"):
        with hands.session() as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(f"set role {role}".encode())
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(make_conninfo(hands.book.shelf.admin_url, user="ledger_readonly"))
