"""Findings beside the diagnosis: services, modules, certificates, DNS, credentials."""

from __future__ import annotations

import math
from collections.abc import Iterator

from exporter.diagnosis.checkup import CONFIGURATION, Checkup
from exporter.diagnosis.symptoms import Symptom
from exporter.operations.configuration import Configuration
from exporter.operations.node import NodeFacts
from exporter.report.detail_findings import dead_hosts, find_in_details
from exporter.report.finding import Finding
from exporter.report.severity import Severity
from exporter.targets import AccessPath, Route

_DAY_SECONDS = 86_400
# The remaining time of a certificate that is too little: this share of its lifetime, and no more than so many days.
# Onepanel renews certificates of Let's Encrypt 30 days before their end. The alerts have the same limits.
CERTIFICATE_WARNING = (1 / 3, 28)
CERTIFICATE_CRITICAL = (0.1, 7)


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
    yield from find_in_details(checkup, dead)


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
