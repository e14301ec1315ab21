"""What the pages and the JSON say of a target: its state at one moment, as plain values.

The JSON of `/api/v1/targets` is these values, field by field: a field's name is a name of the public
interface. Durations are seconds, moments seconds since the epoch; None is what is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from exporter.diagnosis import Diagnosis, Symptom
from exporter.observation import Certificate, Phase
from exporter.targets import Kind, Route


class PathState(StrEnum):
    """What a symptom comes to: Onepanel is up and well, up but not well, or down; or nobody knows."""

    UP = "up"
    UNWELL = "unwell"
    DOWN = "down"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class OperationSummary:
    """One operation over one path. `status` 0: no HTTP answer. `advice` belongs to the error."""

    operation: str
    status: int
    seconds: float | None
    error: str
    advice: str


@dataclass(frozen=True, slots=True)
class PastError:
    """The latest round, of those still remembered, in which a path was not well."""

    at: float
    error: str


@dataclass(frozen=True, slots=True)
class PathSummary:
    """One path. `error` is the last round's; `last_error` may be older."""

    origin: str
    expected: bool
    state: PathState
    symptom: Symptom
    meaning: str
    error: str
    last_error: PastError | None
    health_seconds: float | None
    phases: Mapping[Phase, float]
    certificate: Certificate | None
    operations: tuple[OperationSummary, ...]


@dataclass(frozen=True, slots=True)
class NodeSummary:
    """One node; its name and address are empty when the target lists none."""

    node: str
    address: str
    diagnosis: Diagnosis
    meaning: str
    first_step: str
    since: float | None
    proxy: PathSummary
    direct: PathSummary


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """One target. `stale`: its last round is too old to say anything, so nothing is said but when it was."""

    name: str
    url: str
    kind: Kind
    version: str
    build: str
    cluster_id: str
    cluster_name: str
    labels: Mapping[str, str]
    diagnosis: Diagnosis
    needs_attention: bool
    stale: bool
    finished_at: float | None
    age_seconds: float | None
    duration_seconds: float | None
    interval_seconds: float
    nodes: tuple[NodeSummary, ...]


@dataclass(frozen=True, slots=True)
class RouteResult:
    """What one past round saw over one route."""

    route: Route
    expected: bool
    state: PathState
    symptom: Symptom
    error: str
    health_seconds: float | None
    phases: Mapping[Phase, float]


@dataclass(frozen=True, slots=True)
class RoundSummary:
    """One past round of a target."""

    finished_at: float
    duration_seconds: float
    diagnosis: Diagnosis
    results: tuple[RouteResult, ...]
