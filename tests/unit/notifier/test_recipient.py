"""Addresses and Message-IDs."""

import pytest

from services.notifier.domain.recipient import is_address, message_id, notification_id, without_addresses


@pytest.mark.parametrize("text", ["anna@dupont.example", "o'neil+achats@sous.dupont.example"])
def test_an_address(text: str):
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "anna", "anna@", "@dupont.example", "a@b.example,c@d.example", "a@b.example\r\nBcc: c@d.example", "é@b.example", "a b@c.example"],
)
def test_what_no_single_mail_can_go_to(text: str):
    """Among them: two addresses, and a header smuggled in behind a line break."""
    assert not is_address(text)


def test_a_message_id_belongs_to_one_notification_and_one_recipient():
    """The same whatever the letters' case; another for another notification, recipient or salt."""
    notification = notification_id("integration_active", "dupont/c1")
    mine = message_id(notification, "anna@dupont.example", "salt", "example.org")
    assert "<a6c8e13e6e6d862ed48c9e8f1ade7923@example.org>" == mine
    assert mine == message_id(notification, "Anna@Dupont.example", "salt", "example.org")
    others = {
        message_id(notification_id("integration_active", "dupont/c2"), "anna@dupont.example", "salt", "example.org"),
        message_id(notification, "paul@dupont.example", "salt", "example.org"),
        message_id(notification, "anna@dupont.example", "other", "example.org"),
    }
    assert 3 == len(others - {mine})


def test_a_servers_words_are_kept_without_addresses():
    assert "5.1.1 (address) User unknown" == without_addresses("5.1.1 <anna@dupont.example>:\r\n  User unknown")
