"""Static mode: the pairs of a folder exactly, 400 to anything else. AMAZON_MODELS names the folder whose `samples` Amazon published."""

import json
import os
import sys
from pathlib import Path

import httpx
import pytest

from deploy.local.amazon.static_pairs import NoPairs, static_app
from deploy.local.deployment import answers
from deploy.local.processes import PLAIN_ENVIRONMENT, ServerProcess, free_port
from tests.unit.simulator.customer import Port

PAIRS: dict[str, object] = {
    "one.getReports.200": {
        "method": "GET",
        "path": "/things",
        "status": 200,
        "request": {"parameters": {"kinds": {"value": ["A", "B"]}, "whole": {"value": True}}},
        "response": {"things": []},
    },
    "two.get.200": {
        "method": "GET",
        "path": "/things/{id}",
        "status": 200,
        "request": {"parameters": {"id": {"value": "7"}}},
        "response": {"id": 7},
    },
    "three.create.202": {
        "method": "POST",
        "path": "/things",
        "status": 202,
        "request": {"parameters": {"body": {"value": {"a": [1]}}}},
        "response": {"id": 8},
    },
    "four.delete.200": {
        "method": "DELETE",
        "path": "/things/{id}",
        "status": 200,
        "request": {"parameters": {"id": {"value": "7"}}},
        "response": None,
    },
    "five.get.400": {"method": "GET", "path": "/things/{id}", "status": 400, "request": {"parameters": {}}, "response": {"errors": []}},
    "six.published-bodies": {"method": "POST", "path": "/things", "examples": []},
}
MODELS = os.environ.get("AMAZON_MODELS")


@pytest.fixture
def port(tmp_path: Path) -> Port:
    """A sandbox of our own pairs."""
    for name, pair in PAIRS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(pair))
    return Port(static_app(tmp_path))


def test_a_pair_is_answered_exactly(port: Port):
    """Query as csv and lower-case booleans, path, body, and an answer without a body."""
    assert {"things": []} == port.ask("GET", "/things", query={"kinds": "A,B", "whole": "true"}).json()
    assert {"id": 7} == port.ask("GET", "/things/7").json()
    created = port.ask("POST", "/things", json={"a": [1]})
    assert (202, {"id": 8}) == (created.status_code, created.json())
    assert (200, b"") == ((deleted := port.ask("DELETE", "/things/7")).status_code, deleted.content)


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/things", {"kinds": "A,B"}, None),
        ("GET", "/things", {"kinds": "B,A", "whole": "true"}, None),
        ("GET", "/things", {"kinds": "A,B", "whole": "true", "more": "1"}, None),
        ("GET", "/things/8", {}, None),
        ("PUT", "/things/7", {}, None),
        ("POST", "/things", {}, {"a": [1], "b": 2}),
        ("POST", "/things", {}, None),
    ],
)
def test_anything_else_is_400(port: Port, method: str, path: str, query: dict[str, str], body: object):
    """Nothing missing, nothing in addition, nothing in another order."""
    answer = port.ask(method, path, query=query, json=body)
    assert (400, "Could not match input arguments") == (answer.status_code, answer.json()["errors"][0]["message"])


def test_a_folder_without_pairs_is_a_mistake(tmp_path: Path):
    """Said at start."""
    with pytest.raises(NoPairs):
        static_app(tmp_path)


def test_the_command_runs_it_alone(tmp_path: Path):
    """`achats simulator --port P --control-port C --static DIR`, as a process of its own."""
    (tmp_path / "two.get.200.json").write_text(json.dumps(PAIRS["two.get.200"]))
    port, control = free_port(), free_port()
    command = [f"{Path(sys.executable).parent}/achats", "simulator", f"--port={port}", f"--control-port={control}", f"--static={tmp_path}"]
    process = ServerProcess("simulator", tmp_path / "simulator.log")
    process.start(command, PLAIN_ENVIRONMENT, ordinary_user=False)
    try:
        process.wait_until(lambda: answers(f"http://127.0.0.1:{control}/ready"), 60)
        assert {"id": 7} == httpx.get(f"http://127.0.0.1:{port}/things/7").json()
        assert 400 == httpx.get(f"http://127.0.0.1:{port}/b2b/abws/oauth").status_code
    finally:
        process.stop()


if MODELS:

    @pytest.mark.parametrize(
        ("method", "path", "query", "status"),
        [
            ("GET", "/reports/2021-09-30/reports/ID323", {}, 200),
            ("GET", "/reports/2021-09-30/reports/badReportId1", {}, 400),
            (
                "GET",
                "/reconciliation/2021-01-08/transactions",
                {"feedStartDate": "2020-07-09T00:00:00Z", "feedEndDate": "2020-08-01T00:00:00Z"},
                200,
            ),
            ("DELETE", "/reports/2021-09-30/reports/ID", {}, 200),
        ],
    )
    def test_published_pairs(method: str, path: str, query: dict[str, str], status: int):
        """Four of the folder's, one of which refuses."""
        assert status == Port(static_app(Path(MODELS or "") / "samples")).ask(method, path, query=query).status_code
