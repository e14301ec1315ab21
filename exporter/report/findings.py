"""Findings beside the diagnosis: services, modules, certificates, DNS, credentials."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from exporter.diagnosis.checkup import CONFIGURATION, Checkup
from exporter.diagnosis.symptoms import Symptom
from exporter.operations import worker_health
from exporter.operations.component_status import DATABASES, MANAGERS, WORKERS, ComponentStatus
from exporter.operations.configuration import Configuration
from exporter.operations.dns_check import DnsCheck
from exporter.operations.emergency_passphrase import EmergencyPassphrase
from exporter.operations.node import NodeFacts
from exporter.operations.outcome import ROUND_ENDED
from exporter.operations.web_certificate import WebCertificate
from exporter.operations.worker_report import WorkerReport
from exporter.operations.zone_clock import LARGEST_OFFSET_SECONDS, ZoneClock
from exporter.reasons import Failure, Reason
from exporter.report.severity import Severity, severity_of
from exporter.targets import AccessPath, Route

Facts = TypeVar("Facts")

_DAY_SECONDS = 86_400
# The remaining time of a certificate that is too little: this share of its lifetime, and no more than so many days.
# Onepanel renews certificates of Let's Encrypt 30 days before their end. The alerts have the same limits.
CERTIFICATE_WARNING = (1 / 3, 28)
CERTIFICATE_CRITICAL = (0.1, 7)
_COMPONENTS = frozenset({WORKERS.name, MANAGERS.name, DATABASES.name})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, in a sentence."""

    severity: Severity
    message: str


def find(checkup: Checkup) -> Iterator[Finding]:
    """Yield every fault of the last round and its details that the diagnosis does not name, dead hosts first."""
    facts = checkup.facts(CONFIGURATION)
    dead = dead_hosts(checkup)
    yield from _hanging(checkup)
    yield from (Finding(Severity.WARNING, note) for note in checkup.zone_notes)
    yield from _other_nodes(checkup)
    if isinstance(facts, Configuration) and not facts.complete:
        reduced = "the server gave only its reduced answer"
        nameless = "a registered Oneprovider does not know its own name, as without its worker"
        yield Finding(Severity.WARNING, f"configuration: {nameless if facts.registered else reduced}")
    yield from _expiring(checkup)
    yield from _silent_addresses(checkup)
    yield from _not_asked(checkup)
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
    away = {
        host
        for seen in checkup.details_observations
        if isinstance(seen.outcome, ComponentStatus)
        for host in seen.outcome.hosts_away
    }
    return tuple(sorted(away))


def _hanging(checkup: Checkup) -> Iterator[Finding]:
    hanging = [route for route in checkup.routes if checkup.symptom(route) is Symptom.HANGING]
    if hanging:
        where = ", ".join(_where(route) for route in hanging)
        yield Finding(
            Severity.WARNING,
            f"configuration hangs over the {where}, while health is answered: the panel's database is locked or slow",
        )


def _other_nodes(checkup: Checkup) -> Iterator[Finding]:
    """Find nodes that both paths are pinned to, but of which each path reaches another one."""
    reached = {
        seen.route: seen.outcome.hostname
        for seen in checkup.details_observations
        if isinstance(seen.outcome, NodeFacts) and seen.route.node
    }
    for node in checkup.node_names:
        names = [reached.get(Route(path, node)) for path in AccessPath]
        if None not in names and len(set(names)) > 1:
            proxy, direct = names
            yield Finding(
                Severity.WARNING, f"node {node}: the proxy path reaches {proxy}, the direct path {direct}"
            )


def _where(route: Route) -> str:
    return f"{route.path} path" + (f" of {route.node}" if route.node else "")


def _nothing(_facts: Any, _dead: Collection[str]) -> Iterator[Finding]:
    return iter(())


def _expiring(checkup: Checkup) -> Iterator[Finding]:
    for route in checkup.routes:
        connection = checkup.connection(route)
        certificate = connection.certificate if connection and not connection.failure else None
        if certificate is None:
            continue
        days_left = (certificate.not_after - checkup.finished_at) / _DAY_SECONDS
        lifetime_days = (certificate.not_after - certificate.not_before) / _DAY_SECONDS
        critical, warning = (
            min(share * lifetime_days, days) for share, days in (CERTIFICATE_CRITICAL, CERTIFICATE_WARNING)
        )
        if days_left < warning:
            severity = Severity.CRITICAL if days_left < critical else Severity.WARNING
            where = _where(route)
            # Rounded down, as days are elsewhere.
            left = math.floor(10 * days_left) / 10
            yield Finding(severity, f"the certificate of the {where} expires in {left:.1f} days")


def _silent_addresses(checkup: Checkup) -> Iterator[Finding]:
    """Yield the addresses of a name that were tried in vain before another one answered."""
    for route in checkup.routes:
        connection = checkup.connection(route)
        failed = [each for each in connection.attempts if each.error] if connection else []
        if connection is None or connection.failure or not failed:
            continue
        which = "; ".join(f"{each.address} {each.error}" for each in failed)
        verb = "does" if len(failed) == 1 else "do"
        yield Finding(
            Severity.WARNING,
            f"{_where(route)}: {len(failed)} of {connection.addresses} addresses {verb} not answer ({which}); "
            "`resolve_nodes` watches each",
        )


def _not_asked(checkup: Checkup) -> Iterator[Finding]:
    late = [seen.operation for seen in checkup.details_observations if seen.outcome == ROUND_ENDED]
    if late:
        yield Finding(Severity.UNKNOWN, f"no time was left to ask for all of {', '.join(late)}")


def _not_learnt(checkup: Checkup, operation: str, failure: Failure) -> Iterator[Finding]:
    """What a failed operation of the details is worth; some may fail by right, as for want of a privilege."""
    if operation == worker_health.OPERATION.name and failure.reason is Reason.UNHEALTHY:
        yield Finding(Severity.CRITICAL, f"the worker reports that it is unhealthy: {failure.detail}")
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


def _web_certificate(facts: WebCertificate, _dead: Collection[str]) -> Iterator[Finding]:
    if severity_of(facts.status) is not Severity.OK:
        yield Finding(severity_of(facts.status), f"Onepanel calls its certificate {facts.status}")


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
            "security: no emergency passphrase is set; anybody who reaches Onepanel can set it",
        )


_READERS: Mapping[type, Callable[[Any, Collection[str]], Iterator[Finding]]] = {
    EmergencyPassphrase: _emergency_passphrase,
    ZoneClock: _clock,
    ComponentStatus: _components,
    WorkerReport: _modules,
    WebCertificate: _web_certificate,
    DnsCheck: _dns_check,
}
