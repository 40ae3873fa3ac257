"""A mailbox for the laptop deployment: receives by SMTP, keeps each message as an .eml file, shows them on a small page.

`python -m deploy.local.mailbox --smtp-port 2525 --http-port 8025 --data FOLDER`

`GET /` the list in French, `GET /messages` the same as JSON, oldest first, `GET /messages/{id}` one message as it reads,
`DELETE /messages` empties the box.
"""

import argparse
import asyncio
import sys
import time
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern_policy
from email.utils import getaddresses
from html import escape
from http.client import HTTPConnection
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Self, TypedDict

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from deploy.local.folders import hand_over, write_whole
from deploy.local.processes import LOOPBACK, PLAIN_ENVIRONMENT, ServerProcess, free_port

PAGE = Template(Path(__file__).with_name("mailbox_page.html").read_text(encoding="utf-8"))
CHECKOUT = Path(__file__).parents[2]
READY_LIMIT_S = 30
# A mail may carry anything: no script runs, nothing is fetched, links open.
MAIL_POLICY = "sandbox allow-top-navigation-by-user-activation allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


# One message as `GET /messages` shows it: `to` holds the bare addresses, `text` and `html` are empty when absent.
Mail = TypedDict(
    "Mail", {"id": str, "message_id": str, "from": str, "to": list[str], "subject": str, "date": str, "text": str, "html": str}
)


class MailFolder:
    """The messages received, one .eml file each, named so that they sort by arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes) -> None:
        """Write one message, whole or not at all."""
        write_whole(self._folder / f"{time.time_ns()}.eml", content)

    def all(self) -> list[Mail]:
        """Every message, oldest first."""
        return [_read(file) for file in sorted(self._folder.glob("*.eml"))]

    def one(self, identifier: str) -> Mail | None:
        """The message of that id, or None."""
        return next((mail for mail in self.all() if mail["id"] == identifier), None)

    def clear(self) -> None:
        """Remove every message."""
        for file in self._folder.glob("*.eml"):
            file.unlink()


def _read(file: Path) -> Mail:
    message = BytesParser(policy=modern_policy).parsebytes(file.read_bytes())
    return {
        "id": file.stem,
        "message_id": message.get("Message-ID", ""),
        "from": message.get("From", ""),
        "to": [address for _, address in getaddresses(message.get_all("To", []))],
        "subject": message.get("Subject", ""),
        "date": message.get("Date", ""),
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
    }


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


class Receiver:
    """What aiosmtpd calls for each message it has taken."""

    def __init__(self, mails: MailFolder) -> None:
        self._mails = mails

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Keep the message, then accept it."""
        content = envelope.content or b""
        self._mails.keep(content.encode() if isinstance(content, str) else content)
        return "250 OK"


class Pages:
    """The four ways to look at the mails."""

    def __init__(self, mails: MailFolder) -> None:
        self._mails = mails

    def app(self) -> Starlette:
        """The web application."""
        return Starlette(
            routes=[
                Route("/", self.page),
                Route("/messages", self.listing),
                Route("/messages", self.clear, methods=["DELETE"]),
                Route("/messages/{identifier}", self.message),
            ]
        )

    def page(self, request: Request) -> Response:
        """The list for a person, newest first."""
        mails = self._mails.all()
        summary = f"{len(mails)} message{'s' if len(mails) > 1 else ''}" if mails else "Aucun message."
        return HTMLResponse(PAGE.substitute(summary=summary, rows="\n".join(_row(mail) for mail in reversed(mails))))

    def listing(self, request: Request) -> Response:
        """The list for a program."""
        return JSONResponse(self._mails.all())

    def message(self, request: Request) -> Response:
        """One message as it reads: its HTML, or its text."""
        mail = self._mails.one(request.path_params["identifier"])
        if mail is None:
            raise HTTPException(404, "Ce message n'existe pas ou a été effacé.")
        return HTMLResponse(mail["html"] or f"<pre>{escape(mail['text'])}</pre>", headers={"Content-Security-Policy": MAIL_POLICY})

    def clear(self, request: Request) -> Response:
        """Empty the box."""
        self._mails.clear()
        return Response(status_code=204)


def _row(mail: Mail) -> str:
    shown = (mail["date"], mail["from"], ", ".join(mail["to"]), mail["subject"] or "(sans objet)")
    date, sender, to, subject = (escape(text) for text in shown)
    return f'<tr><td>{date}</td><td>{sender}</td><td>{to}</td><td><a href="/messages/{mail["id"]}">{subject}</a></td></tr>'


async def serve(smtp_port: int, http_port: int, mails: MailFolder) -> None:
    """Receive and show mails until the process is asked to end."""
    loop = asyncio.get_running_loop()
    receiver = await loop.create_server(
        lambda: SMTP(Receiver(mails), enable_SMTPUTF8=True, hostname="localhost", loop=loop), LOOPBACK, smtp_port
    )
    async with receiver:
        await uvicorn.Server(uvicorn.Config(Pages(mails).app(), LOOPBACK, http_port, log_level="warning")).serve()


class Mailbox:
    """The mailbox as a process of its own, messages under `data/mailbox`; ports are free ones unless given."""

    def __init__(self, data: Path, smtp_port: int | None = None, http_port: int | None = None) -> None:
        self._folder = data.absolute() / "mailbox"
        self.smtp_port = smtp_port or free_port()
        self.http_port = http_port or free_port()
        self._process = ServerProcess("The mailbox", self._folder / "mailbox.log")

    @property
    def smtp_address(self) -> str:
        """Where programs send their mails, `host:port`."""
        return f"{LOOPBACK}:{self.smtp_port}"

    @property
    def http_url(self) -> str:
        """Where a person reads the mails."""
        return f"http://{LOOPBACK}:{self.http_port}/"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.alive

    def start(self) -> None:
        """Start it with the messages it had, and wait until it shows them. Raises ServerFailed.

        It runs as whoever starts it: it is our own code, and an ordinary user could not read a checkout in root's home.
        """
        if self.alive:
            return
        hand_over(self._folder)
        ports = ("--smtp-port", str(self.smtp_port), "--http-port", str(self.http_port))
        command = [sys.executable, "-m", "deploy.local.mailbox", *ports, "--data", self._folder / "messages"]
        self._process.start(command, {**PLAIN_ENVIRONMENT, "PYTHONPATH": str(CHECKOUT)}, ordinary_user=False)
        self._process.wait_until(self._shows, READY_LIMIT_S)

    def _shows(self) -> bool:
        """The page comes up after the SMTP port, so an answer means both."""
        connection = HTTPConnection(LOOPBACK, self.http_port, timeout=2)
        try:
            connection.request("GET", "/messages")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End in order."""
        self._process.stop(patience_s=5)

    def kill(self) -> None:
        """SIGKILL; the messages stay."""
        self._process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def main() -> None:
    """Run the mailbox in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smtp-port", type=int, default=2525)
    parser.add_argument("--http-port", type=int, default=8025)
    parser.add_argument("--data", type=Path, required=True, help="folder of the .eml files")
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.smtp_port, chosen.http_port, MailFolder(chosen.data)))


if __name__ == "__main__":
    main()
