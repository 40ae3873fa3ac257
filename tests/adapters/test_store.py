"""Inbox and outbox, in memory and in PostgreSQL: an event counts once, and is announced, in order, if and only if it committed."""

from collections.abc import Sequence
from contextlib import ExitStack

import pytest

from services.kernel.envelope import Outgoing
from services.kernel.errors import Unavailable
from services.kernel.postgres import stripe_of
from tests.adapters.schemas import Abandoned, Schema, claims, drained, given_up, say
from tests.support.kernel import outgoing

FIRST, SECOND, THIRD, FOURTH, FIFTH = (outgoing("things", n) for n in range(1, 6))
ELSEWHERE = outgoing("things", 1, "cmp_2")  # of another stripe


class Broker:
    """A sender that keeps what it acknowledged: as many as it is told to."""

    def __init__(self, acknowledges: int = 100) -> None:
        self.acknowledges = acknowledges
        self.kept: list[Outgoing] = []

    def send(self, messages: Sequence[Outgoing]) -> int:
        """The number of leading messages kept."""
        leading = messages[: self.acknowledges]
        self.kept += leading
        return len(leading)


def nobody_answers(messages: Sequence[Outgoing]) -> int:
    """A broker that is away."""
    raise Unavailable("Kafka")


def test_an_event_is_claimed_once(schema: Schema):
    """Goal: an event counts once. Case: again later, in another process, and in the transaction that claimed it; another event is new."""
    assert claims(schema.store, "e1")
    assert not claims(schema.store, "e1")
    assert not claims(schema.elsewhere, "e1")
    with schema.store.transaction() as transaction:
        assert [True, False] == [transaction.claim("e2"), transaction.claim("e2")]


def test_a_claim_goes_with_its_transaction(schema: Schema):
    """Goal: what was not done can be done again. Case: the claiming transaction is given up."""
    with given_up(schema.store) as transaction:
        assert transaction.claim("e1")
    assert claims(schema.elsewhere, "e1")


def test_a_second_claim_waits_for_the_first_to_commit(schema: Schema):
    """Goal: of two processes with the same event one handles it. Case: the other asks before the one commits."""
    answers = list[bool]()
    with ExitStack() as first:
        assert first.enter_context(schema.store.transaction()).claim("e1")
        assert schema.held_up(lambda: answers.append(claims(schema.elsewhere, "e1")), until=first.close)
    assert [False] == answers


def test_a_second_claim_takes_over_when_the_first_is_given_up(schema: Schema):
    """Goal: no event falls between two processes. Case: the other asks, and then the one is rolled back."""
    answers = list[bool]()
    with ExitStack() as first:
        assert first.enter_context(given_up(schema.store)).claim("e1")
        assert schema.held_up(lambda: answers.append(claims(schema.elsewhere, "e1")), until=first.close)
    assert [True] == answers


def test_a_repeat_holds_nobody_up(schema: Schema):
    """Goal: repeats are cheap. Case: a transaction that found a repeat is still open when another process finds it too."""
    claims(schema.store, "e1")
    with ExitStack() as first:
        assert not first.enter_context(schema.store.transaction()).claim("e1")
        assert not schema.held_up(lambda: claims(schema.elsewhere, "e1"), until=first.close)


def test_what_is_sent_shows_when_it_is_committed(schema: Schema):
    """Goal: nothing is announced that may not be. Case: a relay turns before the commit, even after the rows are written, and after it."""
    with schema.store.transaction() as transaction:
        transaction.send(FIRST)
        assert [] == drained(schema)
        transaction.write_outbox()
        assert [] == drained(schema)
    assert [FIRST] == drained(schema)
    assert [] == drained(schema)


def test_a_failing_transaction_leaves_nothing(schema: Schema):
    """Goal: claim and announcement share one fate. Case: it fails after everything was written."""
    with pytest.raises(Abandoned), schema.store.transaction() as transaction:
        transaction.claim("e1")
        transaction.send(FIRST)
        transaction.write_outbox()
        raise Abandoned
    say(schema.store, SECOND)
    assert [SECOND] == drained(schema)
    assert claims(schema.store, "e1")


def test_a_session_that_the_server_ends_is_unavailable(schema: Schema):
    """Goal: the loops wait for a database that comes back. Case: a failover in the middle; nothing of the transaction is kept."""
    with pytest.raises(Unavailable), schema.store.transaction() as transaction:
        transaction.claim("e1")
        transaction.send(FIRST)
        schema.end_session(transaction)
    assert [] == drained(schema)
    assert claims(schema.store, "e1")


def test_messages_of_a_key_keep_their_order(schema: Schema):
    """Goal: a company's events are heard as they happened. Case: two transactions; another company's between them."""
    say(schema.store, FIRST, ELSEWHERE, SECOND)
    say(schema.elsewhere, THIRD, FOURTH)
    assert [FIRST, SECOND, THIRD, FOURTH] == [message for message in drained(schema) if message.key == FIRST.key]


def test_the_order_is_that_of_the_commits(schema: Schema):
    """Goal: order per key is commit order. Case: what was sent first is committed last."""
    with schema.store.transaction() as slow:
        slow.send(FIRST)
        say(schema.elsewhere, SECOND)
    assert [SECOND, FIRST] == drained(schema)


