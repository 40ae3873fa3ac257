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


class Mail(TypedDict):
    """One message as `GET /messages` shows it; `to` lists the addresses of the header, `text` and `html` are empty when absent."""

    id: str
    message_id: str
    sender: str
    to: list[str]
    subject: str
    date: str
    text: str
    html: str


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
    return Mail(
        id=file.stem,
        message_id=message.get("Message-ID", ""),
        sender=message.get("From", ""),
        to=[address.strip() for address in message.get("To", "").split(",") if address.strip()],
        subject=message.get("Subject", ""),
        date=message.get("Date", ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
