"""What the simulated Amazon account really holds, as its control plane tells it."""

from typing import Any, cast

import httpx

from deploy.local.deployment import Deployment


def truth(deployment: Deployment) -> list[dict[str, Any]]:
    """One row for each document: number, type, date, seller, amounts in cents, SHA-256 of its PDF; null = Amazon states nothing."""
    answer: Any = httpx.get(f"{deployment.amazon.control_url}/truth", timeout=60).json()
    return cast("list[dict[str, Any]]", answer["documents"])
