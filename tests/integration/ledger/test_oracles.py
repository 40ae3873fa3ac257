"""Other people's programs read the book: they load it without a complaint, and their trial balance is ours."""

import csv
import io
import subprocess
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from shutil import which
from typing import Any

import pytest
from beancount import loader
from beancount.core.data import Posting, Transaction

from services.kernel.envelope import Event
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.deeds import Deeds
from services.ledger.adapters.plaintext import ExportRefused, exported
from services.ledger.adapters.reports import Period, Reports
from services.ledger.handler import SERVICE
from tests.integration.ledger.shelf import Shelf, event
from tests.integration.ledger.test_fec import command
from tests.support.local import SessionDatabase, new_database
from tests.unit.ledger.documents import held, invoice

NAMES = ("Papeterie « L'Été » ; [2020-01-01]", '"Quoted\\" *', "(12) ! Ж 🚚", "a|b", "= x @@ 3 EUR", "2026-01-01 open", "~ ; :tag:")


@pytest.fixture(scope="module")
def year(database: SessionDatabase) -> Generator[Shelf]:
    """A book with everything in it: a year's invoices and credit notes of odd sellers, validated, corrected, reversed, moved, waiting.

    One in five is in dollars or yens.
    """
    with new_database(database) as url, closing(Shelf(url)) as shelf:
        shelf.receive(*map(_purchase, range(60)), event(held(invoice_id="I-99")))
        with closing(PostgresStore(shelf.url, SERVICE, pool_size=1)) as own:
            _live(Deeds(own, "C-1", "Mme Roux"), shelf)
        yield shelf


@pytest.fixture
def store(year: Shelf) -> Generator[PostgresStore]:
    """A session of the book's."""
    with closing(PostgresStore(year.url, SERVICE, pool_size=1)) as own:
        yield own


def _purchase(n: int) -> Event[Any]:
    supplier = invoice().supplier.model_copy(update={"legal_name": NAMES[n % len(NAMES)], "auxiliary": f"S_{n % 5}-A"})
    said = invoice(
        [("606400", 101_03 * (n + 1), "20"), ("623400", 7_01, "5.5"), ("218300", 900_00 + n, "20")],
        invoice_id=f"I-{n}",
        number=f"FR;{n}",
        issue_date=date(2026, 1 + n % 12, 1 + n % 28),
        supplier=supplier,
        type="credit_note" if n % 7 == 3 else "invoice",
        **({"currency": ("USD", "JPY")[n % 2], "exchange_rate": ("1.1187", "160.37")[n % 2]} if n % 5 == 4 else {}),
    )
    return event(said)


def _live(deeds: Deeds, shelf: Shelf) -> None:
    ids = [entry for (entry,) in shelf.ask("select entry_id from ledger.entry order by 1")]
    deeds.validate("AC", ids[:30])
    deeds.reverse(ids[0])
    deeds.recode(ids[1], {"606400": "606300"})
    deeds.recode(ids[40], {"623400": "606800"})
    deeds.close(2026, date(2026, 2, 28), waiting=int(shelf.ask(WAITING)[0][0]))
    deeds.validate("AC", ids[50:])


WAITING = "select count(*) from ledger.todo join ledger.entry using (entry_id) where entry_date <= '2026-02-28'"
YEAR = Period("C-1", date(2026, 1, 1), date(2026, 12, 31), None, None)


def ours(store: PostgresStore) -> dict[str, Decimal]:
    """The trial balance of the year, without accounts at zero."""
    rows = Reports(store).rows("balance", YEAR)
    found = {str(row["account"]): Decimal(int(str(row["debit_cents"])) - int(str(row["credit_cents"]))) / 100 for row in rows}
    return {account: balance for account, balance in found.items() if balance}


def file_for(store: PostgresStore, program: str) -> str:
    """The export, as the command prints it."""
    return "".join(f"{line}\n" for line in exported(store, program, "C-1", 2026))


