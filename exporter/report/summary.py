"""What a checkup says, as plain values: the text, the JSON and the status line are made of them.

The JSON of `probe` is these values, field by field: a field's name is a name of the public interface.
Durations are seconds, moments seconds since the epoch; None is what is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exporter.credentials import AuthMethod
from exporter.diagnosis.checkup import CONFIGURATION, HEALTH, Checkup
from exporter.diagnosis.rules import RULE_OF, Diagnosis
from exporter.diagnosis.symptoms import SYMPTOM_MEANINGS, Symptom, symptom
from exporter.observation import Certificate, Observation, Phase
from exporter.operations.component_status import ComponentStatus, Status
from exporter.operations.configuration import Configuration
from exporter.operations.dns_check import DnsCheck, DnsStatus
from exporter.operations.users import UserIds
from exporter.operations.web_certificate import WebCertificate
from exporter.operations.worker_report import WorkerReport
from exporter.report.findings import Finding, find
from exporter.report.severity import Severity, severity_of, worst
from exporter.targets import AccessPath, Route


@dataclass(frozen=True, slots=True)
class OperationSummary:
    """One operation over one path. `status` 0: no HTTP answer. `advice` belongs to the error."""

    operation: str
    path: AccessPath
    status: int
    seconds: float | None
    error: str
    advice: str


@dataclass(frozen=True, slots=True)
class PathSummary:
    """One path to one node."""

    origin: str
    expected: bool
    up: bool
    symptom: Symptom
    meaning: str
    error: str
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
    severity: Severity
    meaning: str
    first_step: str
    proxy: PathSummary
    direct: PathSummary


@dataclass(frozen=True, slots=True)
class Summary:
    """One target. `severity` is the worst of the nodes' and the findings'."""

    target: str
    url: str
    severity: Severity
    diagnosis: Diagnosis
    finished_at: float
    duration_seconds: float
    cluster: Configuration | None
    nodes: tuple[NodeSummary, ...]
    findings: tuple[Finding, ...]
    credentials_accepted: Mapping[AuthMethod, bool]
    components: Mapping[str, Mapping[str, Status]]
    worker_report: WorkerReport | None
    web_certificate: WebCertificate | None
    dns_checks: Mapping[str, DnsStatus]
    users: int | None
    details: tuple[OperationSummary, ...]


def summarize(checkup: Checkup) -> Summary:
    """The account of one round."""
    nodes = tuple(_node(checkup, name) for name in checkup.node_names)
    findings = tuple(find(checkup))
    facts = {seen.operation: seen.outcome for seen in checkup.details_observations if not seen.failure}
    dns_check, users = facts.get("dns_check"), facts.get("users")
    return Summary(
        target=checkup.target.name,
        url=checkup.target.url,
        severity=worst([*(node.severity for node in nodes), *(each.severity for each in findings)]),
        diagnosis=checkup.worst,
        finished_at=checkup.finished_at,
        duration_seconds=checkup.seconds,
        cluster=_only(Configuration, checkup.facts(CONFIGURATION)),
        nodes=nodes,
        findings=findings,
        credentials_accepted=dict(checkup.details.accepted) if checkup.details else {},
        components={
            each.component: dict(each.by_host) for each in facts.values() if isinstance(each, ComponentStatus)
        },
        worker_report=_only(WorkerReport, facts.get("worker_report")),
        web_certificate=_only(WebCertificate, facts.get("web_certificate")),
        dns_checks=dict(dns_check.statuses) if isinstance(dns_check, DnsCheck) else {},
        users=len(users.ids) if isinstance(users, UserIds) else None,
        details=tuple(_operation(seen) for seen in checkup.details_observations),
    )


def path_error(checkup: Checkup, route: Route) -> str:
    """Why a path was not well in a round; empty when it was, or was not looked at."""
    failure = None if _symptom(checkup, route) is Symptom.HEALTHY else checkup.failure(route)
    return str(failure or "")


def _symptom(checkup: Checkup, route: Route) -> Symptom:
    return symptom(checkup.observation(route, CONFIGURATION), checkup.observation(route, HEALTH))


def _only(kind: type[Any], value: object) -> Any:
    return value if isinstance(value, kind) else None


def _node(checkup: Checkup, node: str) -> NodeSummary:
    diagnosis = checkup.diagnoses[node]
    rule = RULE_OF[diagnosis]
    return NodeSummary(
        node=node,
        address=checkup.target.address(node),
        diagnosis=diagnosis,
        severity=severity_of(diagnosis),
        meaning=rule.meaning,
        first_step=rule.first_step,
        proxy=_path(checkup, Route(AccessPath.PROXY, node)),
        direct=_path(checkup, Route(AccessPath.DIRECT, node)),
    )


def _path(checkup: Checkup, route: Route) -> PathSummary:
    health = checkup.observation(route, HEALTH)
    seen = _symptom(checkup, route)
    visit, connection = checkup.visits.get(route), checkup.connection(route)
    return PathSummary(
        origin=checkup.target.origin(route.path),
        expected=route.path in checkup.target.expected_paths,
        up=checkup.onepanel_answered(route),
        symptom=seen,
        meaning=SYMPTOM_MEANINGS[seen],
        error=path_error(checkup, route),
        health_seconds=health.last.seconds if health and health.onepanel_answered else None,
        phases=dict(connection.phases) if connection else {},
        certificate=connection.certificate if connection else None,
        operations=tuple(_operation(each) for each in visit.observations) if visit else (),
    )


def _operation(seen: Observation) -> OperationSummary:
    failure, last = seen.failure, seen.last
    return OperationSummary(
        operation=seen.operation,
        path=last.route.path,
        status=last.status,
        seconds=last.seconds,
        error=str(failure or ""),
        advice=failure.reason.advice if failure else "",
    )
