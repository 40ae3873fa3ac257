"""What the fetcher reads of its environment beside plain texts: keys from a file, two secrets, the App Center's domains."""

import base64
from pathlib import Path

import pytest

from services.fetcher.config import AMAZON_DOMAINS, Config
from services.kernel.sealing import BadKeys
from services.kernel.settings import SettingMissing

KEY, OTHER = (base64.b64encode(letter * 32).decode() for letter in (b"1", b"2"))
ENV = {
    "ACHATS_KAFKA": "127.0.0.1:9092",
    "ACHATS_FETCHER_DATABASE_URL": "postgresql://localhost/x",
    "ACHATS_FETCHER_HEALTH_PORT": "8001",
    "ACHATS_FETCHER_WEB": "127.0.0.1:8002",
    "ACHATS_CONTACT_KEYS": f"c1:{KEY}",
    "ACHATS_FETCHER_TOKEN_KEYS": f"t1:{KEY}",
    "ACHATS_SESSION_KEY": "long and random",
    "ACHATS_DOCUMENTS_URL": "file:///tmp/documents",
    "ACHATS_PUBLIC_URL": "http://127.0.0.1:8002",
    "ACHATS_AMAZON_API": "https://eu.business-api.amazon.com/",
    "ACHATS_AMAZON_CONSENT": "https://www.amazon.fr",
    "ACHATS_AMAZON_TOKEN_URL": "https://api.amazon.com/auth/o2/token",
    "ACHATS_AMAZON_APPLICATION_ID": "amzn1.sp.solution.1",
    "ACHATS_AMAZON_CLIENT_ID": "client",
    "ACHATS_AMAZON_CLIENT_SECRET": "secret-1",
}


def test_one_secret_and_amazon_s_own_domains():
    """What most installations have; nothing secret in the repr."""
    config = Config.from_env(ENV)
    assert (("secret-1",), AMAZON_DOMAINS) == (config.amazon.client_secrets, config.amazon.domains)
    assert "t1" == config.token_sealer.current
    assert [] == [secret for secret in ("secret-1", KEY, "long and random") if secret in repr(config)]


def test_two_secrets_and_other_domains():
    """While the secret is being changed; beside a simulator."""
    config = Config.from_env(
        {**ENV, "ACHATS_AMAZON_CLIENT_SECRET": "secret-1, secret-2", "ACHATS_AMAZON_DOMAINS": "amazon.fr,http://127.0.0.1:9"}
    )
    assert (("secret-1", "secret-2"), ("amazon.fr", "http://127.0.0.1:9")) == (config.amazon.client_secrets, config.amazon.domains)
    assert "secret-2" not in repr(config)


def test_token_keys_from_a_file(tmp_path: Path):
    """The file wins over the variable; one that is not there, or holds no keys, ends the process with a sentence."""
    file = tmp_path / "keys"
    file.write_text(f"t2:{OTHER},t1:{KEY}\n", encoding="utf-8")
    assert "t2" == Config.from_env({**ENV, "ACHATS_FETCHER_TOKEN_KEYS_FILE": str(file)}).token_sealer.current
    with pytest.raises(SettingMissing, match="ACHATS_FETCHER_TOKEN_KEYS_FILE"):
        Config.from_env({**ENV, "ACHATS_FETCHER_TOKEN_KEYS_FILE": str(tmp_path / "none")})
    file.write_text("nothing", encoding="utf-8")
    with pytest.raises(BadKeys):
        Config.from_env({**ENV, "ACHATS_FETCHER_TOKEN_KEYS_FILE": str(file)})
