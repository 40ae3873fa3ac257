"""`achats-ledger verify` on a real PostgreSQL: a book of every kind of batch is right; what no plant of one row shows is found too."""

import re
import sys
from collections.abc import Generator
from contextlib import closing

import psycopg
import pytest

from services.kernel.postgres import PostgresStore
from services.ledger import main
from services.ledger.adapters import replaying
from services.ledger.adapters.verifying import NEXT, Verification
from tests.adapters.hands import Hands
from tests.adapters.sealed_books import altered, filled, verified
from tests.integration.ledger.shelf import Shelf, event
from tests.support.local import SessionDatabase
from tests.unit.ledger.documents import invoice

SEALED_AGAIN = """
do $$
declare
    c record;
    head bytea := '\\x00';
begin
    for c in select l.seq, l.batch_id, s.digest, s.marks from ledger.chain as l cross join lateral ledger.seal_of(l.batch_id) as s
        where l.book = 3 order by l.seq loop
        update ledger.chain set digest = c.digest, marks = c.marks, prev = head,
            hash = sha256(head || int8send(c.seq) || int8send(c.batch_id) || c.digest || c.marks) where batch_id = c.batch_id
        returning hash into head;
    end loop;
    update ledger.chain_head set hash = head where book = 3;
end $$
"""
"""A superuser who knows how seals are made makes them all anew."""
MERGED = """
insert into supplier_merger (batch_id, record_offset, company_id, decision_id, auxiliary, into_auxiliary, decided_by, decided_at, event_id)
select 1, 0, 'C-1', {}, 'me', now(), 'E';
"""


@pytest.fixture(scope="module", name="shelf")
def filled_shelf(database: SessionDatabase) -> Generator[Shelf]:
    """A book with every kind of batch, which no test here changes for good."""
    with filled(database) as shelf:
        yield shelf


def head_of(shelf: Shelf, book: int = 3) -> tuple[int, bytes]:
    """Where the book's chain ends."""
    ((seq, digest),) = shelf.ask(f"select seq, hash from ledger.chain_head where book = {book}")
    return seq, digest


def test_a_book_with_every_kind_of_batch_is_right(shelf: Shelf):
    """Every line of the list has rows, so that each is recomputed; the head of each book is said."""
    said = verified(shelf)
    rows = dict[str, int](
        shelf.ask(
            "select name, (xpath('/row/n/text()', query_to_xml(format("
            "'select count(*) as n from ledger.%I', name), true, true, '')))[1]::text::int from ledger.sealed"
        )
    )
    assert [] == [name for name, count in rows.items() if not count]
    assert [
        *(f"Livre {book} : conforme, tête {seq}:{digest.hex()}." for book, (seq, digest) in ((n, head_of(shelf, n)) for n in (3, 4))),
        f"Recalculé : 15 lots, {rows['entry']} écritures, {sum(rows.values())} lignes scellées ; tout est conforme.",
    ] == said.lines


def test_a_long_chain_is_read_piece_by_piece(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(replaying, "LINKS_AT_ONCE", 2)
    assert "15 lots" in verified(shelf).lines[-1]
    assert ["Livre 3, maillon 9, lot 9 : la ligne 1 de « batch » n'est pas celle qui a été scellée"] == altered(
        shelf, "update batch set actor = 'M. Faux' where batch_id = 9"
    )


def test_one_book_alone(shelf: Shelf):
    assert re.fullmatch(r"Livre 4 : conforme, tête 4:[0-9a-f]{64}\.", verified(shelf, 4).lines[0])
    assert ["Recalculé : 0 lot, 0 écriture, 0 ligne scellée ; tout est conforme."] == verified(shelf, 7).lines


def test_a_chain_that_was_written_anew_is_seen_by_a_head_noted_before(shelf: Shelf):
    """All seals are right again; only who noted a head before knows better. A head that is still there is no difference."""
    noted = head_of(shelf)
    deeds = ("update ledger.entry set label = 'x' where entry_id = 2097152", SEALED_AGAIN)
    assert [] == altered(shelf, *deeds)
    (said,) = altered(shelf, *deeds, noted=noted)
    assert said.startswith(f"Livre 3 : la tête notée 11:{noted[1].hex()} n'est pas dans sa chaîne, qui finit à 11:")
    assert [] == altered(shelf, noted=noted)
    ((early,),) = shelf.ask("select hash from ledger.chain where book = 3 and seq = 4")
    assert [] == altered(shelf, noted=(4, early))
    assert [f"Livre 3 : la tête notée 12:{noted[1].hex()} n'est pas dans sa chaîne, qui finit à 11:{noted[1].hex()}"] == altered(
        shelf, noted=(12, noted[1])
    )


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        (
            "update entry set cents[1] = cents[1] + 1 where entry_id = 2097153",
            "Livre 3, maillon 2, lot 2 : l'écriture 2097153 n'est pas équilibrée (en euros ou dans sa devise) ou n'a pas deux lignes",
        ),
        (
            "update entry set account = '{}', auxiliary = '{}', cents = '{}', vat_rate = '{}' where entry_id = 2097153",
            "Livre 3, maillon 2, lot 2 : l'écriture 2097153 n'est pas équilibrée (en euros ou dans sa devise) ou n'a pas deux lignes",
        ),
        (
            "update fate set number = 7 where number = 2",
            "Entreprise C-1, journal AC, exercice 2026 : le numéro 3 suit un trou, 2 était attendu",
        ),
        (
            "update fate set validated_on = '2100-01-01' where number = 2",
            "Entreprise C-1, journal AC, exercice 2026 : le numéro 3 est validé le ",
        ),
        ("delete from fate where number = 5", "L'écriture "),
        (
            "update batch set next_offset = 13 where batch_id = 2",
            "La partition topic-1/3 n'est pas lue d'un trait : le lot 11 commence à 14 au lieu de 13",
        ),
        ("update batch set book = 4 where batch_id = 10", "Le lot 10 du livre 4 est dans la chaîne du livre 3 (maillon 10)"),
        (
            "update period_event set through = '2026-02-28' where deed = 'close'",
            "Entreprise C-1 : dernier jour clos 2026-03-31, selon ses clôtures 2026-02-28",
        ),
        (
            "update supplier set siren = '902100478' where company_id = 'C-1'",
            "Entreprise C-1, fournisseur AMAZON : ses versions ne sont pas celles que ses documents montrent",
        ),
        (
            "update supplier set siren = '902100478' where company_id = 'C-1'; update invoice set facts = jsonb_set(facts, "
            "'{supplier,siren}', '\"902100478\"') where company_id = 'C-1' and batch_id > 1",
            "Entreprise C-1, fournisseur AMAZON : ses versions ne sont pas celles que ses documents montrent",
        ),
        (MERGED.format("'A-1', 'AMAZON', 'OTHER'"), "L'écriture 2097152 est au compte du fournisseur AMAZON, qui était déjà fusionné"),
        (
            MERGED.format("'A-1', 'ONE', 'OTHER'") + MERGED.format("'A-2', 'OTHER', 'ONE'"),
            "Entreprise C-1 : le fournisseur ONE est fusionné avec lui-même, par d'autres",
        ),
    ],
)
def test_what_is_sealed_again_must_still_follow(shelf: Shelf, deed: str, said: str):
    """The seals are right, what they seal is not a book."""
    assert [said] == [difference[: len(said)] for difference in altered(shelf, deed, SEALED_AGAIN)[:1]]