def test_beancount_loads_the_book_and_finds_our_balances(store: PostgresStore):
    """No error; every account has our balance in euros; every entry of the year is there, as final as it is, dollars and yens with it."""
    found, errors, _ = loader.load_string(file_for(store, "beancount"))
    assert [] == errors
    entries = [one for one in found if isinstance(one, Transaction)]
    postings = [posting for one in entries for posting in one.postings]
    assert ours(store) == _by_account((posting.account.partition(":")[2], _weight(posting)) for posting in postings)
    assert {"EUR", "USD", "JPY"} == {posting.units.currency for posting in postings if posting.units}
    assert Counter({"*": 42, "!": 21}) == Counter(entry.flag for entry in entries)


def test_beancount_would_find_a_cent(store: PostgresStore):
    """The guard is proven: one amount bent by a cent is an error there, also the price of one in dollars (7.01 at 1.1187 are 6.27)."""
    text = file_for(store, "beancount")
    for right, wrong in (("7.01 EUR", "7.02 EUR"), ("7.01 USD @@ 6.27 EUR", "7.01 USD @@ 6.28 EUR")):
        assert right in text
        assert [] != loader.load_string(text.replace(f"  Expenses:623400  {right}", f"  Expenses:623400  {wrong}", 1))[1]


@pytest.mark.long
def test_hledger_finds_our_balances(store: PostgresStore):
    """hledger's own checks, then its balance."""
    text = file_for(store, "hledger")
    _program("hledger", ["check", "--file", "-"], text)
    rows = csv.reader(io.StringIO(_program("hledger", ["balance", "--cost", "--file", "-", "--flat", "--no-total", "-O", "csv"], text)))
    assert ours(store) == _by_account((account, amount) for account, amount in list(rows)[1:])


@pytest.mark.long
def test_ledger_finds_our_balances(store: PostgresStore):
    """The same file."""
    words = ["-f", "-", "balance", "--basis", "--flat", "--no-total", "--balance-format", "%(account)\t%(scrub(display_total))\n"]
    said = _program("ledger", words, file_for(store, "hledger"))
    rows = (line.partition("\t") for line in said.splitlines())
    assert ours(store) == _by_account((account, amount) for account, _, amount in rows)


def test_the_command(store: PostgresStore, year: Shelf):
    """The file on standard output; a year that is not there is a sentence."""
    words = ("export", "beancount", "--company", "C-1", "--year")
    done = command(*words, "2026", ACHATS_LEDGER_DATABASE_URL=year.url)
    assert (0, "", file_for(store, "beancount")) == (done.returncode, done.stderr, done.stdout)
    refused = command(*words, "1999", ACHATS_LEDGER_DATABASE_URL=year.url)
    assert 2 == refused.returncode
    assert "L'export n'est pas fait: le livre n'a pas d'exercice 1999 pour l'entreprise C-1." in refused.stderr
    with pytest.raises(ExportRefused):
        list(exported(store, "hledger", "C-9", 2026))


def _by_account(rows: Iterator[tuple[str, str]]) -> dict[str, Decimal]:
    """Their lines, auxiliaries added up."""
    found = defaultdict[str, Decimal](Decimal)
    for account, amount in rows:
        found[account.partition(":")[0]] += Decimal(amount.removesuffix(" EUR"))
    return {account: balance for account, balance in found.items() if balance}


def _weight(posting: Posting) -> str:
    """In euros, at the price that stands with it."""
    assert posting.units is not None
    assert posting.units.number is not None
    if posting.price is None:
        return str(posting.units)
    assert posting.price.number is not None
    return f"{round(posting.units.number * posting.price.number, 2)} {posting.price.currency}"


def _program(name: str, words: list[str], text: str) -> str:
    """What the program says of the file; `make oracles` installs it."""
    assert which(name), f"{name} is not installed: make oracles"
    done = subprocess.run([name, *words], input=text, capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8", "HOME": "/"})
    assert 0 == done.returncode, done.stderr
    return done.stdout
