"""Incidents: the times in which a node's diagnosis was another than `ok`, each with its evidence.

Times are seconds since the epoch. At most one incident is open for a node; of the closed ones the latest are kept.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from exporter.diagnosis.rules import Diagnosis
from exporter.state.target_state import DiagnosisChange

MOST_CLOSED = 200


@dataclass(frozen=True, slots=True)
class Incident:
    """One diagnosis of one node, from its first round on; `until` is None while it lasts.

    `before` is the diagnosis before it. `reasons` holds the reason of each path, None for a path without failure.
    `packed_evidence` is compressed JSON.
    """

    incident_id: str
    target: str
    node: str
    before: str
    after: str
    since: float
    until: float | None
    reasons: Mapping[str, str | None]
    packed_evidence: bytes = field(repr=False)

    @property
    def evidence(self) -> Mapping[str, object]:
        """Return what was seen in the first round, and in the round before; nothing if a file has broken it."""
        try:
            found: Mapping[str, object] = json.loads(zlib.decompress(self.packed_evidence))
        except (zlib.error, ValueError):
            return {"first_round": None, "round_before": None}
        return found


class Opening(NamedTuple):
    """What an incident begins with."""

    at: float
    reasons: Mapping[str, str | None]
    evidence: Callable[[], Mapping[str, object]]


class Brief(NamedTuple):
    """Which incidents may be dropped: those of some diagnoses that lasted at most so long."""

    seconds: float
    diagnoses: frozenset[str]


class Incidents:
    """All incidents that are open, and the latest closed ones."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Incident] = {}
        self._closed: dict[str, Incident] = {}

    def follow(self, change: DiagnosisChange, opening: Opening) -> None:
        """Close the incident of a node whose diagnosis changed, and open one unless the new diagnosis is `ok`.

        If the first diagnosis after a start is that of an incident which a file has kept open, that incident
        continues.
        """
        key = (change.target.name, change.node)
        is_first = change.lasted is None
        kept = self._open.get(key)
        if kept is not None and is_first and kept.after == change.after:
            return
        before = kept.after if kept is not None and is_first else change.before.value
        if kept is not None:
            self._close(kept, opening.at)
        if change.after is not Diagnosis.OK:
            self._open[key] = Incident(
                incident_id=_id_of(key, opening.at),
                target=change.target.name,
                node=change.node,
                before=before,
                after=change.after.value,
                since=opening.at,
                until=None,
                reasons=opening.reasons,
                packed_evidence=pack(opening.evidence()),
            )

    def withdraw(self, target: str, node: str, at: float, brief: Brief) -> float | None:
        """Drop the incidents that a node had just before a time, up to the one that is open, if they were brief.

        Return when the first of them began; None if nothing was dropped.
        """
        last = self._open.get((target, node))
        closed = [each for each in self._closed.values() if (each.target, each.node) == (target, node)]
        dropped: list[Incident] = []
        for each in [*([last] if last else []), *reversed(closed)]:
            if at - each.since > brief.seconds or each.after not in brief.diagnoses:
                if dropped and each.until == dropped[-1].since:
                    return None  # they are the end of something longer
                break
            dropped.append(each)
        if not dropped or (last and last not in dropped):
            return None
        self._open.pop((target, node), None)
        for each in dropped:
            self._closed.pop(each.incident_id, None)
        return dropped[-1].since

    def open_since(self, target: str, node: str) -> float | None:
        """Return when the open incident of a node began; None without one."""
        incident = self._open.get((target, node))
        return incident.since if incident else None

    def keep_nodes(self, target: str, nodes: Container[str], at: float) -> None:
        """Close the incidents of all other nodes of a target."""
        for key in [key for key in self._open if key[0] == target and key[1] not in nodes]:
            self._close(self._open[key], at)

    def keep_targets(self, names: Iterable[str], at: float) -> None:
        """Close the incidents of all other targets."""
        kept = set(names)
        for key in [key for key in self._open if key[0] not in kept]:
            self._close(self._open[key], at)

    def _close(self, incident: Incident, at: float) -> None:
        closed = replace(incident, until=max(at, incident.since))
        del self._open[incident.target, incident.node]
        self._closed[closed.incident_id] = closed
        if len(self._closed) > MOST_CLOSED:
            del self._closed[next(iter(self._closed))]

    def restore(self, incidents: Iterable[Incident]) -> None:
        """Continue the incidents of an earlier process, oldest first."""
        for incident in incidents:
            if incident.until is None:
                self._open[incident.target, incident.node] = incident
            else:
                self._closed[incident.incident_id] = incident
        for incident_id in list(self._closed)[:-MOST_CLOSED]:
            del self._closed[incident_id]

    def by_id(self) -> dict[str, Incident]:
        """Return all incidents by their ids; one that has changed since the last call is another object."""
        return {each.incident_id: each for each in self._open.values()} | self._closed

    def latest_first(self, target: str | None = None) -> Iterator[Incident]:
        """Yield all incidents, or those of one target: the open ones first, then by their begin, latest first."""
        found = [*self._open.values(), *self._closed.values()]
        found.sort(key=lambda each: (each.until is not None, -each.since))
        yield from (each for each in found if target is None or each.target == target)

    def get(self, incident_id: str) -> Incident | None:
        """Return one incident; None if there is none of this id."""
        is_open = (each for each in self._open.values() if each.incident_id == incident_id)
        return self._closed.get(incident_id) or next(is_open, None)

    def count_open(self) -> int:
        """Return how many incidents are open."""
        return len(self._open)


def pack(evidence: Mapping[str, object]) -> bytes:
    """Return evidence as compressed JSON."""
    return zlib.compress(json.dumps(evidence).encode())


def _id_of(key: tuple[str, str], at: float) -> str:
    """Return an id that no other process gives to another incident, so that a link in a ticket stays right."""
    digest = hashlib.blake2b(repr((key, at)).encode(errors="replace"), digest_size=4).hexdigest()
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}-{digest}"
