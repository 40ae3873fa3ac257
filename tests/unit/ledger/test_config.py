"""The settings of the ledger."""

import pytest

from services.kernel.settings import SettingMissing
from services.ledger.config import Config, migrate_url

ENV = {
    "ACHATS_KAFKA": "localhost:9092",
    "ACHATS_LEDGER_DATABASE_URL": "postgresql://ledger_app:secret@db/achats",
    "ACHATS_LEDGER_HEALTH_PORT": "8083",
}


def test_everything_a_running_ledger_is_told():
    config = Config.from_env({**ENV, "ACHATS_LOG": "pretty"})
    assert ("localhost:9092", "postgresql://ledger_app:secret@db/achats", 8083, True) == (
        config.kafka,
        config.database_url,
        config.health_port,
        config.pretty_log,
    )


def test_the_password_is_in_no_repr():
    assert "secret" not in repr(Config.from_env(ENV))


@pytest.mark.parametrize("name", ENV)
def test_a_missing_variable_is_named_with_what_to_set(name: str):
    with pytest.raises(SettingMissing, match=f"{name} is missing or unreadable. Set it to "):
        Config.from_env({key: value for key, value in ENV.items() if key != name})


def test_an_unreadable_port_is_named():
    with pytest.raises(SettingMissing, match="ACHATS_LEDGER_HEALTH_PORT"):
        Config.from_env({**ENV, "ACHATS_LEDGER_HEALTH_PORT": "web"})


def test_migrations_may_run_as_another_role():
    assert "postgresql://ledger_app:secret@db/achats" == migrate_url(ENV)
    assert "postgresql://owner@db/achats" == migrate_url({**ENV, "ACHATS_LEDGER_MIGRATE_URL": "postgresql://owner@db/achats"})
