"""Findings in the details of a checkup: services, modules, DNS, credentials, the clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from exporter.diagnosis.checkup import Checkup
from exporter.operations import dns_check, port_80, worker_health
from exporter.operations.component_status import DATABASES, MANAGERS, WORKERS, ComponentStatus
from exporter.operations.dns_check import DnsCheck
from exporter.operations.emergency_passphrase import EmergencyPassphrase
from exporter.operations.outcome import ROUND_ENDED
from exporter.operations.port_80 import Port80
from exporter.operations.worker_report import WorkerReport
from exporter.operations.zone_clock import LARGEST_OFFSET_SECONDS, ZoneClock
from exporter.reasons import Failure, Reason
from exporter.report.finding import Finding
from exporter.report.severity import Severity, severity_of
from exporter.targets import AccessPath

Facts = TypeVar("Facts")

_HOUR_SECONDS = 3600.0
# Onepanel checks DNS every few hours. An older result means that it does no longer.
_DNS_CHECK_HOURS = 18
_COMPONENTS = frozenset({WORKERS.name, MANAGERS.name, DATABASES.name})


def find_in_details(checkup: Checkup, dead: Collection[str]) -> Iterator[Finding]:
    """Yield every fault that the details of the last round show, dead hosts first."""
    yield from _not_asked(checkup)
    yield from _old_dns_check(checkup)
    for method, accepted in (checkup.details.accepted if checkup.details else {}).items():
        if not accepted:
            yield Finding(Severity.WARNING, f"the {method} is not accepted")
    for seen in checkup.details_observations:
        if seen.failure is not None:
            yield from _not_learnt(checkup, seen.operation, seen.failure)
        else:
            yield from _READERS.get(type(seen.outcome), _nothing)(seen.outcome, dead)


def dead_hosts(checkup: Checkup) -> tuple[str, ...]:
    """Return the nodes, or else the hosts of components, whose Onepanel is known not to answer; sorted."""
    if checkup.dead_nodes:
        return tuple(sorted(checkup.dead_nodes))
    unreachable = {
        host
        for seen in checkup.details_observations
        if isinstance(seen.outcome, ComponentStatus)
        for host in seen.outcome.unreachable_hosts
    }
    return tuple(sorted(unreachable))


def _not_asked(checkup: Checkup) -> Iterator[Finding]:
    late = [seen.operation for seen in checkup.details_observations if seen.outcome == ROUND_ENDED]
    if late:
        yield Finding(Severity.UNKNOWN, f"no time was left to ask for all of {', '.join(late)}")


def _nothing(_facts: Any, _dead: Collection[str]) -> Iterator[Finding]:
    return iter(())


def _port_80(facts: Port80, _dead: Collection[str]) -> Iterator[Finding]:
    if not facts.redirects:
        yield Finding(
            Severity.WARNING,
            f"port 80 answers HTTP {facts.status} in place of the worker's redirect: "
            "the challenge of Let's Encrypt may fail; check what listens there",
        )


def _not_learnt(checkup: Checkup, operation: str, failure: Failure) -> Iterator[Finding]:
    """Yield the findings of a failed operation of the details; some may fail, such as for lack of a privilege."""
    if operation == worker_health.OPERATION.name and failure.reason is Reason.UNHEALTHY:
        yield Finding(Severity.CRITICAL, f"the worker reports that it is unhealthy: {failure.detail}")
    if operation == port_80.OPERATION.name:
        yield Finding(
            Severity.WARNING,
            f"port 80 does not answer ({failure.reason}): the challenge of Let's Encrypt fails; "
            "open port 80 of the domain",
        )
    if operation in _COMPONENTS:
        yield Finding(Severity.UNKNOWN, f"{operation} not learnt ({failure.reason})")
    proxy_up = any(route.path is AccessPath.PROXY for route in checkup.routes_up)
    if operation == "worker_report" and proxy_up and failure.reason is Reason.SERVER_ERROR:
        yield Finding(Severity.CRITICAL, f"worker report: {failure}; see whether the cluster manager runs")


def _components(facts: ComponentStatus, dead: Collection[str]) -> Iterator[Finding]:
    for host, status in _dead_first(facts.by_host, dead):
        if severity_of(status) is not Severity.OK:
            yield Finding(severity_of(status), f"{facts.component} on {host}: {status}")
    for host in facts.not_learnt:
        yield Finding(Severity.UNKNOWN, f"{facts.component} on {host}: not learnt")


def _modules(facts: WorkerReport, dead: Collection[str]) -> Iterator[Finding]:
    listed = False
    for host, modules in _dead_first(facts.modules, dead):
        for module, status in modules.items():
            if severity_of(status) is not Severity.OK:
                listed = True
                yield Finding(severity_of(status), f"module {module} on {host}: {status}")
    if facts.status is not None and not listed and severity_of(facts.status) is not Severity.OK:
        yield Finding(severity_of(facts.status), f"worker report: {facts.status}")


def _old_dns_check(checkup: Checkup) -> Iterator[Finding]:
    facts, details = checkup.facts(dns_check.OPERATION.name), checkup.details
    if details is None or not isinstance(facts, DnsCheck) or facts.checked_at is None:
        return
    hours = (details.finished_at - facts.checked_at) / _HOUR_SECONDS
    if hours > _DNS_CHECK_HOURS:
        yield Finding(
            Severity.WARNING,
            f"Onepanel checked DNS {hours:.0f} hours ago: its checker is stuck; restart Onepanel on the first node",
        )


def _dns_check(facts: DnsCheck, _dead: Collection[str]) -> Iterator[Finding]:
    for check, status in facts.statuses.items():
        if severity_of(status) is not Severity.OK:
            yield Finding(severity_of(status), f"DNS check of {check}: {status}")


def _dead_first(by_host: Mapping[str, Facts], dead: Collection[str]) -> list[tuple[str, Facts]]:
    return sorted(by_host.items(), key=lambda each: (each[0] not in dead, each[0]))


def _clock(facts: ZoneClock, _dead: Collection[str]) -> Iterator[Finding]:
    if facts.offset_seconds is not None and abs(facts.offset_seconds) > LARGEST_OFFSET_SECONDS:
        yield Finding(
            Severity.WARNING,
            f"the zone's clock differs by {facts.offset_seconds:+.1f} s from the exporter's: synchronize both",
        )


def _emergency_passphrase(facts: EmergencyPassphrase, _dead: Collection[str]) -> Iterator[Finding]:
    if not facts.is_set:
        yield Finding(
            Severity.WARNING,
            "security: no emergency passphrase is set; any client that reaches Onepanel can set it",
        )


_READERS: Mapping[type, Callable[[Any, Collection[str]], Iterator[Finding]]] = {
    EmergencyPassphrase: _emergency_passphrase,
    ZoneClock: _clock,
    ComponentStatus: _components,
    WorkerReport: _modules,
    DnsCheck: _dns_check,
    Port80: _port_80,
}
