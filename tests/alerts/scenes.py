"""Series over time as a test of promtool, and what can be expected of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.alerts.cases import Case
from tests.alerts.timeline import Shape, missed, written

STEP_MINUTES = 0.5
RUNBOOK = "https://github.com/onedata/onedata-exporter/blob/main/docs/runbooks/{}.md"
DASHBOARD = {
    "target": "https://grafana.example.org/d/onedata-target?var-target=krakow",
    "exporter": "https://grafana.example.org/d/onedata-exporter",
    "fleet": "https://grafana.example.org/d/onedata-fleet",
}


@dataclass(frozen=True)
class Scene:
    """Series over time. From `recovered_at` on they are as at the beginning; holes are missed scrapes."""

    name: str
    series: Mapping[str, Shape]
    minutes: float
    step: float
    recovered_at: float = float("inf")
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
                yield shape(0.0 if minutes >= self.recovered_at else minutes)


def only(minutes: float, *alert: str) -> dict[str, Any]:
    """At this moment exactly this alert (name, severity) fires, once; or none at all."""
    labels = '{{alertname="{}",severity="{}"}}'
    return {
        "expr": 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
        "eval_time": duration(minutes),
        "exp_samples": [{"labels": labels.format(*alert), "value": 1}] if alert else [],
    }


def firing(case: Case, minutes: float) -> dict[str, Any]:
    alert = {
        "exp_labels": {"severity": case.severity, **case.labels},
        "exp_annotations": {
            "summary": case.summary,
            "description": case.description,
            "runbook_url": RUNBOOK.format(case.alert),
            "dashboard_url": DASHBOARD[case.dashboard],
        },
    }
    return {"eval_time": duration(minutes), "alertname": case.alert, "exp_alerts": [alert]}


def silent(case: Case, minutes: float) -> dict[str, Any]:
    return {"eval_time": duration(minutes), "alertname": case.alert, "exp_alerts": []}


def duration(minutes: float) -> str:
    seconds = round(minutes * 60)
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"
