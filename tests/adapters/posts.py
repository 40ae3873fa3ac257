"""The way to a person by SMTP to a real server, told how to answer as its twin in memory is."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, Protocol

from deploy.local.processes import LOOPBACK, free_port
from services.notifier.adapters.smtp import SmtpPost
from services.notifier.domain.letter import Letter
from services.notifier.domain.outcome import Outcome, Stage
from services.notifier.handler import Post
from tests.integration.notifier.mail_server import DROP, MailServer
from tests.simulation.memory.notifier import MemoryPost


class Arrived(NamedTuple):
    """What a mailbox shows of a letter."""

    address: str
    message_id: str
    subject: str
    date: datetime


class Street(Post, Protocol):
    """A way to a person, with the mailboxes at its end."""

    def refuse(self, stage: Stage, code: int, text: str) -> None:
        """The next letter is refused so, at its recipient or at its message."""
        ...

    def swallow(self) -> None:
        """The next letter is taken, and nobody says so."""
        ...

    def close(self) -> None:
        """Nobody is there for the next letter."""
        ...


class SmtpStreet:
    """The shipped adapter, and a real mail server."""

    def __init__(self, server: MailServer) -> None:
        """`server` accepts everything until it is told otherwise."""
        self._server, self._closed = server, False

    def send(self, letter: Letter, address: str, message: str, at: datetime) -> Outcome:
        """As the notifier sends it."""
        port = free_port() if self._closed else self._server.port
        self._closed = False
        return SmtpPost(LOOPBACK, port, "Achats <achats@example.org>", patience_seconds=5).send(letter, address, message, at)

    def refuse(self, stage: Stage, code: int, text: str) -> None:
        """The server's next answer there."""
        answers = {Stage.RECIPIENT: self._server.on_recipient, Stage.MESSAGE: self._server.on_message}
        answers[stage].append(f"{code} {text}")

    def swallow(self) -> None:
        """The server drops the connection after the last byte."""
        self._server.on_message.append(DROP)

    def close(self) -> None:
        """Another port."""
        self._closed = True


def arrived(street: Street, server: MailServer) -> Sequence[Arrived]:
    """What was delivered, in order."""
    if isinstance(street, MemoryPost):
        return [Arrived(one.address, one.message_id, one.letter.subject, one.at) for one in street.delivered]
    return [
        Arrived(str(one["To"]), str(one["Message-ID"]), str(one["Subject"]), parsedate_to_datetime(str(one["Date"]))) for one in server.kept
    ]
