"""A summary as text for people, and as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from exporter.diagnosis.symptoms import Symptom
from exporter.observation import Certificate
from exporter.operations.worker_report import ReportStatus, WorkerReport
from exporter.report.summary import OperationSummary, PathSummary, Summary

_DAY_SECONDS = 86_400


def write_json(summary: Summary, **more: object) -> str:
    """Return the summary as a JSON object, field by field; `more` are further members."""
    return json.dumps({**members(summary), **more}, indent=2, ensure_ascii=True)


def members(summary: Summary) -> dict[str, object]:
    """Return the members of the JSON object of a summary."""
    return {**dataclasses.asdict(summary), "exit_code": summary.severity.exit_code}


def write_text(summary: Summary, maintenance: str | None = None) -> str:
    """Return the summary for people to read, ending with a line feed; `maintenance` is its reason, None without any."""
    heading = _heading(summary, maintenance)
    return "\n".join([*heading, *_nodes(summary), *_cluster(summary), *_findings(summary), ""])


def _heading(summary: Summary, maintenance: str | None) -> Iterator[str]:
    yield f"{summary.target} ({summary.url}): {summary.severity.upper()}, {summary.headline}"
    if maintenance is not None:
        yield f"  MAINTENANCE{': ' if maintenance else ''}{maintenance}"
    cluster = summary.cluster
    if cluster is not None:
        named = f" '{cluster.name}'" if cluster.name else ""
        yield f"  {cluster.kind}{named}, version {cluster.version or 'unknown'}, domain {cluster.domain or 'unknown'}"
    yield f"  polled {timestamp(summary.finished_at)}, in {summary.duration_seconds:.2f} s"


def _nodes(summary: Summary) -> Iterator[str]:
    for node in summary.nodes:
        yield ""
        if node.node:
            yield f"node {node.node} ({node.address})"
        yield from _path("proxy ", node.proxy, summary.finished_at)
        yield from _path("direct", node.direct, summary.finished_at)
        yield f"diagnosis: {node.diagnosis} ({node.severity})"
        yield f"  meaning:     {node.meaning}"
        yield f"  do first:    {node.first_step}"


def _path(label: str, path: PathSummary, at: float) -> Iterator[str]:
    expected = "" if path.expected else " (not expected to work)"
    yield f"{label} {path.origin}: {path.symptom}{expected}"
    if path.symptom is not Symptom.HEALTHY:
        yield f"  meaning:     {path.meaning}"
    if path.error:
        yield f"  error:       {path.error}"
    if path.phases:
        phases = ", ".join(f"{phase} {milliseconds(seconds)}" for phase, seconds in path.phases.items())
        yield f"  connection:  {phases}"
    yield from _certificates(path.chain, at)
    for operation in path.operations:
        yield f"  {operation.operation + ':':<15}{result(operation)}"


def _certificates(chain: Sequence[Certificate], at: float) -> Iterator[str]:
    for certificate in chain[:1]:
        verified = "verified" if certificate.verified else "NOT verified"
        yield f"  certificate: until {timestamp(certificate.not_after)}, {verified}, {certificate.subject}"
        yield f"               {remaining(certificate, at)}, SHA-256 {certificate.fingerprint_sha256}"
    for issuer in chain[1:]:
        yield f"  issuer:      until {timestamp(issuer.not_after)}, {issuer.subject}"
    if chain:
        yield f"  root:        {chain[-1].issuer}"


def remaining(certificate: Certificate, at: float) -> str:
    """Return the time that a certificate has left at a timestamp, and its whole lifetime, in days."""
    lifetime = (certificate.not_after - certificate.not_before) / _DAY_SECONDS
    left = (certificate.not_after - at) / _DAY_SECONDS
    state = f"{left:.1f} days left" if left >= 0 else f"expired {-left:.1f} days ago"
    return f"{state} of {lifetime:.1f}"


def result(operation: OperationSummary) -> str:
    """Return how one request ended: status and time, or the error."""
    took = "" if operation.seconds is None else f" in {milliseconds(operation.seconds)}"
    status = f"HTTP {operation.status}{took}" if operation.status else ""
    return ": ".join(part for part in (status, operation.error) if part)


def _cluster(summary: Summary) -> Iterator[str]:
    yield from _table("services", summary.components)
    report = summary.worker_report
    if report is not None:
        yield from _report(report)
    if summary.web_certificate is not None:
        yield f"certificate, as Onepanel sees it: {summary.web_certificate.status}"
    if summary.renewal is not None:
        yield f"renewal of the certificate: {summary.renewal.status}"
        yield f"  meaning:     {summary.renewal.meaning}"
        yield f"  do first:    {summary.renewal.first_step}"
    for check, status in summary.dns_checks.items():
        yield f"DNS check of {check}: {status}"
    if summary.users is not None:
        yield f"users: {summary.users}"
    for method, accepted in summary.credentials_accepted.items():
        yield f"{method}: {'accepted' if accepted else 'NOT accepted'}"
    failed = [each for each in summary.details if each.error]
    if failed:
        yield ""
        yield "not learnt:"
        yield from (f"  {each.operation} (over {each.path}): {result(each)}" for each in failed)


def _table(title: str, components: Mapping[str, Mapping[str, StrEnum]]) -> Iterator[str]:
    yield ""
    if any(components.values()):
        yield f"{title}:"
    for component, by_host in components.items():
        for host, status in by_host.items():
            yield f"  {component:<9} {host}: {status}"


def _report(report: WorkerReport) -> Iterator[str]:
    wrong = [
        f"  {module} on {host}: {status}"
        for host, modules in report.modules.items()
        for module, status in modules.items()
        if status is not ReportStatus.OK
    ]
    count = sum(len(modules) for modules in report.modules.values())
    yield f"worker report: {report.status or 'unknown'}; {len(wrong)} of {count} modules are not ok"
    yield from wrong


def _findings(summary: Summary) -> Iterator[str]:
    if summary.findings:
        yield ""
        yield "findings:"
        yield from (f"  {each.severity}: {each.message}" for each in summary.findings)


def milliseconds(seconds: float) -> str:
    """Return a short duration as text."""
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"


def timestamp(at: float) -> str:
    """Return a timestamp in UTC as text."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "at an impossible time"  # a certificate may name any year
