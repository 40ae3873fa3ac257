"""What the simulated Amazon account really holds, as its control plane tells it."""

from typing import Any, cast

import httpx

from deploy.local.deployment import Deployment


def truth(deployment: Deployment, account: str | None = None) -> list[dict[str, Any]]:
    """One row for each document of an account, the first one by default: number, type, date, seller, amounts in cents, SHA-256 of its PDF.

    Null = Amazon states nothing.
    """
    asked = {"account": account} if account else {}
    answer: Any = httpx.get(f"{deployment.amazon.control_url}/truth", params=asked, timeout=60).json()
    return cast("list[dict[str, Any]]", answer["documents"])
