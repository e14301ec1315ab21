"""The last rounds of a target, as far as the pages show them.

A checkup is some three times as large: what it holds beside this is in the latest checkup, in the runs of the
timeline and in the evidence of the incidents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.rules import Diagnosis
from exporter.diagnosis.symptoms import Symptom
from exporter.observation import Phase
from exporter.targets import AccessPath, Route

HISTORY_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class PastPath:
    """One path to one node in a past round. `error` is empty for a healthy path, and for one that was not polled."""

    expected: bool
    up: bool
    symptom: Symptom
    error: str
    health_seconds: float | None
    phases: Mapping[Phase, float]


@dataclass(frozen=True, slots=True)
class PastNode:
    """One node in a past round; its name is empty when the target lists none."""

    node: str
    diagnosis: Diagnosis
    proxy: PastPath
    direct: PastPath

    def path(self, path: AccessPath) -> PastPath:
        """Return one of the two paths."""
        return self.proxy if path is AccessPath.PROXY else self.direct


@dataclass(frozen=True, slots=True)
class PastRound:
    """One past round. `finished_at` is in seconds since the epoch; `diagnosis` is the worst of the nodes'."""

    finished_at: float
    duration_seconds: float
    diagnosis: Diagnosis
    nodes: tuple[PastNode, ...]


def past_round(checkup: Checkup) -> PastRound:
    """Return what stays known of a round when the next one has finished."""
    nodes = tuple(
        PastNode(
            name,
            diagnosis,
            _path(checkup, Route(AccessPath.PROXY, name)),
            _path(checkup, Route(AccessPath.DIRECT, name)),
        )
        for name, diagnosis in checkup.diagnoses.items()
    )
    return PastRound(checkup.finished_at, checkup.seconds, checkup.worst, nodes)


def _path(checkup: Checkup, route: Route) -> PastPath:
    return PastPath(
        expected=route.path in checkup.target.expected_paths,
        up=checkup.onepanel_answered(route),
        symptom=checkup.symptom(route),
        error=checkup.error(route),
        health_seconds=checkup.health_seconds(route),
        phases=checkup.phases(route),
    )
