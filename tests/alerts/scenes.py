"""Series over time as a test of promtool, and what can be expected of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.alerts.cases.case import HEALTHY, Case
from tests.alerts.timeline import Shape, missed, written

STEP_MINUTES = 0.5
RUNBOOK = "https://github.com/onedata/onedata-exporter/blob/main/docs/runbooks/{}.md"


@dataclass(frozen=True)
class Scene:
    """Series over time; holes are missed scrapes."""

    name: str
    series: Mapping[str, Shape]
    minutes: float
    step: float
    holes: bool = False

    def test(self, **expectations: Any) -> dict[str, Any]:
        """A test of promtool: the series, and what must be seen."""
        return {
            "name": self.name,
            "interval": duration(self.step),
            "input_series": [
                {"series": name, "values": written(self._values(name, shape))}
                for name, shape in self.series.items()
            ],
            **expectations,
        }

    def _values(self, name: str, shape: Shape) -> Iterator[float | None]:
        # `up` is written by Prometheus itself, whatever a scrape comes to.
        holes = self.holes and not name.startswith("up{")
        for step in range(int(self.minutes / self.step) + 1):
            minutes = step * self.step
            if holes and missed(step):
                yield None
            else:
                yield shape(minutes)


# The one alert that always fires; and what is meant to be seen of targets that only one exporter finds broken.
_EXPECTED = 'alertname=~"OnedataWatchdog|OnedataPartialView",target=~"|partial-.+"'


def only(minutes: float, *alert: str) -> dict[str, Any]:
    """Return that at this time exactly this alert (name, severity) fires, once; or none at all."""
    return exactly(minutes, *([alert] if alert else []))


def exactly(minutes: float, *alerts: tuple[str, ...], of: str = "") -> dict[str, Any]:
    """Return that at this time exactly these alerts fire, each once; of targets whose name has this part, or of all."""
    labels = '{{alertname="{}",severity="{}"}}'
    expected = f"ALERTS{{{_EXPECTED}}}"
    if any(name == "OnedataWatchdog" for name, *_severity in alerts):
        expected = "vector(0)"
    firing = 'alertstate="firing"' + (f',target=~"(.+-)?{of}"' if of else "")
    return {
        "expr": f"count by (alertname, severity) (ALERTS{{{firing}}} unless {expected})",
        "eval_time": duration(minutes),
        "exp_samples": [{"labels": labels.format(*alert), "value": 1} for alert in alerts],
    }


def story(name: str, changes: Mapping[str, Shape], *times: tuple[float, *tuple[str, ...]]) -> dict[str, Any]:
    """Return what fires at these times (minutes, alert, severity) when these series differ from a healthy target's."""
    scene = Scene(name, {**HEALTHY, **changes}, times[-1][0], STEP_MINUTES)
    return scene.test(promql_expr_test=[only(minutes, *alert) for minutes, *alert in times])


def firing(case: Case, minutes: float) -> dict[str, Any]:
    """Return that at this time the alert of the case fires, alone of its name, with exact labels and words."""
    alert = {
        "exp_labels": {"severity": case.severity, **case.labels},
        "exp_annotations": {
            "summary": case.summary,
            "description": case.description,
            "runbook_url": RUNBOOK.format(case.alert),
        },
    }
    return {"eval_time": duration(minutes), "alertname": case.alert, "exp_alerts": [alert]}


def silent(case: Case, minutes: float) -> dict[str, Any]:
    return {"eval_time": duration(minutes), "alertname": case.alert, "exp_alerts": []}


def duration(minutes: float) -> str:
    seconds = round(minutes * 60)
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"
