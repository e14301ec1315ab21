"""How bad it is: one table for everything that a round can find, and the exit codes of Nagios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from exporter.diagnosis.renewal import Renewal
from exporter.diagnosis.rules import Diagnosis
from exporter.operations.dns_check import DnsStatus
from exporter.operations.host_status import Status
from exporter.operations.web_certificate import WebCertificateStatus
from exporter.operations.worker_report import ReportStatus


class Severity(StrEnum):
    """The four states of Nagios, from the best to the worst."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def exit_code(self) -> int:
        """Return the exit code for Nagios."""
        return _EXIT_CODES[self]


_EXIT_CODES = {Severity.OK: 0, Severity.WARNING: 1, Severity.CRITICAL: 2, Severity.UNKNOWN: 3}
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}

# A warning is what users do not notice (yet); critical is what they do, or soon will. One table for each kind
# of state, since members of different kinds are equal when their words are.
SEVERITIES: Mapping[type[StrEnum], Mapping[object, Severity]] = {
    Diagnosis: {
        Diagnosis.OK: Severity.OK,
        Diagnosis.DIRECT_DOWN: Severity.WARNING,
        Diagnosis.MISMATCH: Severity.WARNING,
        Diagnosis.NOT_DEPLOYED: Severity.WARNING,
        Diagnosis.PROXY_DOWN: Severity.CRITICAL,
        Diagnosis.PROXY_BROKEN: Severity.CRITICAL,
        Diagnosis.HOST_FROZEN: Severity.CRITICAL,
        Diagnosis.PANEL_DOWN: Severity.CRITICAL,
        Diagnosis.UNREACHABLE: Severity.CRITICAL,
        Diagnosis.UNHEALTHY: Severity.CRITICAL,
        Diagnosis.DATABASE_FULL: Severity.CRITICAL,
        Diagnosis.ZONE_DISCONNECTED: Severity.CRITICAL,
        Diagnosis.CERTIFICATE: Severity.CRITICAL,
        Diagnosis.UNKNOWN: Severity.UNKNOWN,
    },
    Status: {
        Status.HEALTHY: Severity.OK,
        Status.STARTING: Severity.WARNING,
        Status.STOPPING: Severity.WARNING,
        Status.UNHEALTHY: Severity.CRITICAL,
        Status.STOPPED: Severity.CRITICAL,
        Status.MISSING: Severity.CRITICAL,
        Status.UNREACHABLE: Severity.CRITICAL,
        Status.UNKNOWN: Severity.UNKNOWN,
    },
    ReportStatus: {
        ReportStatus.OK: Severity.OK,
        ReportStatus.OUT_OF_SYNC: Severity.WARNING,
        ReportStatus.ERROR: Severity.CRITICAL,
    },
    WebCertificateStatus: {
        WebCertificateStatus.VALID: Severity.OK,
        WebCertificateStatus.REGENERATING: Severity.OK,
        WebCertificateStatus.NEAR_EXPIRATION: Severity.WARNING,
        WebCertificateStatus.EXPIRED: Severity.CRITICAL,
        WebCertificateStatus.DOMAIN_MISMATCH: Severity.CRITICAL,
        WebCertificateStatus.UNKNOWN: Severity.UNKNOWN,
    },
    Renewal: {
        Renewal.FINE: Severity.OK,
        Renewal.OFF: Severity.OK,
        Renewal.ELSEWHERE: Severity.OK,
        Renewal.FAILING: Severity.WARNING,
        Renewal.WORKER_DOWN: Severity.WARNING,
        Renewal.JOB_LOST: Severity.WARNING,
        Renewal.STUCK: Severity.WARNING,
    },
    DnsStatus: {
        DnsStatus.OK: Severity.OK,
        DnsStatus.UNRESOLVABLE: Severity.WARNING,
        DnsStatus.MISSING_RECORDS: Severity.WARNING,
        DnsStatus.BAD_RECORDS: Severity.WARNING,
        DnsStatus.UNKNOWN: Severity.UNKNOWN,
    },
}


def severity_of(state: StrEnum) -> Severity:
    """Return the severity of a diagnosis or a status."""
    return SEVERITIES[type(state)][state]


def worst(severities: Iterable[Severity]) -> Severity:
    """Return the worst severity; OK for none."""
    return max(severities, key=_RANKS.__getitem__, default=Severity.OK)
