"""The proxy does to a line what it is told: the tests of outages rest on it."""

import socket
import threading
from collections.abc import Generator

import pytest

from tests.support.proxy import LOOPBACK, Proxy

SOON, LONG = 0.3, 10.0


@pytest.fixture
def line() -> Generator[Proxy]:
    """A proxy before a server that answers what it is told."""
    with socket.create_server((LOOPBACK, 0)) as server, Proxy(server.getsockname()[1]) as proxy:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        yield proxy


def _echo(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_repeat, args=(connection,), daemon=True).start()


def _repeat(connection: socket.socket) -> None:
    with connection:
        try:
            while said := connection.recv(100):
                connection.sendall(said)
        except OSError:
            return


def call(line: Proxy) -> socket.socket:
    """A connection to the server."""
    client = socket.create_connection((LOOPBACK, line.port), timeout=LONG)
    assert b"hello" == told(client, b"hello")
    return client


def told(client: socket.socket, words: bytes, within: float = LONG) -> bytes:
    """What the server answers. Raises TimeoutError."""
    client.settimeout(within)
    client.sendall(words)
    return client.recv(100)


def test_a_delayed_line_is_late_and_whole(line: Proxy):
    """Case: half a second each way."""
    with call(line) as client:
        line.delay(0.5)
        with pytest.raises(TimeoutError):
            told(client, b"late", SOON)
        client.settimeout(LONG)
        assert b"late" == client.recv(100)


def test_a_cut_line_ends_and_a_new_one_stands(line: Proxy):
    """Case: in order, an empty answer; by force, an error."""
    with call(line) as client:
        line.cut()
        assert b"" == client.recv(100)
    with call(line) as client:
        line.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(100)
    call(line).close()


def test_a_refused_line_comes_back_at_the_same_port(line: Proxy):
    """Case: a connection breaks, the next is refused; after that all is well."""
    with call(line) as client:
        line.refuse()
        with pytest.raises(ConnectionResetError):
            client.recv(100)
    with pytest.raises(ConnectionRefusedError):
        call(line)
    line.restore()
    call(line).close()


def test_a_blackholed_line_says_nothing_and_loses_nothing(line: Proxy):
    """Case: both the words and a new connection go nowhere, unacknowledged; TCP delivers the words when the line is back."""
    with call(line) as client:
        line.blackhole()
        with pytest.raises(TimeoutError):
            told(client, b"into the dark", SOON)
        with pytest.raises(TimeoutError):
            socket.create_connection((LOOPBACK, line.port), timeout=SOON)
        line.restore()
        client.settimeout(LONG)
        assert b"into the dark" == client.recv(100)


def test_the_sender_of_blackholed_words_may_bound_its_patience(line: Proxy):
    """Goal: it is a line without acknowledgements, not a slow reader. Case: TCP_USER_TIMEOUT breaks the connection."""
    with call(line) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
        line.blackhole()
        with pytest.raises(TimeoutError, match="Connection timed out"):
            told(client, b"into the dark")


def test_one_direction_and_the_lines_that_stand_can_be_lost_alone(line: Proxy):
    """Case: the server hears and its answer is lost; a new connection is not touched."""
    with call(line) as client:
        line.blackhole(from_client=False, newcomers=False)
        with pytest.raises(TimeoutError):
            told(client, b"heard", SOON)
        call(line).close()
        line.restore()
        client.settimeout(LONG)
        assert b"heard" == client.recv(100)
