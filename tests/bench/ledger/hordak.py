"""django-hordak with the same entries, in turns with ours: its models, its deferred trigger on every leg, at its best batch."""

import importlib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from statistics import median
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core import management
from django.db import connection
from django.db.transaction import Atomic
from psycopg.conninfo import conninfo_to_dict

from tests.bench.ledger.books import POSTINGS_ALONE, book, post_batch
from tests.bench.ledger.figures import Figure, Turns, Write
from tests.bench.ledger.made import A_DAY, BATCH, FIRST_DAY, LINES, entries, label
from tests.support.local import SessionDatabase, new_database

ROUNDS, BLOCK = 5, 2
AT_ONCE = (100, 250, 500, 1000)  # entries a transaction
TYPES = {"6": "EX", "4": "LI"}  # hordak's type of account by the class of ours
APPS = ["django.contrib.auth", "django.contrib.contenttypes", "mptt", "djmoney", "hordak"]
EURO = "EUR"


def hordak(server: SessionDatabase) -> Iterator[Figure]:
    """Entries a second of django-hordak at each batch, and how many times as fast ours are, sealed, in batches of 1,000."""
    with new_database(server) as url, book(server, POSTINGS_ALONE) as ours:
        theirs, rows = _Hordak(url), dict[int, bytes]()
        ways: dict[str, Write] = {str(size): partial(theirs.write, size) for size in AT_ONCE}
        ways["ours"] = lambda number: post_batch(ours, rows[number], number)
        taken = Turns(ROUNDS, BLOCK, ours.checkpoint, partial(_make, rows))(ways)
        assert theirs.count() == len(AT_ONCE) * ROUNDS * BLOCK * BATCH
        theirs.close()
    speed = {name: BATCH / median(seconds) for name, seconds in taken.items()}
    for size in AT_ONCE:
        yield Figure(f"django-hordak, {size:,} entries a transaction", speed[str(size)], "entries/s")
    yield Figure("postings with the seal, beside its best", speed["ours"] / max(speed[str(size)] for size in AT_ONCE), "times", 10)


def _make(rows: dict[int, bytes], numbers: range) -> None:
    rows.clear()
    rows.update({number: entries(number) for number in numbers})


class _Hordak:
    """Its tables in a database of their own, with the accounts of our entries."""

    def __init__(self, url: str) -> None:
        at: dict[str, Any] = conninfo_to_dict(url)
        names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
        place = {name: at.get(key, "") for name, key in names.items()}
        settings.configure(INSTALLED_APPS=APPS, DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **place}})
        django.setup()
        management.call_command("migrate", verbosity=0)
        self._transactions = _model("Transaction")
        self._legs = _model("Leg")
        self._money: Any = importlib.import_module("djmoney.money").Money  # asks for the settings when it is imported
        self._accounts = {
            code: _model("Account").objects.create(name=code, code=code, type=TYPES[code[0]], currencies=[EURO]) for _, code, *_ in LINES
        }

    def write(self, at_once: int, number: int) -> None:
        """The batch, so many entries a transaction, by `bulk_create`; the trigger adds up the legs of each at its commit."""
        for start in range(0, BATCH, at_once):
            with Atomic(None, savepoint=True, durable=False):
                made = self._transactions.objects.bulk_create(
                    [self._transaction(number * BATCH + place) for place in range(start, start + at_once)]
                )
                self._legs.objects.bulk_create([leg for one in made for leg in self._legs_of(one)])

    def _transaction(self, number: int) -> Any:
        day: date = FIRST_DAY + timedelta(days=number // A_DAY)
        return self._transactions(date=day, description=label(number))

    def _legs_of(self, one: Any) -> Iterator[Any]:
        for _, code, _, cents, _ in LINES:
            side = "debit" if int(cents) > 0 else "credit"
            yield self._legs(transaction=one, account=self._accounts[code], **{side: self._money(Decimal(abs(int(cents))) / 100, EURO)})

    def count(self) -> int:
        """How many entries it has."""
        return self._transactions.objects.count()

    def close(self) -> None:
        """Leave its database."""
        connection.close()


def _model(name: str) -> Any:
    installed: Any = apps
    return installed.get_model("hordak", name)
