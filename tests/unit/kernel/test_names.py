"""The closed lists: what can appear in logs and metrics is known."""

import re

from services import fetcher, ledger, notifier
from services.kernel import probes
from services.kernel.names import Log


def test_log_names_are_constant_words_and_each_is_one_thing():
    """Lower-case words; no service takes a name of the kernel's or another's."""
    names = [name.value for names in (Log, fetcher.Logged, ledger.Logged, notifier.Logged) for name in names]
    assert sorted(set(names)) == sorted(names)
    assert all(name.replace("_", "").isalpha() and name.islower() for name in names)


def test_metrics_are_the_known_ones():
    """Alerts and dashboards name them: a new one is added here on purpose."""
    shown = probes.generate_latest().decode()
    assert {
        "achats_records_total",
        "achats_records_parked_total",
        "achats_records_announced_total",
        "achats_retries_total",
        "achats_operator_alerts_total",
        "achats_breaker_tripped",
        "achats_loop_turned_timestamp_seconds",
    } == {name for name in re.findall(r"^# TYPE (achats_\w+) ", shown, re.MULTILINE) if not name.endswith("_created")}
