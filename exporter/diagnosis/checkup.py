"""One finished round of one target: the observations of every route, and the diagnosis of each node.

A checkup is a frozen value that replaces the one before in a single assignment, so that metrics,
pages, logs and `probe` can neither show half a round nor disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from exporter.diagnosis.first_steps import cause
from exporter.diagnosis.rules import SEVERITY, Diagnosis
from exporter.diagnosis.served import Served
from exporter.diagnosis.symptoms import Symptom, symptom
from exporter.observation import Connection, Details, Observation, Phase, Visit
from exporter.operations import configuration, health
from exporter.operations.outcome import Facts, Outcome
from exporter.reasons import Failure
from exporter.targets import AccessPath, Kind, Route, Target

CONFIGURATION = configuration.OPERATION.name
HEALTH = health.OPERATION.name
_DIRECT_FIRST = (AccessPath.DIRECT, AccessPath.PROXY)
_DEAD = frozenset({Diagnosis.UNREACHABLE, Diagnosis.HOST_FROZEN, Diagnosis.PANEL_DOWN})
_OF_EXPECTED_PATHS = frozenset({Diagnosis.UNREACHABLE, Diagnosis.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Checkup:
    """One round of one target. `finished_at` is in seconds since the epoch, `seconds` how long it took.

    `details` are those of the latest round of the slower operations that is not too old. `kind` is the
    cluster's, None as long as it is unknown. `zone_connected`: whether a Oneprovider is connected to its
    zone; None when that is not known. `waiting` counts, by node, the rounds in a row in which it hung beside
    a node that had stopped answering. `served` has the certificates of the last ten minutes, of other rounds,
    too: rounds are compared without it.
    """

    target: Target
    visits: Mapping[Route, Visit]
    diagnoses: Mapping[str, Diagnosis]
    finished_at: float
    seconds: float
    details: Details | None = None
    kind: Kind = Kind.AUTO
    zone_connected: bool | None = None
    zone_notes: tuple[str, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    served: Served = field(default_factory=dict, compare=False)
    _facts: dict[str, Facts] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Return the routes that were visited."""
        return tuple(self.visits)

    @property
    def node_names(self) -> tuple[str, ...]:
        """Return the names of the nodes that were visited; one empty name for a target without nodes."""
        return tuple(self.diagnoses)

    def connection(self, route: Route) -> Connection | None:
        """Return the connection last opened over a route, else the last attempt; None when it was not visited."""
        visit = self.visits.get(route)
        attempts = visit.connections if visit else ()
        opened = [each for each in attempts if each.failure is None]
        return next(reversed(opened or attempts), None)

    def observation(self, route: Route, operation: str) -> Observation | None:
        """Return the observation of an operation over a route; None when it was not asked there."""
        return observation(self.visits.get(route), operation) or next(
            (
                seen
                for seen in self.details_observations
                if seen.operation == operation and seen.route == route
            ),
            None,
        )

    def outcomes(self, operation: str) -> Iterator[Outcome]:
        """Yield the outcome of an operation over each route it was asked on, direct paths first."""
        for path in _DIRECT_FIRST:
            for route, visit in self.visits.items():
                seen = observation(visit, operation) if route.path is path else None
                if seen is not None:
                    yield seen.outcome
        yield from (seen.outcome for seen in self.details_observations if seen.operation == operation)

    @property
    def details_observations(self) -> tuple[Observation, ...]:
        """Return the observations of the slower operations; empty when they were not asked."""
        return self.details.observations if self.details else ()

    @property
    def routes_up(self) -> list[Route]:
        """Return the routes over which Onepanel answered, direct ones first."""
        up = [route for route in self.visits if self.onepanel_answered(route)]
        return [route for path in _DIRECT_FIRST for route in up if route.path is path]

    def facts(self, operation: str) -> Facts | None:
        """Return the facts of an operation from the first route that gave any; None when there are none."""
        return self.all_facts().get(operation)

    def all_facts(self) -> Mapping[str, Facts]:
        """Return the facts of every operation that gave any, by its name. They are looked for once."""
        if not self._facts:
            visits = [
                visit for path in _DIRECT_FIRST for route, visit in self.visits.items() if route.path is path
            ]
            for seen in (
                *(seen for visit in visits for seen in visit.observations),
                *self.details_observations,
            ):
                if isinstance(seen.outcome, Facts):
                    self._facts.setdefault(seen.operation, seen.outcome)
        return self._facts

    def onepanel_answered(self, route: Route) -> bool:
        """Return whether Onepanel itself answered over this route, with any answer."""
        visit = self.visits.get(route)
        return visit is not None and any(seen.onepanel_answered for seen in visit.observations)

    def symptom(self, route: Route) -> Symptom:
        """Return the symptom of one route."""
        return symptom_of(self.visits.get(route))

    def failures(self, route: Route) -> list[Failure]:
        """Return the failures over a route in this round; none for a healthy one, whatever it lacks."""
        visit = self.visits.get(route)
        if visit is None or symptom_of(visit) is Symptom.HEALTHY:
            return []
        return [seen.failure for seen in visit.observations if seen.failure]

    def failure(self, route: Route) -> Failure | None:
        """Return the first failure over a route in this round; None for a healthy one."""
        return next(iter(self.failures(route)), None)

    def error(self, route: Route) -> str:
        """Return why a path is not healthy in this round; empty when it is, or was not polled."""
        visit = self.visits.get(route)
        not_learnt = (
            (seen.not_learnt for seen in visit.observations if seen.not_learnt) if visit else iter(())
        )
        return str(self.failure(route) or next(not_learnt, ""))

    def health_seconds(self, route: Route) -> float | None:
        """Return the latency of `health` over a route; None without an answer of Onepanel."""
        seen = self.observation(route, HEALTH)
        return seen.last.seconds if seen and seen.onepanel_answered else None

    def phases(self, route: Route) -> Mapping[Phase, float]:
        """Return the seconds of each phase of the connection of a route, in their order; empty without a connection."""
        connection = self.connection(route)
        return dict(connection.phases) if connection else {}

    def cause(self, node: str) -> Failure | None:
        """Return the failure that the diagnosis of a node rests on; None when it rests on none."""
        diagnosis = self.diagnoses[node]
        paths = self.target.expected_paths if diagnosis in _OF_EXPECTED_PATHS else AccessPath
        return cause(diagnosis, {path: self.failures(Route(path, node)) for path in paths})

    @property
    def dead_nodes(self) -> tuple[str, ...]:
        """Return the names of the nodes that are known to be dead, of a target that lists several."""
        if len(self.diagnoses) <= 1:
            return ()
        return tuple(node for node, diagnosis in self.diagnoses.items() if diagnosis in _DEAD)

    @property
    def worst(self) -> Diagnosis:
        """Return the diagnosis of the whole target: of its nodes' diagnoses the highest in the table."""
        return min(self.diagnoses.values(), key=SEVERITY.index, default=Diagnosis.UNKNOWN)


def observation(visit: Visit | None, operation: str) -> Observation | None:
    """Return the observation of one operation within a visit, if it was made."""
    if visit is None:
        return None
    for seen in visit.observations:
        if seen.operation == operation:
            return seen
    return None


def symptom_of(visit: Visit | None) -> Symptom:
    """Return the symptom of one visit; `unseen` when there was none."""
    connections = visit.connections if visit else ()
    return symptom(observation(visit, CONFIGURATION), observation(visit, HEALTH), connections)
