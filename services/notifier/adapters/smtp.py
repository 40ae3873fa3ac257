"""E-mail by SMTP: one connection per letter, and every way it can fail sorted into an outcome."""

import asyncio
from contextlib import suppress
from datetime import datetime
from email.utils import parseaddr

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from services.notifier.adapters.message import compose
from services.notifier.domain.letter import Letter
from services.notifier.domain.outcome import ACCEPTED, Outcome, Stage, of_reply, of_silence
from services.notifier.domain.recipient import without_addresses

PATIENCE_SECONDS = 45.0  # for the whole conversation; below the minute in which a loop must turn


class SmtpPost:
    """Hands letters to one mail server, over TLS when the server offers it. Delivering, signing and bounces are the server's business."""

    def __init__(self, host: str, port: int, sender: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """`sender` is the From header; its address is the envelope's sender too."""
        self._host, self._port, self._sender, self._patience = host, port, sender, patience_seconds

    def send(self, letter: Letter, address: str, message: str, at: datetime) -> Outcome:
        """Send the letter under this Message-ID, dated `at`."""
        content = compose(letter, self._sender, address, message, at).as_bytes()
        return asyncio.run(_Conversation(self._client(), self._patience).hand_over(parseaddr(self._sender)[1], address, content))

    def _client(self) -> SMTP:
        domain = parseaddr(self._sender)[1].rpartition("@")[2]
        return SMTP(hostname=self._host, port=self._port, local_hostname=domain, timeout=self._patience)


class _Conversation:
    """One attempt with a mail server, which remembers how far it came."""

    def __init__(self, client: SMTP, patience_seconds: float) -> None:
        self._client, self._patience = client, patience_seconds
        self._stage = Stage.CONNECTION

    async def hand_over(self, sender: str, address: str, content: bytes) -> Outcome:
        """The message to the server, or the reason why not."""
        try:
            async with asyncio.timeout(self._patience):
                await self._talk(sender, address, content)
        except SMTPResponseException as refusal:
            return of_reply(self._stage, refusal.code, without_addresses(refusal.message))
        except (SMTPException, OSError):  # TimeoutError is an OSError
            return of_silence(self._stage)
        finally:
            await self._part()
        return ACCEPTED

    async def _talk(self, sender: str, address: str, content: bytes) -> None:
        await self._client.connect()
        self._stage = Stage.SENDER
        await self._client.mail(sender)
        self._stage = Stage.RECIPIENT
        await self._client.rcpt(address)
        self._stage = Stage.MESSAGE
        await self._client.data(content)

    async def _part(self) -> None:
        """Part politely where the server still listens; what it answers no longer matters."""
        with suppress(SMTPException, OSError):
            await self._client.quit(timeout=1.0)
        self._client.close()
