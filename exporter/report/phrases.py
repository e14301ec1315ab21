"""Phrases about a checkup: the headline of a target, the first step for a node."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.first_steps import first_step
from exporter.diagnosis.rules import SEVERITY, Diagnosis
from exporter.diagnosis.wording import Wording
from exporter.report.detail_findings import dead_hosts


def headline(diagnoses: Mapping[str, Diagnosis]) -> str:
    """Return the state of a target in a few words: of several nodes how many share the worst diagnosis."""
    found = list(diagnoses.values())
    most_urgent = min(found, key=SEVERITY.index, default=Diagnosis.UNKNOWN)
    if len(found) <= 1 or most_urgent is Diagnosis.OK:
        return most_urgent.value
    return f"{found.count(most_urgent)} of {len(found)} nodes {most_urgent}"


def advise(checkup: Checkup, node: str, wording: Wording) -> str:
    """Return what to do first: of an unhealthy node the hosts that are known to be dead, where there are any."""
    diagnosis, failure = checkup.diagnoses[node], checkup.cause(node)
    dead = dead_hosts(checkup)
    if diagnosis is Diagnosis.UNHEALTHY and dead:
        return (
            f"Repair {', '.join(dead)} first: as long as Onepanel does not answer there, no node is healthy."
        )
    return first_step(diagnosis, failure.reason if failure else None, wording)
