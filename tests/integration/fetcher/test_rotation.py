"""A change of keys on a real database: killed in the middle and called again, everything is under the new key, and opens with it alone."""

import base64
import sys
from dataclasses import dataclass

import pytest

from services.fetcher.adapters.rotation import Rotation
from services.fetcher.adapters.tokens import key_of, open_token
from services.fetcher.main import main
from services.kernel.errors import SealBroken
from services.kernel.sealing import Sealer
from tests.integration.fetcher.place import SEALER, Place, acme

BOTH, NEW = Sealer({"k2": b"2" * 32, "k1": b"k" * 32}, "k2"), Sealer({"k2": b"2" * 32}, "k2")
NAMES = ("Atelier Lumière SAS", "Deuxième SAS", "Troisième SAS")


@dataclass
class DiesAfter:
    """The keys of a process that is killed once it has wrapped so many."""

    left: int
    current: str = "k2"

    def wrap(self, plain: bytes, associated: str) -> str:
        """As ever, until the end."""
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return BOTH.wrap(plain, associated)

    def unwrap(self, sealed: str, associated: str) -> bytes:
        """As ever."""
        return BOTH.unwrap(sealed, associated)


@pytest.fixture
def three(place: Place) -> Place:
    """Three connections under the old key, one of them as tokens were sealed before they had keys of their own; a fourth is closed."""
    for number, name in enumerate(NAMES):
        place.enter(acme(company_id=f"c{number}", name=name))
        place.browser().connect(name)
    [old] = place.rows("select connection_id, company_id, sealed_refresh_token from connection where company_id = 'c2'")
    token = open_token(SEALER, old["sealed_refresh_token"], "c2", old["connection_id"])
    plain = SEALER.seal(token.encode(), f"c2/{old['connection_id']}/refresh_token")
    place.rows(f"update connection set sealed_refresh_token = '{plain}' where company_id = 'c2' returning 1")
    place.enter(acme(company_id="c3", name="Quatrième SAS"))
    closing = place.browser()
    closing.connect("Quatrième SAS")
    closing.post("/connectivite/amazon-business/deconnexion")
    return place


def tokens(place: Place) -> list[tuple[str, str, str]]:
    """Company, connection and sealed token of each connection that has one."""
    rows = place.rows("select company_id, connection_id, sealed_refresh_token as sealed from connection where state <> 'closed' order by 1")
    return [(row["company_id"], row["connection_id"], row["sealed"]) for row in rows]


def test_killed_in_the_middle_and_called_again(three: Place) -> None:
    """One token is done when the process dies; the next call does the other two and every address; a third finds nothing."""
    before = [open_token(SEALER, sealed, company, connection) for company, connection, sealed in tokens(three)]
    with pytest.raises(KeyboardInterrupt):
        Rotation(three.store, DiesAfter(1), BOTH, three.clock)()
    assert ["k1", "k1", "k2"] == sorted(key_of(sealed) for _, _, sealed in tokens(three))
    rotation = Rotation(three.store, BOTH, BOTH, three.clock)
    assert (2, 4) == ((done := rotation()).tokens, done.addresses)
    assert (0, 0) == ((done := rotation()).tokens, done.addresses)
    assert before == [open_token(NEW, sealed, company, connection) for company, connection, sealed in tokens(three)]
    said = [data for _, _, data in three.said("contact.described") if key_of(data["sealed_address"]) == "k2"]
    assert ["c0", "c1", "c2"] == sorted(data["company_id"] for data in said)  # nobody writes to the fourth any more
    assert {"compta@atelier.example"} == {NEW.open(data["sealed_address"], data["company_id"]).decode() for data in said}


def test_a_missing_key_changes_nothing(three: Place) -> None:
    """Without the old key nothing can be opened: said, and every row is as it was."""
    before = tokens(three)
    with pytest.raises(SealBroken):
        Rotation(three.store, NEW, NEW, three.clock)()
    assert before == tokens(three)


def test_the_command_says_how_many(three: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`achats-fetcher rotate-keys`, its token keys in a file."""
    new, old = (base64.b64encode(key).decode() for key in (b"2" * 32, b"k" * 32))
    file = three.folder / "token-keys"
    file.write_text(f"k2:{new},k1:{old}\n", encoding="utf-8")
    monkeypatch.setenv("ACHATS_FETCHER_DATABASE_URL", three.url)
    monkeypatch.setenv("ACHATS_CONTACT_KEYS", f"k2:{new},k1:{old}")
    monkeypatch.setenv("ACHATS_FETCHER_TOKEN_KEYS_FILE", str(file))
    monkeypatch.setattr(sys, "argv", ["achats-fetcher", "rotate-keys"])
    main()
    assert "3 tokens and 4 addresses are now under the keys k2 and k2\n" in capsys.readouterr().out