def test_a_place_is_held_until_the_commit(schema: Schema):
    """Goal: order per key is commit order. Case: a transaction has written its rows and another of the same stripe wants to commit."""
    with ExitStack() as first:
        transaction = first.enter_context(schema.store.transaction())
        transaction.send(FIRST)
        transaction.write_outbox()
        waited = schema.held_up(lambda: say(schema.elsewhere, SECOND), until=first.close)
    committed = [FIRST, SECOND] if waited else [SECOND, FIRST]
    assert committed == drained(schema)
    assert waited


def test_stripes_do_not_wait_for_each_other(schema: Schema):
    """Goal: companies do not slow each other down. Case: another stripe's transaction commits in the meantime."""
    assert stripe_of(FIRST) != stripe_of(ELSEWHERE)
    with ExitStack() as first:
        transaction = first.enter_context(schema.store.transaction())
        transaction.send(FIRST)
        transaction.write_outbox()
        assert not schema.held_up(lambda: say(schema.elsewhere, ELSEWHERE), until=first.close)


def test_a_turn_takes_so_many_of_each_stripe(schema: Schema):
    """Goal: a busy stripe does not keep the others waiting. Case: three messages in one stripe, one in another, two at a time."""
    say(schema.store, FIRST, SECOND, THIRD, ELSEWHERE)
    broker = Broker()
    outbox = schema.outbox(schema.store)
    assert [3, 1, 0] == [outbox.turn(2, broker.send) for _ in range(3)]
    assert [FIRST, SECOND, THIRD] == [message for message in broker.kept if message.key == FIRST.key]
    assert 4 == len(broker.kept)


@pytest.mark.parametrize("acknowledged", [0, 1, 2])
def test_what_is_not_acknowledged_stays(schema: Schema, acknowledged: int):
    """Goal: nothing is lost with the broker. Case: it acknowledges none, one or two of three; the next turn goes on behind them."""
    say(schema.store, FIRST, SECOND, THIRD)
    assert acknowledged == schema.outbox(schema.store).turn(100, Broker(acknowledged).send)
    assert [FIRST, SECOND, THIRD][acknowledged:] == drained(schema)


def test_a_sender_that_fails_keeps_everything(schema: Schema):
    """Goal: nothing is lost with the broker. Case: it is away; the stripe is free for another process at once."""
    say(schema.store, FIRST, SECOND)
    with pytest.raises(Unavailable):
        schema.outbox(schema.store).turn(100, nobody_answers)
    broker = Broker()
    assert 2 == schema.outbox(schema.elsewhere).turn(100, broker.send)
    assert [FIRST, SECOND] == broker.kept


def test_what_is_committed_while_others_are_sent_stays(schema: Schema):
    """Goal: only what was acknowledged is forgotten, and writers do not wait for the broker. Case: a commit into the stripe being sent."""
    say(schema.store, FIRST)
    waited = list[bool]()

    def send(messages: Sequence[Outgoing]) -> int:
        waited.append(schema.held_up(lambda: say(schema.elsewhere, SECOND), until=lambda: None))
        return len(messages)

    assert 1 == schema.outbox(schema.store).turn(100, send)
    assert [False] == waited
    assert [SECOND] == drained(schema)


def test_two_relays_do_not_send_one_stripe_at_once(schema: Schema):
    """Goal: no relay overtakes another. Case: a second process turns while the first is sending; afterwards the stripe is free."""
    say(schema.store, FIRST)
    second = Broker()

    def send(messages: Sequence[Outgoing]) -> int:
        say(schema.store, ELSEWHERE)
        assert 1 == schema.outbox(schema.elsewhere).turn(100, second.send)
        return 0

    assert 0 == schema.outbox(schema.store).turn(100, send)
    assert [ELSEWHERE] == second.kept
    assert 1 == schema.outbox(schema.elsewhere).turn(100, second.send)
    assert [ELSEWHERE, FIRST] == second.kept


def test_used_room_changes_no_order(schema: Schema):
    """Goal: order per key is commit order. Case: rows that lie where acknowledged ones have been."""
    say(schema.store, FIRST, SECOND, THIRD)
    schema.outbox(schema.store).turn(2, Broker().send)
    schema.vacuum()
    say(schema.store, FOURTH, FIFTH)
    assert [THIRD, FOURTH, FIFTH] == drained(schema)


@pytest.mark.parametrize(
    "message",
    [
        Outgoing("things", None, None, ()),
        Outgoing("things", b"", b"", ()),
        Outgoing("things", b"\x00\xff", b"\x00\xff{", (("achats", b"\x00\xff"), ("", b""), ("é", b"1"), ("twice", b"1"), ("twice", b"2"))),
    ],
    ids=["nothing", "empty", "odd"],
)
def test_every_byte_is_kept(schema: Schema, message: Outgoing):
    """Goal: a parked record can be given back as it came. Case: no key, no value, bytes that are no text, a header that comes twice."""
    say(schema.store, message)
    assert [message] == drained(schema)
