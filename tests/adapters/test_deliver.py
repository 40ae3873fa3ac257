"""The shipped delivery over both desks, with a post in memory: one letter, whoever is held up or dies."""

from collections.abc import Callable
from datetime import datetime
from typing import override

import pytest

from services.kernel.envelope import Outgoing
from services.kernel.errors import Unavailable
from services.notifier.domain.letter import Letter
from services.notifier.domain.outcome import Outcome
from services.notifier.handler import LEASE, Deliver, Desk, Due, LeaseLost, Letterhead
from tests.adapters.desks import Office, RegisterAndDesk, activation, described, keep, reserve
from tests.adapters.schemas import drained
from tests.integration.notifier.office import SEALER, HeldClock
from tests.simulation.memory.notifier import MemoryPost


class Killed(BaseException):
    """The process is gone."""


class Interrupted(MemoryPost):
    """A post that does something to the process once the letter is in it."""

    def __init__(self, then: Callable[[], object]) -> None:
        """Does it each time."""
        super().__init__()
        self._then = then

    @override
    def send(self, letter: Letter, address: str, message: str, at: datetime) -> Outcome:
        """Taken, and then."""
        outcome = super().send(letter, address, message, at)
        self._then()
        return outcome


class HeldUp:
    """A process's desk: once it has taken a letter it stands still, while others go on."""

    def __init__(self, desk: RegisterAndDesk, meanwhile: Callable[[], object]) -> None:
        """Everything but taking is the desk's."""
        self._take, self._meanwhile = desk.take, meanwhile
        self.bind, self.sent, self.postpone, self.suppress = desk.bind, desk.sent, desk.postpone, desk.suppress

    def take(self, now: datetime, lease_until: datetime) -> Due | None:
        """Take it, and stand still."""
        due = self._take(now, lease_until)
        self._meanwhile()
        return due


class AwayOnce:
    """A process's desk that is away the first time a letter is to be marked."""

    def __init__(self, desk: RegisterAndDesk) -> None:
        """Everything but the first marking is the desk's."""
        self._sent, self._away = desk.sent, True
        self.take, self.bind, self.postpone, self.suppress = desk.take, desk.bind, desk.postpone, desk.suppress

    def sent(self, due: Due, message: str, at: datetime, announcement: Outgoing) -> None:
        """Away, then there."""
        if self._away:
            self._away = False
            raise Unavailable("PostgreSQL")
        self._sent(due, message, at, announcement)


def due_letter(office: Office) -> None:
    """A letter waits, and its contact is known."""
    keep(office, described(address=SEALER.seal(b"anna@dupont.example", "dupont")))
    reserve(office, activation())


def deliverer(desk: Desk, post: MemoryPost, clock: HeldClock, kind: type[Deliver] = Deliver) -> Deliver:
    """One process's delivery loop."""
    return kind(desk, post, SEALER, Letterhead("https://achats.example.org", "example.org"), clock, lambda: 0)


def test_one_letter_is_delivered_and_announced_once(office: Office):
    """Goal: one e-mail. Case: nothing goes wrong; further turns find nothing."""
    due_letter(office)
    clock, post = HeldClock(), MemoryPost()
    deliver = deliverer(office.desk, post, clock)
    assert [True, False, False] == [deliver.turn() for _ in range(3)]
    assert ["anna@dupont.example"] == [letter.address for letter in post.delivered]
    assert 1 == len(drained(office.schema))
    assert [("sent", 1, 0)] == [(status.state, status.attempts, status.unclear_attempts) for status in office.statuses()]


def test_who_is_held_up_past_the_lease_does_not_mail(office: Office):
    """Goal: one e-mail. Case: a process stands still between taking and sending, and another one delivers in the meantime."""
    due_letter(office)
    clock, post = HeldClock(), MemoryPost()

    def meanwhile() -> None:
        clock.move(LEASE)
        assert deliverer(office.desk, post, clock).turn()

    with pytest.raises(LeaseLost):
        deliverer(HeldUp(office.desk, meanwhile), post, clock).turn()
    assert 1 == len(post.delivered)
    assert 1 == len(drained(office.schema))


def test_two_processes_do_not_mail_at_once(office: Office):
    """Goal: one e-mail. Case: the second process turns while the first one's letter is under way."""
    due_letter(office)
    clock, second = HeldClock(), MemoryPost()
    first = Interrupted(lambda: deliverer(office.desk, second, clock).turn())
    assert deliverer(office.desk, first, clock).turn()
    assert (1, 0) == (len(first.delivered), len(second.delivered))
    assert 1 == len(drained(office.schema))


def test_who_dies_after_the_letter_was_accepted_leaves_a_note(office: Office):
    """Goal: a second copy is recognisable and on record. Case: killed after the server took it; another goes on after the lease."""
    due_letter(office)
    clock = HeldClock()

    def die() -> None:
        raise Killed

    first, second = Interrupted(die), MemoryPost()
    with pytest.raises(Killed):
        deliverer(office.desk, first, clock).turn()
    assert not deliverer(office.desk, second, clock).turn()
    clock.move(LEASE)
    assert deliverer(office.desk, second, clock).turn()
    assert [letter.message_id for letter in first.delivered] == [letter.message_id for letter in second.delivered]
    assert [("sent", 2, 1)] == [(status.state, status.attempts, status.unclear_attempts) for status in office.statuses()]
    assert 1 == len(drained(office.schema))


def test_who_dies_before_mailing_loses_nothing(office: Office):
    """Goal: no letter is lost. Case: killed with the Message-ID bound; the next process mails."""
    due_letter(office)
    clock, post = HeldClock(), MemoryPost()
    due = office.desk.take(clock.now(), clock.now() + LEASE)
    assert due is not None
    office.desk.bind(due, "<1@example.org>")
    clock.move(LEASE)
    assert deliverer(office.desk, post, clock).turn()
    assert 1 == len(post.delivered)


def test_what_could_not_be_written_down_is_written_down_later(office: Office):
    """Goal: one e-mail. Case: the database is away after the server took the letter, for longer than the lease."""
    written_down_later(office, Deliver)


def written_down_later(office: Office, kind: type[Deliver]) -> None:
    """The check, for any kind of delivery."""
    due_letter(office)
    clock, post = HeldClock(), MemoryPost()
    deliver = deliverer(AwayOnce(office.desk), post, clock, kind)
    with pytest.raises(Unavailable):
        deliver.turn()
    clock.move(LEASE)
    assert not deliver.turn()
    assert 1 == len(post.delivered)
    assert 1 == len(drained(office.schema))
