"""`python -m tests.integration.fetcher.collect_once DATABASE FOLDER CLOCK PORTS RUN`: one collect, to be killed."""

import sys
from pathlib import Path
from typing import cast

from deploy.local.amazon.process import AmazonSimulator, Ports
from services.kernel.clock import ScaledClock, clock_from
from tests.integration.fetcher.place import Place


def main() -> None:
    """Collect the run."""
    url, folder, clock, ports, run_id = sys.argv[1:]
    simulator = AmazonSimulator(Path(folder), Ports(*map(int, ports.split(","))), {})
    place = Place(url, Path(folder), simulator, cast("ScaledClock", clock_from(clock)), web_port=0)
    place.collect(at_once=1)(run_id)  # so that there is time to be killed between two documents


if __name__ == "__main__":
    main()
