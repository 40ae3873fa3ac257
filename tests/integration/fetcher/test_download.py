"""Downloads over a real connection: whole, cut short, encoded, endless, refused."""

import gzip
import json
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from services.fetcher.adapters import amazon
from services.fetcher.adapters.amazon import Amazon, AmazonAccount
from services.fetcher.config import Application
from services.fetcher.domain.unpacking import TooLarge
from services.fetcher.stages.ports import NotDelivered
from tests.support.consents import HeldConsent
from tests.unit.fetcher.test_amazon import HeldClock

PDF = b"%PDF-1.7 an invoice"
BOMB = gzip.compress(PDF + bytes(20_000_000))


class Store(BaseHTTPRequestHandler):
    """Login, the Document API, and the store behind its links, each as short as can be."""

    def do_POST(self) -> None:
        """Any grant gives a token."""
        self._answer(200, json.dumps({"access_token": "Atza|A", "expires_in": 3600}).encode())

    def do_GET(self) -> None:
        """The link of a document, or what is behind it."""
        area, _, name = self.path.rpartition("/")
        if area != "/store":
            url = f"http://{self.headers['host']}/store/{name}"
            self._answer(200, json.dumps({"reportDocumentId": name, "url": url}).encode())
        else:
            ANSWERS[name](self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""

    def whole(self) -> None:
        """As it should be."""
        self._answer(200, PDF)

    def cut(self) -> None:
        """A hundred bytes announced, nineteen sent."""
        self._answer(200, PDF, length=100)
        self.close_connection = True

    def encoded(self) -> None:
        """A content encoding nobody asked for."""
        self._answer(200, BOMB, encoding="gzip")

    def misnamed(self) -> None:
        """A content encoding that it has not."""
        self._answer(200, PDF, encoding="gzip")

    def endless(self) -> None:
        """Two megabytes, and no end announced."""
        self.protocol_version = "HTTP/1.0"
        self._answer(200, bytes(2_000_000), length=None)
        self.close_connection = True

    def refused(self) -> None:
        """The store's way to say that a link has died."""
        self._answer(403, b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>")

    def gone(self) -> None:
        """The store's way to say that there is no such object."""
        self._answer(404, b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>")

    def _answer(self, status: int, body: bytes, length: int | None = -1, encoding: str | None = None) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("content-length", str(len(body) if length == -1 else length))
        if encoding:
            self.send_header("content-encoding", encoding)
        self.end_headers()
        self.wfile.write(body)


ANSWERS: dict[str, Callable[[Store], None]] = {
    "whole": Store.whole,
    "cut": Store.cut,
    "encoded": Store.encoded,
    "misnamed": Store.misnamed,
    "endless": Store.endless,
    "refused": Store.refused,
    "gone": Store.gone,
}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Generator[AmazonAccount]:
    """An account at that store, where a megabyte is much."""
    monkeypatch.setattr(amazon, "PAYLOAD_MAX_BYTES", 1_000_000)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    application = Application(base, base, f"{base}/auth/o2/token", "sp", "client", "the-secret", "https://us.example/retour")
    yield Amazon(application, HeldClock()).account("con-1", "A13V1IB3VIYZZH", HeldConsent("Atzr|R"))
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("expected", "name"), [(PDF, "whole"), (BOMB, "encoded"), (PDF, "misnamed")])
def test_bytes_come_as_they_were_sent(account: AmazonAccount, expected: bytes, name: str):
    """20 MB in a content encoding of 20 kB stay 20 kB: only the unpacking, which has bounds, opens it; a wrong encoding does no harm."""
    assert expected == account.payload(name)


@pytest.mark.parametrize(("trouble", "name"), [("cut short", "cut"), ("refused twice: 403", "refused"), ("refused twice: 404", "gone")])
def test_what_does_not_come_whole_does_not_come(account: AmazonAccount, trouble: str, name: str):
    """A length that the body does not reach, a dead link, an object that is not there: this document waits, not the whole run."""
    with pytest.raises(NotDelivered, match=trouble):
        account.payload(name)


def test_a_download_is_left_at_its_bound(account: AmazonAccount):
    """Two megabytes where one is allowed: not read to its end, and not held."""
    with pytest.raises(TooLarge):
        account.payload("endless")
