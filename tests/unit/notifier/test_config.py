"""The notifier's environment: read whole, refused with the variable's name and what to set."""

import base64

import pytest

from services.kernel.settings import SettingMissing
from services.notifier.config import Config, migrate_url

KEY = base64.b64encode(bytes(32)).decode()
ENVIRONMENT = {
    "ACHATS_KAFKA": "127.0.0.1:9092",
    "ACHATS_NOTIFIER_DATABASE_URL": "postgresql://notifier:secret@db/achats",
    "ACHATS_NOTIFIER_HEALTH_PORT": "8084",
    "ACHATS_CONTACT_KEYS": f"k1:{KEY}",
    "ACHATS_SMTP": "127.0.0.1:2525",
    "ACHATS_MAIL_FROM": "Achats <achats@example.org>",
    "ACHATS_PUBLIC_URL": "https://achats.example.org/",
}


def test_a_complete_environment():
    config = Config.from_env(ENVIRONMENT)
    assert ("127.0.0.1", 2525) == (config.smtp_host, config.smtp_port)
    assert "example.org" == config.message_domain
    assert "https://achats.example.org" == config.public_url
    assert not config.pretty_log


def test_secrets_stay_out_of_the_repr():
    assert "secret" not in repr(Config.from_env(ENVIRONMENT))
    assert KEY not in repr(Config.from_env(ENVIRONMENT))


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_variable_is_named(name: str):
    with pytest.raises(SettingMissing, match=f"^{name} is missing or unreadable. Set it to the |^{name} .* Set it to who "):
        Config.from_env({**ENVIRONMENT, name: ""})


@pytest.mark.parametrize(
    ("name", "text"), [("ACHATS_SMTP", "mailbox"), ("ACHATS_NOTIFIER_HEALTH_PORT", "x"), ("ACHATS_MAIL_FROM", "Achats")]
)
def test_an_unreadable_variable_is_named(name: str, text: str):
    with pytest.raises(SettingMissing, match=f"^{name} is missing or unreadable"):
        Config.from_env({**ENVIRONMENT, name: text})


def test_migrations_may_use_another_role():
    assert "postgresql://notifier:secret@db/achats" == migrate_url(ENVIRONMENT)
    assert "postgresql://owner@db/achats" == migrate_url({**ENVIRONMENT, "ACHATS_NOTIFIER_MIGRATE_URL": "postgresql://owner@db/achats"})
