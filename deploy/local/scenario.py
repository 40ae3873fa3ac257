"""The scenario of `achats demo`, told on a screen."""

from pathlib import Path

from deploy.local.demo import Summary, company, connect, follow, outcome
from deploy.local.deployment import Deployment
from deploy.local.screen import Screen
from deploy.local.truth import truth
from deploy.local.watcher import Watcher


def play(deployment: Deployment, documents: Path | None, screen: Screen, started_at: float) -> Summary:
    """Connect unless that was done before, follow the first import, show what came out. Raises WalkLost, ImportUnfinished."""
    watcher = Watcher(deployment.kafka.bootstrap)
    try:
        expected = len(truth(deployment))
        screen.say("both consents: the company, then Amazon Business")
        if documents:
            screen.say("documents of a folder: the check of the buyer is off, and the import starts in 2000")
        if not (deployment.data / "connected").exists():
            connect(deployment, company(documents))
            (deployment.data / "connected").touch()
        with screen.progress(watcher, expected):
            follow(watcher, screen.move)
        result = outcome(deployment, watcher, started_at)
        screen.show(result)
        return result.summary
    finally:
        watcher.stop()
