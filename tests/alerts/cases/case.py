"""One alert, what makes it fire, and a target without faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.alerts.timeline import ONSET_MINUTES, Shape, always, series


@dataclass(frozen=True)
class Case:
    """One alert and what makes it fire. Times are minutes; things go wrong at the onset.

    `changes` are the series that differ from a healthy target's, `labels` those of the alert without
    `alertname` and `severity`. `path` names the path that must be expected for the alert to fire. `after` is
    the time from the onset to the alert, `gone_after` the time by which it outlives its cause at most; None
    where that cannot be shown. `late_by_holes` is how much later it fires when scrapes are missed, to the
    step: 0 for gauges. `elsewhere` is what a healthy second exporter sees, besides what `changes` show before
    the onset; None where one exporter is enough for the alert. `variant` distinguishes the cases of one
    alert.
    """

    alert: str
    severity: str
    after: float
    changes: Mapping[str, Shape]
    labels: Mapping[str, str]
    summary: str
    description: str
    path: str = ""
    gone_after: float | None = 4.0
    late_by_holes: float = 0.0
    step: float = 0.5
    of_target: bool = True
    elsewhere: Mapping[str, Shape] | None = field(default_factory=dict)
    without: tuple[str, ...] = field(default=())
    target: str = "krakow"
    variant: str = ""

    @property
    def fires_at(self) -> float:
        """Return the time of the alert, in minutes since the beginning."""
        return ONSET_MINUTES + self.after


TARGET_INFO = series("onedata_target_info", owner="ops", site="cracow")

HEALTHY: Mapping[str, Shape] = {
    series("up", target=""): always(1),
    series("onedata_exporter_config_last_reload_successful", target=""): always(1),
    series("onedata_exporter_shard_info", target="", index="0", count="1"): always(1),
    TARGET_INFO: always(1),
    series("onedata_poll_last_attempt_timestamp_seconds"): lambda minutes: minutes * 60,
    series("onedata_poll_interval_seconds"): always(15),
    series("onedata_polls_total"): lambda minutes: 4 * minutes + 1,
    series("onedata_target_diagnosis", diagnosis="ok"): always(1),
    series("onedata_target_maintenance"): always(0),
    series("onedata_path_expected", path="proxy"): always(1),
    series("onedata_path_expected", path="direct"): always(1),
    series("onedata_onepanel_up", path="proxy"): always(1),
    series("onedata_onepanel_up", path="direct"): always(1),
}

JOB = {"job": "onedata-exporter"}
OWN = {**JOB, "target": "krakow", "owner": "ops", "site": "cracow"}
EXPORTER = {**JOB, "instance": "exporter:19443"}
OTHER = "other:19443"


def of_exporter(own: str, instance: str = OTHER) -> str:
    """Return a series of the exporter as one of another exporter."""
    return own.replace('instance="exporter:19443"', f'instance="{instance}"')
