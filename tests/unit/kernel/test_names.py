"""The closed lists: what can appear in logs and metrics is known."""

from services import fetcher, ledger, notifier
from services.kernel import probes
from services.kernel.names import Log, Metric


def test_log_names_are_constant_words_and_each_is_one_thing():
    """Lower-case words; no service takes a name of the kernel's or another's."""
    names = [name.value for names in (Log, fetcher.Logged, ledger.Logged, notifier.Logged) for name in names]
    assert sorted(set(names)) == sorted(names)
    assert all(name.replace("_", "").isalpha() and name.islower() for name in names)


def test_every_metric_of_the_list_is_measured():
    """The list and what /metrics shows are the same."""
    shown = probes.generate_latest().decode()
    assert [] == [metric for metric in Metric if f"# TYPE {metric} " not in shown]
