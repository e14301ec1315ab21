"""PromQL as the dashboards use it: every selector takes part in the dashboard's variables."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.diagnosis.rules import Diagnosis
from exporter.targets import AccessPath
from grafana.build.words import DIAGNOSES, Word

EXPORTER = ("job", "instance")
TARGET = (*EXPORTER, "target")
PATH = (*TARGET, "path")
BOTH_PATHS = tuple(AccessPath)
# Labels of the configuration by which targets are chosen, as alerts are routed by them (`targetLabels` of the mixin).
OWN_LABELS = ("owner", "site")
# What the rules record; it has no `instance`: of several exporters, more than half must find a path down.
_UNAVAILABLE = "job_target_path:onedata_onepanel_unavailable:ratio"

# The share of time in which a path is to work over 30 days, as the alert rules have it.
AVAILABILITY_OBJECTIVE = 0.995


def select(name: str, *matchers: str, by: tuple[str, ...] = TARGET) -> str:
    """Return a metric, narrowed by the variables `by` and by more label matchers, such as `status="ok"`."""
    chosen = [f'{variable}=~"${variable}"' for variable in by]
    return f"{name}{{{', '.join([*chosen, *matchers])}}}"


def coded(name: str, label: str, words: Iterable[Word], labels: str) -> str:
    """Return a state set as one number for each group of `labels`: the code of the worst state that holds.

    All states of a set are always there, so that the one with code 0 is what is left when no other holds.
    """
    states = [
        f"{select(name, f'{label}={_quoted(word.state)}')} * {word.code}" for word in words if word.code
    ]
    return f"max by ({labels}) (\n  " + "\n  or ".join(states) + "\n)"


def worst_diagnosis() -> str:
    """Return the code of the diagnosis of each target, that of `unknown` if its rounds are overdue."""
    unknown = next(word.code for word in DIAGNOSES if word.state == Diagnosis.UNKNOWN)
    watched = f"max by (target) ({select('onedata_path_expected')})"
    return (
        f"{coded('onedata_target_diagnosis', 'diagnosis', DIAGNOSES, 'target')}\n"
        f"or on (target) 0 * {watched} + {unknown}"
    )


def _quoted(text: str) -> str:
    return f'"{text}"'


def path_state(*matchers: str, labels: str = "target, path") -> str:
    """0 down, 1 up but unhealthy, 2 up, 3 not expected to work: the worst node of each group of `labels`.

    A Onepanel that is up and does not report its health is up. Nodes have no expectations of their own.
    """
    pair = ", ".join(label for label in labels.split(", ") if label != "node")
    up = select("onedata_onepanel_up", *matchers, by=PATH)
    healthy = select("onedata_onepanel_healthy", *matchers, by=PATH)
    expected = f"max by ({pair}) ({select('onedata_path_expected', *matchers, by=PATH)})"
    worst = f"min by ({labels}) (\n    {up}\n    + ({healthy} or {up})\n  )"
    return f"(\n  {worst}\n  and on ({pair}) {expected} == 1\n)\nor ({expected} == 0) + 3"


def exporter_up() -> str:
    """1 for each exporter that Prometheus can scrape, 0 for each that it cannot.

    An exporter is whatever is scraped by a job of which an exporter answered in the time range: one that never did
    has no series of its own to be known by.
    """
    answered = f"last_over_time({select('onedata_exporter_targets', by=EXPORTER)}[$__range])"
    return f"{select('up', by=EXPORTER)} and on (job) {answered}"


def unhealthy_services() -> str:
    """1 for each service of a host that is not healthy, 0 for each that is."""
    healthy = select("onedata_component_status", 'status="healthy"')
    return f"1 - max by (target, component, host) ({healthy})"


def availability(window: str) -> str:
    """Return the share of time in which each expected path worked, without maintenance, as the rules record it.

    If nothing is recorded yet for the window, it is the share of the last hour.
    """
    recorded = select(f"{_UNAVAILABLE}_avg{window}", by=("job", "target", "path"))
    up = (
        f"(\n  avg by (target, path) ({select('onedata_onepanel_up', by=PATH)})\n"
        f"  and on (target, path) max by (target, path) ({select('onedata_path_expected', by=PATH)}) == 1\n"
        f"  unless on (target) max by (target) ({select('onedata_target_maintenance')}) == 1\n)"
    )
    return f"1 - max by (target, path) ({recorded})\nor avg_over_time({up}[1h:$__interval])"


def budget_left(window: str) -> str:
    """Return what is left of the error budget of the window: 1 all of it, 0 nothing, below 0 overspent."""
    allowed = f"{1 - AVAILABILITY_OBJECTIVE:g}"
    return f"1 - (1 - (\n{availability(window)}\n)) / {allowed}"


def broken_for() -> str:
    """Seconds since each target was last `ok`, 0 where it is now; nothing where it was not in the whole range."""
    well = select("onedata_target_diagnosis", 'diagnosis="ok"')
    last = f"max by (target) (max_over_time(timestamp({well} == 1)[$__range:$__interval]))"
    return f"(time() - {last}) * on (target) (1 - min by (target) ({well}))"


def quantile(share: float, metric: str, labels: str, *matchers: str) -> str:
    """Return a quantile of a histogram for each group of `labels`, over all its series (no average of quantiles)."""
    buckets = select(f"{metric}_bucket", *matchers, by=PATH)
    return f"histogram_quantile({share:g}, sum by (le, {labels}) (rate({buckets}[$__rate_interval])))"
