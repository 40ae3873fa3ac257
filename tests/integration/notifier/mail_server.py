"""A mail server in the test: aiosmtpd, with the misbehaviours a real one has."""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.processes import LOOPBACK, free_port

DROP = "drop the connection instead of answering"
SILENT = "keep the connection and never answer"
HELD = "answer 250, but only once released"


class MailServer:
    """Keeps what it was given, accepted or not. `on_recipient` and `on_message` are the next answers; then all is well again."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.received: list[EmailMessage] = []
        self.kept: list[EmailMessage] = []  # what it took charge of
        self.asked_for: list[str] = []
        self.on_recipient: list[str] = []
        self.on_message: list[str] = []
        self._released = asyncio.Event()
        self._controller = Controller(self, hostname=LOOPBACK, port=self.port)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        """The next answer to a recipient."""
        self.asked_for.append(address)
        answer = self.on_recipient.pop(0) if self.on_recipient else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The next answer to a message, or none at all."""
        assert envelope.original_content is not None
        self.received.append(message_from_bytes(envelope.original_content, policy=default))
        answer = self.on_message.pop(0) if self.on_message else "250 OK"
        if answer in ("250 OK", DROP, SILENT, HELD):
            self.kept.append(self.received[-1])
        if answer is DROP:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if answer is SILENT:
            await asyncio.Event().wait()
        if answer is HELD:
            await self._released.wait()
            return "250 OK"
        return answer

    def release(self) -> None:
        """Answer what is held, and whatever is to be held from now on."""
        self._controller.loop.call_soon_threadsafe(self._released.set)

    @property
    def message_ids(self) -> list[str]:
        """The Message-ID of everything received, in order."""
        return [str(message["Message-ID"]) for message in self.received]

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._controller.stop()
