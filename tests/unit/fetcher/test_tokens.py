"""A sealed token opens in its place and nowhere else."""

import base64

import pytest

from services.fetcher.adapters.tokens import key_of, open_token, seal_token
from services.kernel.errors import SealBroken
from services.kernel.sealing import Sealer

OLD, NEW = Sealer({"k1": b"1" * 32}, "k1"), Sealer({"k2": b"2" * 32, "k1": b"1" * 32}, "k2")
TOKEN = "Atzr|a-token-of-the-company"


def test_a_token_opens_in_its_place():
    """Sealed twice it never looks the same; the id of the key stands before it, the token nowhere."""
    sealed, again = (seal_token(OLD, TOKEN, "acme", "con-1") for _ in range(2))
    assert TOKEN == open_token(OLD, sealed, "acme", "con-1") == open_token(OLD, again, "acme", "con-1")
    assert sealed != again
    assert "k1" == key_of(sealed)
    assert "Atzr" not in sealed
    assert base64.b64encode(TOKEN.encode()).decode()[:12] not in sealed


@pytest.mark.parametrize(("company_id", "connection_id"), [("other", "con-1"), ("acme", "con-2"), ("acme/con-1", "")])
def test_a_token_opens_nowhere_else(company_id: str, connection_id: str):
    """Another company's or another connection's row."""
    with pytest.raises(SealBroken):
        open_token(OLD, seal_token(OLD, TOKEN, "acme", "con-1"), company_id, connection_id)


def test_a_token_is_bound_to_the_key_id_and_to_each_of_its_bytes():
    """The same key under another id; a byte changed in any part; a part taken from another token; garbage."""
    sealed, other = (seal_token(OLD, TOKEN, "acme", "con-1") for _ in range(2))
    renamed = Sealer({"k9": b"1" * 32}, "k9")
    key_id, wrapped, text = sealed.split(":")
    raw = base64.b64decode(text)
    broken = [
        f"k9:{wrapped}:{text}",
        f"{key_id}:{wrapped}:{base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()}",
        f"{key_id}:{wrapped}:{other.split(':')[2]}",
        f"{key_id}:{wrapped}:!",
        f"{key_id}:!:{text}",
        "nothing",
        "",
    ]
    for one in broken:
        with pytest.raises(SealBroken):
            open_token(renamed if one.startswith("k9") else OLD, one, "acme", "con-1")


def test_a_token_of_an_earlier_key_opens_and_one_sealed_before_tokens_had_keys():
    """Both are what a change of keys finds."""
    assert TOKEN == open_token(NEW, seal_token(OLD, TOKEN, "acme", "con-1"), "acme", "con-1")
    assert TOKEN == open_token(NEW, OLD.seal(TOKEN.encode(), "acme/con-1/refresh_token"), "acme", "con-1")
    with pytest.raises(SealBroken):
        open_token(OLD, seal_token(NEW, TOKEN, "acme", "con-1"), "acme", "con-1")
