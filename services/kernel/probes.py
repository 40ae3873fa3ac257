"""What Kubernetes and Prometheus ask: /live, /ready, /metrics. The metrics here are all there are."""

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import Counter, Gauge, generate_latest

from services.kernel.envelope import Record
from services.kernel.errors import Poison
from services.kernel.log import log
from services.kernel.names import Log

RECORDS = Counter("achats_records_total", "Records handled.", ["service"])
PARKED = Counter("achats_records_parked_total", "Records parked.", ["service", "reason"])
ANNOUNCED = Counter("achats_records_announced_total", "Records sent and acknowledged.", ["service"])
RETRIES = Counter("achats_retries_total", "Times an outside part did not answer.", ["loop"])
ALERTS = Counter("achats_operator_alerts_total", "Times something needed an operator.", ["reason"])
BREAKER = Gauge("achats_breaker_tripped", "1 while nothing is consumed because too much was refused.")
TURNED = Gauge("achats_loop_turned_timestamp_seconds", "When a loop last turned.", ["loop"])

LIVE_WITHIN_SECONDS = 60.0


@dataclass(slots=True)
class Health:
    """What the loops of a process know of themselves: each says when it turned, and whether it can work."""

    loops: frozenset[str]
    turned_at: dict[str, float] = field(default_factory=dict[str, float])
    able: dict[str, bool] = field(default_factory=dict[str, bool])

    def turned(self, loop: str, able: bool = True) -> None:
        """This loop turned just now; `able` = what it needs from outside answered."""
        self.turned_at[loop] = time.monotonic()
        self.able[loop] = able
        TURNED.labels(loop).set_to_current_time()

    def live(self) -> bool:
        """Every loop turned within a minute."""
        return all(time.monotonic() - moment < LIVE_WITHIN_SECONDS for moment in self.turned_at.values())

    def ready(self) -> bool:
        """Every loop has turned, and could work when it last did."""
        return self.loops <= self.able.keys() and all(self.able.values()) and self.live()


def note_parked(record: Record, refusal: Poison, service: str) -> None:
    """Say in log and metrics that a record was parked."""
    log.warning(Log.PARKED, reason=refusal.reason, detail=str(refusal), record=f"{record.topic}/{record.partition}/{record.offset}")
    PARKED.labels(service, refusal.reason).inc()


def serve(port: int, health: Health) -> ThreadingHTTPServer:
    """Answer on `port` of every interface until the process ends; 200 = yes, 503 = no."""

    questions = {"/live": health.live, "/ready": health.ready}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._say(200, generate_latest())
            elif self.path in questions:
                self._say(*((200, b"yes\n") if questions[self.path]() else (503, b"no\n")))
            else:
                self._say(404, b"/live /ready /metrics\n")

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing: probes are asked every few seconds."""

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("", port), Answer)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server
