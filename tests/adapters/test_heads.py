"""The head of each book, once a day: kept write-once, said once, and what shows when a book was altered behind its triggers."""

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier, Thread

import pytest

from schemas.chain_sealed.v1 import ChainSealed
from schemas.registry import topic_for
from services.kernel.clock import Clock, ScaledClock
from services.kernel.errors import Unavailable
from services.kernel.postgres import Outbox, PostgresStore
from services.ledger.adapters.announcements import Announcements, InTurn
from services.ledger.adapters.daily.heads import Heads, HeadUnreadable
from services.ledger.adapters.daily.vault import Vault
from services.ledger.handler import SERVICE
from tests.adapters.hands import Hands
from tests.integration.ledger.shelf import PARTITION, Broker
from tests.support.kernel import headers

MARCH, APRIL = date(2026, 3, 10), date(2026, 4, 2)
FIRST, SECOND = (ScaledClock(datetime(2026, 11, day, 0, 10, tzinfo=UTC), speed=0.0) for day in (22, 23))

type Noting = Callable[[Clock], Heads]


@contextmanager
def session(hands: Hands) -> Generator[PostgresStore]:
    """Another process's way to the book."""
    with closing(PostgresStore(hands.book.shelf.url, SERVICE, pool_size=1)) as store:
        yield store


@pytest.fixture
def store(hands: Hands) -> Generator[PostgresStore]:
    """A session of the book's."""
    with session(hands) as one:
        yield one


@pytest.fixture
def noting(store: PostgresStore, tmp_path: Path) -> Noting:
    """The command at a moment."""
    return lambda clock: Heads(store, Vault(tmp_path.as_uri()), clock)


def said(hands: Hands) -> list[ChainSealed]:
    """The heads that a relay announces now."""
    broker = Broker()
    with closing(PostgresStore(hands.book.shelf.consumer_url, SERVICE, pool_size=1)) as store:
        relay = InTurn(Announcements(store), Outbox(store))
        while relay.turn(500, broker.send):
            pass
    heads = [message for message in broker.messages if message.topic == topic_for(SERVICE, ChainSealed)]
    assert [headers(message).get("ce_companyid") for message in heads] == [None] * len(heads)
    return [ChainSealed.model_validate_json(message.value or b"") for message in heads]


def test_the_head_is_kept_and_said_once_a_day(hands: Hands, noting: Noting, tmp_path: Path):
    """
    a batch of two entries; noted three times on the 22nd, the book growing in between, then on the 23rd
      one object and one event for each day; a book without anything has neither
    """
    hands.book_invoices(MARCH, APRIL)
    seal = hands.ask("select encode(hash, 'hex'), recorded_at from ledger.chain join ledger.batch using (batch_id) where seq = 1")
    assert [f"Livre 3 au 22/11/2026 : 1 lot, 2 écritures, sceau {seal[0][0]}."] == list(noting(FIRST).note())
    hands.deeds.validate("AC", hands.ids())
    for _ in range(2):
        assert [f"Livre 3 au 22/11/2026 : 1 lot, 2 écritures, sceau {seal[0][0]}."] == list(noting(FIRST).note())
    list(noting(SECOND).note())
    first, second = sorted(said(hands), key=lambda head: head.day)
    assert (PARTITION, date(2026, 11, 22), 1, seal[0][0], 2) == (first.book, first.day, first.seq, first.hash, first.entries)
    assert (date(2026, 11, 23), 2) == (second.day, second.seq)
    assert ["2026-11-22/book-03.json", "2026-11-23/book-03.json"] == [
        str(file.relative_to(tmp_path / "heads")) for file in sorted(tmp_path.rglob("*.json"))
    ]
    assert first == ChainSealed.model_validate_json((tmp_path / "heads/2026-11-22/book-03.json").read_bytes())
    assert [] == said(hands)


def test_a_run_that_died_between_keeping_and_saying_is_made_up_for(hands: Hands, noting: Noting, tmp_path: Path):
    """The object is there, the event is not; meanwhile the book grew. The next run says what was kept."""
    hands.book_invoices(MARCH)
    list(noting(FIRST).note())
    hands.book.shelf.tamper("delete from ledger.outbox")
    hands.book.shelf.tamper("delete from ledger.inbox")
    hands.deeds.validate("AC", hands.ids())
    list(noting(FIRST).note())
    assert [ChainSealed.model_validate_json(next(tmp_path.rglob("*.json")).read_bytes())] == said(hands)


def test_many_at_once_keep_and_say_one_head(hands: Hands, tmp_path: Path):
    """Four processes at the same moment, while the book grows."""
    (entry,) = hands.book_invoices(MARCH)
    barrier, trouble = Barrier(5), list[Exception]()

    def note() -> None:
        with session(hands) as store:
            barrier.wait()
            try:
                list(Heads(store, Vault(tmp_path.as_uri()), FIRST).note())
            except Exception as error:  # noqa: BLE001 -- handed to the test's own thread
                trouble.append(error)

    threads = [Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    barrier.wait()
    hands.deeds.validate("AC", [entry])
    for thread in threads:
        thread.join(60)
    assert [] == trouble
    assert [ChainSealed.model_validate_json(file.read_bytes()) for file in tmp_path.rglob("*.json")] == said(hands)


@pytest.mark.parametrize(
    ("altered", "says"),
    [
        ("update ledger.chain set hash = '\\x01'", "LE LIVRE A ÉTÉ MODIFIÉ : son sceau y est 01"),
        ("delete from ledger.chain", "LE LIVRE A ÉTÉ MODIFIÉ : il ne va plus jusque-là"),
    ],
)
def test_a_book_that_was_made_anew_is_found(hands: Hands, noting: Noting, altered: str, says: str):
    """Seals put in the place of others, as a superuser could compute them: the head that was kept before does not fit."""
    hands.book_invoices(MARCH)
    list(noting(FIRST).note())
    sound = noting(SECOND)
    assert ([True], 0) == ([line.startswith("Livre 3") for line in sound.compare(date(2026, 11, 22))], sound.found)
    hands.book.shelf.tamper(altered)
    heads = noting(SECOND)
    (line,) = heads.compare(date(2026, 11, 22))
    assert (True, 1) == (says in line, heads.found)


def test_a_day_without_a_head_is_found(noting: Noting):
    heads = noting(FIRST)
    assert ["Aucune tête n'est conservée pour le 21/11/2026."] == list(heads.compare(date(2026, 11, 21)))
    assert 1 == heads.found


def test_an_object_that_is_no_head_is_never_written_over(hands: Hands, noting: Noting, tmp_path: Path):
    """Half a file after a power cut."""
    hands.book_invoices(MARCH)
    list(noting(FIRST).note())
    file = next(tmp_path.rglob("*.json"))
    file.write_bytes(b'{"book":')
    with pytest.raises(HeadUnreadable):
        list(noting(FIRST).note())
    assert b'{"book":' == file.read_bytes()


def test_what_is_kept_stays_whatever_comes_under_its_name(tmp_path: Path):
    vault = Vault(tmp_path.as_uri())
    assert (b"1", b"1") == (vault.keep_once("a/b.json", b"1"), vault.keep_once("a/b.json", b"2"))
    assert ([b"1"], []) == (vault.all_under("a"), vault.all_under("b"))


def test_a_store_that_does_not_answer_is_said(tmp_path: Path):
    """A file stands where the folder should be."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="object store"):
        Vault((tmp_path / "file").as_uri()).keep_once("a", b"1")