def test_a_table_and_a_column_are_sealed_by_one_line_each(shelf: Shelf):
    """Old seals stay true; what the new line has is sealed from then on, and a row that says nothing in a new column is as before."""
    added = (
        "create table payment (batch_id bigint not null, n int, note text, primary key (batch_id, n))",
        "alter table entry add column remark text",
    )
    lines = ("select seal_also('payment'), seal_also('entry')",)
    grant = "grant select on payment to ledger_app"
    sealed = ("insert into payment values (11, 1, null)", "update entry set remark = 'new' where entry_id = 2097153", SEALED_AGAIN)
    assert ["La colonne entry.remark n'est couverte par aucun sceau"] == altered(shelf, *added, grant)
    assert [] == altered(shelf, *added, grant, *lines)
    assert [] == altered(shelf, *added, grant, *lines, *sealed)
    assert ["Livre 3, maillon 2, lot 2 : la ligne 1 de « entry » (entry_id 2097153) n'est pas celle qui a été scellée"] == altered(
        shelf, *added, grant, *lines, *sealed, "update entry set remark = 'other' where entry_id = 2097153"
    )
    assert ["Livre 3, maillon 11, lot 11 : 1 ligne de moins, à partir de la ligne 1 de « payment »"] == altered(
        shelf, *added, grant, *lines, *sealed, "delete from payment"
    )


def test_a_seal_does_not_depend_on_the_session(shelf: Shelf):
    """Encoding, zone, styles of dates and bytes, and a schema of one's own before the ledger's change nothing."""
    digests = "select batch_id, ledger.digest(batch_id) from ledger.chain order by 1"
    with psycopg.connect(shelf.admin_url) as other:
        for setting in (
            "set client_encoding = 'LATIN1'", "set timezone = 'Asia/Tokyo'", "set datestyle = 'SQL, DMY'", "set bytea_output = 'escape'",
            "set extra_float_digits = 0", "create temporary table entry (entry_id bigint)",
        ):  # fmt: skip
            other.execute(setting.encode())
        assert shelf.ask(digests) == other.execute(digests.encode()).fetchall()
        other.rollback()


def test_the_command_says_so_by_its_status(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """0 = right, 1 = something differs, 2 = it could not be done."""
    monkeypatch.setenv("ACHATS_LEDGER_DATABASE_URL", shelf.url)
    seq, digest = head_of(shelf)

    def typed(*words: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["achats-ledger", "verify", *words])
        with pytest.raises(SystemExit) as ended:
            main.main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out.splitlines()[-1] if printed.out else "", printed.err

    code, said, _ = typed("--book", "3", "--head", f"{seq}:{digest.hex()}")
    assert (0, True) == (code, said.endswith("tout est conforme."))
    code, said, _ = typed("--book", "3", "--head", f"{seq}:00")
    assert (1, True) == (code, said.endswith(f"1 différence. {NEXT}"))
    assert (2, "", "Une tête a été notée sans le livre dont elle est: ajouter --book.\n") == typed("--head", f"{seq}:{digest.hex()}")
    assert 2 == typed("--book", "3", "--head", "nonsense")[0]


def test_people_go_on_while_a_book_is_verified(hands: Hands):
    """A batch that comes in the middle is of the next verification."""
    hands.book_documents(invoice())
    with closing(PostgresStore(hands.book.shelf.url, "ledger", pool_size=1)) as beside:
        lines = Verification(beside).lines()
        assert "Livre 3 : conforme, tête 1:" in next(lines)
        hands.book.receive(event(invoice(invoice_id="I-2")))
        assert ["Recalculé : 1 lot, 1 écriture, 4 lignes scellées ; tout est conforme."] == list(lines)
    assert "2 lots, 2 écritures, 7 lignes" in verified(hands.book.shelf).lines[-1]
