"""Findings beside the diagnosis: services, modules, certificates, DNS, credentials."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.diagnosis.checkup import CONFIGURATION, Checkup
from exporter.diagnosis.symptoms import Symptom
from exporter.operations.configuration import Configuration
from exporter.operations.node import NodeFacts
from exporter.report.certificate_findings import find_in_certificates
from exporter.report.detail_findings import dead_hosts, find_in_details
from exporter.report.finding import Finding, name_of
from exporter.report.severity import Severity
from exporter.targets import AccessPath, Route


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
    yield from find_in_certificates(checkup)
    yield from _silent_addresses(checkup)
    yield from find_in_details(checkup, dead)


def _hanging(checkup: Checkup) -> Iterator[Finding]:
    hanging = [route for route in checkup.routes if checkup.symptom(route) is Symptom.HANGING]
    if hanging:
        where = ", ".join(name_of(route) for route in hanging)
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
            f"{name_of(route)}: {len(failed)} of {connection.addresses} addresses {verb} not answer ({which}); "
            "`resolve_nodes` watches each",
        )
