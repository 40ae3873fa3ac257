"""The e-mail around a letter: headers, a complete text, an HTML part that is well formed and accessible."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from xml.etree import ElementTree

from services.notifier.adapters.message import compose
from services.notifier.domain.letter import Letter, Link

LETTER = Letter(
    subject="[DUPONT] Amazon Business\u00a0: intégration active",
    title="L’intégration est active",
    company="Entreprise\u00a0: Dupont & <Fils>",
    notice="Environnement de test",
    opening="Une ouverture.",
    summary="Un résumé.",
    results=("un résultat", "un autre"),
    waiting=("une attente",),
    next_step="Une suite.",
    links=(Link("Ouvrir Achats", "https://achats.example.org/achats?a=1&b=2"),),
)


def received(letter: Letter = LETTER) -> EmailMessage:
    """The message as a mail program reads it from the wire."""
    sent = compose(letter, "Achats <achats@example.org>", "anna@dupont.example", "<0a1b@example.org>", datetime(2026, 11, 23, tzinfo=UTC))
    return message_from_bytes(sent.as_bytes(), policy=default)


def part(message: EmailMessage, kind: str) -> str:
    """The text of the part of that kind."""
    body = message.get_body((kind,))
    assert body is not None
    return body.get_content().replace("\r\n", "\n")


def test_headers():
    """Read back from the bytes, as an automatic message nobody answers."""
    message = received()
    assert {
        "From": "Achats <achats@example.org>",
        "To": "anna@dupont.example",
        "Subject": "[DUPONT] Amazon Business\u00a0: intégration active",
        "Date": "Mon, 23 Nov 2026 00:00:00 +0000",
        "Message-ID": "<0a1b@example.org>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "fr",
    } == {name: str(message[name]) for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language")}
    assert "multipart/alternative" == message.get_content_type()
    assert ["text/plain", "text/html"] == [one.get_content_type() for one in message.iter_parts()]


def test_the_bytes_are_plain_ascii_with_crlf():
    """Any server can pass it on: no 8-bit byte, no bare line feed, no line over 998 (RFC 5321)."""
    content = compose(LETTER, "a@b.example", "c@d.example", "<x@b.example>", datetime(2026, 11, 23, tzinfo=UTC)).as_bytes()
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_the_text_part_in_full():
    assert (
        "L’intégration est active\n\nEntreprise\u00a0: Dupont & <Fils>\n\nEnvironnement de test\n\nUne ouverture.\n\nUn résumé.\n\n"
        "Dans le détail\n- un résultat\n- un autre\n\nPas encore importé\n- une attente\n\nEt maintenant\n\nUne suite.\n\n"
        "Ouvrir Achats\u00a0: https://achats.example.org/achats?a=1&b=2\n\n"
        "-- \nMessage automatique, envoyé une seule fois à l’adresse liée au compte de l’entreprise.\n"
    ) == part(received(), "plain")


def test_empty_parts_leave_no_heading():
    bare = replace(LETTER, notice=None, results=(), waiting=())
    for kind in ("plain", "html"):
        text = part(received(bare), kind)
        assert "Dans le détail" not in text
        assert "Pas encore importé" not in text
        assert "Environnement de test" not in text
    assert "\n\n\n" not in part(received(bare), "plain")


def test_the_html_part_is_well_formed_and_accessible():
    """XML-parsable; language, title, one h1, headings in order, no image, no script, links with words."""
    tree = ElementTree.fromstring(part(received(), "html"))
    assert "fr" == tree.get("lang")
    assert "L’intégration est active" == tree.findtext("head/title")
    headings = [one.tag for one in tree.iter() if re.fullmatch(r"h\d", one.tag)]
    assert ["h1", "h2", "h2", "h2"] == headings
    assert {"html", "head", "meta", "title", "body", "main", "h1", "h2", "p", "strong", "ul", "li", "a", "footer"} == {
        one.tag for one in tree.iter()
    }
    assert [("Ouvrir Achats", "https://achats.example.org/achats?a=1&b=2")] == [(one.text, one.get("href")) for one in tree.iter("a")]


def test_both_parts_say_the_same():
    """Every visible word of the HTML part stands in the text part, in the same order."""
    body = ElementTree.fromstring(part(received(), "html")).find("body")
    assert body is not None
    shown = [text.strip() for text in body.itertext() if text.strip()]
    text, place = part(received(), "plain"), 0
    for words in shown:
        place = text.index(words, place) + len(words)
