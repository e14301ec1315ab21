"""The summary of a checkup as plain values, from which text, JSON and status line are rendered.

The JSON of `probe` is these values, field by field: a field's name is a name of the public interface.
Durations are seconds, timestamps seconds since the epoch; None is what is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from exporter.credentials import AuthMethod
from exporter.diagnosis.checkup import CONFIGURATION, Checkup
from exporter.diagnosis.renewal import Renewal
from exporter.diagnosis.renewal_signs import renewal_of
from exporter.diagnosis.rules import RULE_OF, Diagnosis
from exporter.diagnosis.symptoms import SYMPTOM_MEANINGS, Symptom
from exporter.diagnosis.wording import PAGE, Wording
from exporter.observation import Certificate, Observation, Phase
from exporter.operations.component_status import ComponentStatus
from exporter.operations.configuration import Configuration
from exporter.operations.dns_check import DnsCheck, DnsStatus
from exporter.operations.host_status import Status
from exporter.operations.users import UserCount
from exporter.operations.web_certificate import WebCertificate
from exporter.operations.worker_report import WorkerReport
from exporter.report.finding import Finding
from exporter.report.findings import find
from exporter.report.phrases import advise, headline
from exporter.report.severity import Severity, severity_of, worst
from exporter.targets import AccessPath, Route

_Kind = TypeVar("_Kind")


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
    """One path to one node. `chain` has all certificates that the server sent, `certificate` is the first of them."""

    origin: str
    expected: bool
    up: bool
    symptom: Symptom
    meaning: str
    error: str
    health_seconds: float | None
    phases: Mapping[Phase, float]
    certificate: Certificate | None
    chain: tuple[Certificate, ...]
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
class RenewalSummary:
    """Whether Onepanel renews the certificate, and why not."""

    status: Renewal
    meaning: str
    first_step: str


@dataclass(frozen=True, slots=True)
class Summary:
    """One target. `severity` is the worst of the nodes' and the findings'; `headline` counts the affected nodes."""

    target: str
    url: str
    severity: Severity
    diagnosis: Diagnosis
    headline: str
    finished_at: float
    duration_seconds: float
    cluster: Configuration | None
    nodes: tuple[NodeSummary, ...]
    findings: tuple[Finding, ...]
    credentials_accepted: Mapping[AuthMethod, bool]
    components: Mapping[str, Mapping[str, Status]]
    worker_report: WorkerReport | None
    web_certificate: WebCertificate | None
    renewal: RenewalSummary | None
    dns_checks: Mapping[str, DnsStatus]
    users: int | None
    details: tuple[OperationSummary, ...]


def summarize(checkup: Checkup, wording: Wording = PAGE) -> Summary:
    """Return the summary of one round; its first steps are in the words of its reader."""
    nodes = tuple(_node(checkup, name, wording) for name in checkup.node_names)
    findings = tuple(find(checkup))
    facts = {seen.operation: seen.outcome for seen in checkup.details_observations}
    dns_check, users = facts.get("dns_check"), facts.get("users")
    return Summary(
        target=checkup.target.name,
        url=checkup.target.url,
        severity=worst([*(node.severity for node in nodes), *(each.severity for each in findings)]),
        diagnosis=checkup.worst,
        headline=headline(checkup.diagnoses),
        finished_at=checkup.finished_at,
        duration_seconds=checkup.seconds,
        cluster=_only(Configuration, checkup.facts(CONFIGURATION)),
        nodes=nodes,
        findings=findings,
        credentials_accepted=dict(checkup.details.accepted) if checkup.details else {},
        components={
            each.component: dict(sorted(each.by_host.items()))
            for each in facts.values()
            if isinstance(each, ComponentStatus)
        },
        worker_report=_only(WorkerReport, facts.get("worker_report")),
        web_certificate=_only(WebCertificate, facts.get("web_certificate")),
        renewal=_renewal(checkup),
        dns_checks=dict(dns_check.statuses) if isinstance(dns_check, DnsCheck) else {},
        users=users.count if isinstance(users, UserCount) else None,
        details=tuple(_operation(seen) for seen in checkup.details_observations),
    )


def _renewal(checkup: Checkup) -> RenewalSummary | None:
    renewal = renewal_of(checkup)
    return RenewalSummary(renewal, renewal.meaning, renewal.first_step) if renewal else None


def _only(kind: type[_Kind], value: object) -> _Kind | None:
    return value if isinstance(value, kind) else None


def _node(checkup: Checkup, node: str, wording: Wording) -> NodeSummary:
    diagnosis = checkup.diagnoses[node]
    return NodeSummary(
        node=node,
        address=checkup.target.address(node),
        diagnosis=diagnosis,
        severity=severity_of(diagnosis),
        meaning=wording.fill(RULE_OF[diagnosis].meaning),
        first_step=advise(checkup, node, wording),
        proxy=_path(checkup, Route(AccessPath.PROXY, node)),
        direct=_path(checkup, Route(AccessPath.DIRECT, node)),
    )


def _path(checkup: Checkup, route: Route) -> PathSummary:
    seen = checkup.symptom(route)
    visit, connection = checkup.visits.get(route), checkup.connection(route)
    return PathSummary(
        origin=checkup.target.origin(route.path),
        expected=route.path in checkup.target.expected_paths,
        up=checkup.onepanel_answered(route),
        symptom=seen,
        meaning=SYMPTOM_MEANINGS[seen],
        error=checkup.error(route),
        health_seconds=checkup.health_seconds(route),
        phases=checkup.phases(route),
        certificate=connection.certificate if connection else None,
        chain=connection.chain if connection else (),
        operations=tuple(_operation(each) for each in visit.observations) if visit else (),
    )


def _operation(seen: Observation) -> OperationSummary:
    failure, last = seen.failure, seen.last
    return OperationSummary(
        operation=seen.operation,
        path=last.route.path,
        status=last.status,
        seconds=last.seconds,
        error=str(failure or seen.not_learnt or ""),
        advice=failure.reason.advice if failure else "",
    )
