"""The status line with performance data, as Nagios and compatible systems read it.

The rules of the format: one line; the first `|` begins the performance data, `label=value[unit];warn;crit;min`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from exporter.diagnosis.rules import SEVERITY
from exporter.operations.host_status import Status
from exporter.operations.worker_report import ReportStatus
from exporter.report.severity import Severity
from exporter.report.summary import NodeSummary, Summary

_MOST_FINDINGS = 3
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


def status_line(summary: Summary, maintenance: str | None = None) -> str:
    """Return the line; `maintenance` is its reason, None without any.

    Nothing that a server sends can begin a second line, or the performance data.
    """
    words = f"ONEDATA {summary.severity.upper()} - {summary.target}: {_maintained(maintenance)}{_summary(summary)}"
    return f"{_plain(words)} | {' '.join(_performance(summary))}"


def fault_line(message: str, severity: Severity = Severity.UNKNOWN) -> str:
    """Return a line without performance data, such as that of a probe that could not be made."""
    return _plain(f"ONEDATA {severity.upper()} - {message}")


def _plain(text: str) -> str:
    return " ".join("".join(char if char.isprintable() and char != "|" else " " for char in text).split())


def _maintained(maintenance: str | None) -> str:
    if maintenance is None:
        return ""
    return f"MAINTENANCE ({maintenance}), " if maintenance else "MAINTENANCE, "


def _summary(summary: Summary) -> str:
    affected = [node for node in summary.nodes if node.severity is not Severity.OK]
    affected.sort(key=lambda node: SEVERITY.index(node.diagnosis))
    parts = [_diagnosis(node) for node in affected] or ["ok"]
    if affected and len(summary.nodes) > 1:
        parts.insert(0, summary.headline)
    parts += [finding.message for finding in summary.findings[:_MOST_FINDINGS]]
    left = len(summary.findings) - _MOST_FINDINGS
    if left > 0:
        parts.append(f"and {left} more")
    cluster = summary.cluster
    if cluster and summary.severity is Severity.OK:
        parts.append(f"{cluster.kind} {cluster.version}")
    return ", ".join(parts)


def _diagnosis(node: NodeSummary) -> str:
    name = f"{node.node}: " if node.node else ""
    errors = (
        f"{label} {path.error}"
        for label, path in (("proxy", node.proxy), ("direct", node.direct))
        if path.error
    )
    why = "; ".join(errors)
    return f"{name}{node.diagnosis}" + (f" ({why})" if why else "")


def _performance(summary: Summary) -> Iterator[str]:
    for node in summary.nodes:
        prefix = _UNSAFE.sub("_", node.node) + "_" if node.node else ""
        for label, path in (("proxy", node.proxy), ("direct", node.direct)):
            if path.health_seconds is not None:
                yield f"{prefix}{label}_health={path.health_seconds:.3f}s;;;0"
            if path.certificate is not None:
                left = path.certificate.not_after - summary.finished_at
                yield f"{prefix}{label}_certificate={left:.0f}s"
    for component, by_host in summary.components.items():
        unhealthy = sum(status is not Status.HEALTHY for status in by_host.values())
        yield f"{component}s_not_healthy={unhealthy};;;0;{len(by_host)}"
    if summary.worker_report is not None:
        statuses = [status for each in summary.worker_report.modules.values() for status in each.values()]
        wrong = sum(status is not ReportStatus.OK for status in statuses)
        yield f"modules_not_ok={wrong};;;0;{len(statuses)}"
    yield f"duration={summary.duration_seconds:.3f}s;;;0"
