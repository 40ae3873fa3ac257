"""The mailbox: takes mail by SMTP, shows it to a program and to a person, keeps it through a crash."""

import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from http.client import HTTPConnection

import pytest

from deploy.local.folders import temporary_data_folder
from deploy.local.mailbox import Mailbox
from deploy.local.processes import LOOPBACK


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """One empty running mailbox."""
    with temporary_data_folder() as data, Mailbox(data) as box:
        yield box


def _ask(box: Mailbox, path: str, method: str = "GET") -> tuple[int, str, dict[str, str]]:
    connection = HTTPConnection(LOOPBACK, box.http_port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.headers)
    finally:
        connection.close()


def _send(box: Mailbox, subject: str = "Facture « à vérifier »") -> None:
    message = EmailMessage()
    message["Message-ID"] = "<invoice-1@achats.example>"
    message["From"] = "achats <achats@example.com>"
    message["To"] = '"Durand, Zoé" <zoe@example.com>, comptable@example.com'
    message["Subject"] = subject
    message["Date"] = "Mon, 02 Nov 2026 09:00:00 +0100"
    message.set_content("Bonjour,\n")
    message.add_alternative("<p>Bonjour <b>Zoé</b></p>", subtype="html")
    host, port = box.smtp_address.split(":")
    with smtplib.SMTP(host, int(port), timeout=10) as client:
        client.send_message(message)


def test_a_sent_mail_is_read_back_as_json(mailbox: Mailbox) -> None:
    """Goal: a test can read what a person would get. Case: text and HTML, accents, a name with a comma, two recipients."""
    _send(mailbox)
    status, body, _ = _ask(mailbox, "/messages")
    (mail,) = json.loads(body)
    identifier = mail.pop("id")
    assert 200 == status
    assert {
        "message_id": "<invoice-1@achats.example>",
        "from": "achats <achats@example.com>",
        "to": ["zoe@example.com", "comptable@example.com"],
        "subject": "Facture « à vérifier »",
        "date": "Mon, 02 Nov 2026 09:00:00 +0100",
        "text": "Bonjour,\n",
        "html": "<p>Bonjour <b>Zoé</b></p>\n",
    } == mail
    assert (200, "<p>Bonjour <b>Zoé</b></p>\n") == _ask(mailbox, f"/messages/{identifier}")[:2]


def test_the_page_shows_hostile_mail_as_text_and_runs_none_of_it(mailbox: Mailbox) -> None:
    """Goal: a mail is data. Case: markup in the subject; the message itself is served in a sandbox without scripts."""
    _send(mailbox, subject="<script>alert(1)</script>")
    _, page, _ = _ask(mailbox, "/")
    (mail,) = json.loads(_ask(mailbox, "/messages")[1])
    policy = _ask(mailbox, f"/messages/{mail['id']}")[2]["content-security-policy"]
    assert "1 message<" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy


def test_an_unknown_message_is_not_found(mailbox: Mailbox) -> None:
    """Goal: a plain answer. Case: an id nobody gave."""
    assert (404, "Ce message n'existe pas ou a été effacé.") == _ask(mailbox, "/messages/0")[:2]


def test_mail_survives_a_crash_and_is_cleared_on_request(mailbox: Mailbox) -> None:
    """Goal: an accepted mail is on disk. Case: SIGKILL, start again on the same ports, then DELETE."""
    _send(mailbox)
    mailbox.kill()
    mailbox.start()
    assert 1 == len(json.loads(_ask(mailbox, "/messages")[1]))
    assert 204 == _ask(mailbox, "/messages", "DELETE")[0]
    assert (200, "[]") == _ask(mailbox, "/messages")[:2]
