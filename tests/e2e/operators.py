"""The operators' commands on a deployment, and what its processes and its book count."""

import json
import subprocess
import sys
import urllib.request
from contextlib import suppress
from typing import Any

from deploy.local.deployment import Deployment
from deploy.local.processes import LOOPBACK
from tests.e2e.stages import STAGES, ask
from tests.support.style import ROOT


def achats(deployment: Deployment, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The operators' command, with the environment of an operator."""
    environment = {name: value for stage in STAGES for name, value in deployment.environment(stage.service).items()}
    return subprocess.run(
        [sys.executable, "-c", "from deploy.cli import main; main()", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def metrics(port: int) -> str:
    """What a process counts; nothing while it does not answer."""
    with suppress(OSError), urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=5) as answer:
        return answer.read().decode()
    return ""


def port_of(deployment: Deployment, service: str) -> int:
    """The port of a service's probes."""
    return int(deployment.environment(service)[f"ACHATS_{service.upper()}_HEALTH_PORT"])


def listed(deployment: Deployment, service: str, company: str) -> list[dict[str, Any]]:
    """What `achats parked list` says of the company's records."""
    said = achats(deployment, "parked", "list", service, "--json")
    return [one for one in map(json.loads, said.stdout.splitlines()) if one["company"] == company]


def states(deployment: Deployment, service: str, company: str) -> list[tuple[int, str]]:
    """Attempt and state of each."""
    return [(one["attempt"], one["state"]) for one in listed(deployment, service, company)]


def give_back(deployment: Deployment, service: str, company: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Give the company's one parked record back."""
    [one] = listed(deployment, service, company)
    place = str(one["parked_partition"]), str(one["parked_offset"])
    return achats(deployment, "parked", "retry", service, *place, "--by", "ada", "--why", "mended", *more)


def counted(deployment: Deployment, company: str) -> list[tuple[int, int, int]]:
    """How the company's run adds up, revision by revision: collected, recorded, parked."""
    query = f"select collected, recorded, parked from ledger.run_finished where company_id = '{company}' order by revision"
    return [(collected, recorded, parked) for collected, recorded, parked in ask(deployment, query)]


def handled(deployment: Deployment, service: str) -> float:
    """How many records the service's process has handled."""
    return sum(
        float(line.split()[-1]) for line in metrics(port_of(deployment, service)).splitlines() if line.startswith("achats_records_total")
    )
