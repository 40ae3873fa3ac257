"""A letter as an e-mail: plain text first and complete, HTML beside it."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.notifier.domain.letter import Letter

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html.j2"], default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def compose(letter: Letter, sender: str, address: str, message_id: str, at: datetime) -> EmailMessage:
    """The e-mail of `letter` from `sender` to `address`, dated `at`; it is one of a kind nobody answers (RFC 3834)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = address
    message["Subject"] = letter.subject
    message["Date"] = at
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(TEMPLATES.get_template("letter.txt.j2").render(letter=letter))
    message.add_alternative(TEMPLATES.get_template("letter.html.j2").render(letter=letter), subtype="html")
    message["Content-Language"] = "fr"  # last: setting the content drops what describes it
    return message
