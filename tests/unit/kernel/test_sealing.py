"""Sealed values: only the right key opens them, only for what they belong to, and keys can rotate and stay unseen."""

import base64

import pytest

from services.kernel.errors import SealBroken
from services.kernel.sealing import BadKeys, Sealer, sealer_from

FIRST, SECOND = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
SEALER = sealer_from(f"k1:{FIRST}")
SEALED_LONG_AGO = "k1:AAECAwQFBgcICQoL1M0MPGnzTtcntQIgeSentVNi"


def changed(sealed: str, place: int) -> str:
    """The same with one bit of its bytes turned."""
    key_id, _, text = sealed.partition(":")
    raw = bytearray(base64.b64decode(text))
    raw[place] ^= 1
    return f"{key_id}:{base64.b64encode(raw).decode()}"


@pytest.mark.parametrize("plain", [b"", b"compta@example.org", "é".encode() * 10_000, b"\x00\xff"])
def test_what_is_sealed_opens_again(plain: bytes):
    """Nothing, an address, much, and no text."""
    assert plain == SEALER.open(SEALER.seal(plain, "c1"), "c1")


def test_a_value_sealed_long_ago_opens():
    """The form never changes: nonce and ciphertext behind the key's id, AES-256-GCM."""
    assert b"ok" == SEALER.open(SEALED_LONG_AGO, "c1")


def test_two_seals_of_the_same_differ_and_tell_nothing():
    """A nonce of its own for each; the key's id is all that can be read."""
    one, other = SEALER.seal(b"compta@example.org", "c1"), SEALER.seal(b"compta@example.org", "c1")
    assert one != other
    assert ("k1", "k1") == (one.partition(":")[0], other.partition(":")[0])
    assert b"example" not in base64.b64decode(one.partition(":")[2])


def test_it_opens_only_for_what_it_belongs_to():
    """Another company, another column, none: refused, and the reason names the key alone."""
    sealed = SEALER.seal(b"token", "c1/con-1/refresh_token")
    for associated in ("c2/con-1/refresh_token", "c1/con-1/access_token", ""):
        with pytest.raises(SealBroken) as refused:
            SEALER.open(sealed, associated)
        assert "A sealed value cannot be opened: unknown key, or bytes changed: k1" == str(refused.value)


@pytest.mark.parametrize("place", [0, 11, 12, -1])
def test_a_changed_byte_is_refused(place: int):
    """In the nonce, the text or the tag."""
    with pytest.raises(SealBroken):
        SEALER.open(changed(SEALER.seal(b"token", "c1"), place), "c1")


@pytest.mark.parametrize("sealed", ["", "k1", "k1:", "k1:AA==", "k1:not base64", "k1:é", "k2:AAAA", ":AAAA", f"k1:{'A' * 16}"])
def test_what_is_no_seal_is_refused(sealed: str):
    """No key, an unknown one, no bytes, too few, no base64."""
    with pytest.raises(SealBroken):
        SEALER.open(sealed, "c1")


def test_keys_rotate():
    """The first seals; all open; a key that is gone makes what it sealed unreadable for ever."""
    both = sealer_from(f"k2:{SECOND}, k1:{FIRST}")
    old, new = SEALER.seal(b"token", "c1"), both.seal(b"token", "c1")
    assert "k2" == new.partition(":")[0]
    assert (b"token", b"token") == (both.open(old, "c1"), both.open(new, "c1"))
    with pytest.raises(SealBroken, match="k1"):
        sealer_from(f"k2:{SECOND}").open(old, "c1")


def test_keys_are_never_shown():
    """Not in a repr, which ends up in logs and traces."""
    assert "Sealer(current='k1')" == repr(Sealer({"k1": b"x" * 32}, "k1"))


@pytest.mark.parametrize(
    "text", ["", "k1", "k1:", f":{FIRST}", "k1:AAAA", f"k1:{FIRST},", f"k1:{FIRST},k2", "k1:not base64", f"k1:{FIRST}x"]
)
def test_keys_that_are_none_are_refused(text: str):
    """At the start, with the form they should have, and without a byte of them."""
    with pytest.raises(BadKeys, match="Sealing keys are written `id:base64,…`, each of 32 bytes, the current one first") as refused:
        sealer_from(text)
    assert FIRST not in str(refused.value)
