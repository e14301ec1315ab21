"""One finished round of one target: what every route showed, and the diagnosis of each node.

A checkup is a frozen value that replaces the one before in a single assignment, so that metrics,
pages, logs and `probe` can neither show half a round nor disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from exporter.diagnosis.rules import SEVERITY, Diagnosis, Pair, diagnose
from exporter.diagnosis.symptoms import Symptom, symptom
from exporter.observation import Connection, Details, Observation, Outcome, Visit
from exporter.operations import configuration, health
from exporter.operations.component_status import ComponentStatus
from exporter.operations.configuration import Configuration
from exporter.operations.operation import Known
from exporter.reasons import Failure
from exporter.targets import AccessPath, Kind, Route, Target

CONFIGURATION = configuration.OPERATION.name
HEALTH = health.OPERATION.name
_DIRECT_FIRST = (AccessPath.DIRECT, AccessPath.PROXY)


@dataclass(frozen=True, slots=True)
class Checkup:
    """One round of one target. `finished_at` is in seconds since the epoch, `seconds` how long it took.

    `details` are those of the latest round of the slower operations that is not too old. `kind` is the
    cluster's, as far as it was ever learnt.
    """

    target: Target
    visits: Mapping[Route, Visit]
    diagnoses: Mapping[str, Diagnosis]
    finished_at: float
    seconds: float
    details: Details | None = None
    kind: Kind = Kind.AUTO

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes that were visited."""
        return tuple(self.visits)

    @property
    def node_names(self) -> tuple[str, ...]:
        """The names of the nodes that were visited; one empty name for a target without nodes."""
        return tuple(self.diagnoses)

    def connection(self, route: Route) -> Connection | None:
        """The connection last opened over a route; None when the route was not visited."""
        visit = self.visits.get(route)
        return visit.connections[-1] if visit and visit.connections else None

    def observation(self, route: Route, operation: str) -> Observation | None:
        """What an operation learnt over a route; None when it was not asked there."""
        return observation(self.visits.get(route), operation)

    def outcomes(self, operation: str) -> Iterator[Outcome]:
        """What an operation learnt over each route it was asked on, direct paths first."""
        for path in _DIRECT_FIRST:
            for route, visit in self.visits.items():
                seen = observation(visit, operation) if route.path is path else None
                if seen is not None:
                    yield seen.outcome
        yield from (seen.outcome for seen in self.details_observations if seen.operation == operation)

    @property
    def details_observations(self) -> tuple[Observation, ...]:
        """What the slower operations learnt; empty when they were not asked."""
        return self.details.observations if self.details else ()

    @property
    def routes_up(self) -> list[Route]:
        """The routes over which Onepanel answered, direct ones first."""
        up = [route for route in self.visits if self.onepanel_answered(route)]
        return [route for path in _DIRECT_FIRST for route in up if route.path is path]

    def facts(self, operation: str) -> Outcome | None:
        """The facts of an operation from the first route that gave any; None when there are none."""
        for outcome in self.outcomes(operation):
            if not isinstance(outcome, Failure):
                return outcome
        return None

    def onepanel_answered(self, route: Route) -> bool:
        """Whether Onepanel itself answered over this route, whatever it said."""
        visit = self.visits.get(route)
        return visit is not None and any(seen.onepanel_answered for seen in visit.observations)

    def failure(self, route: Route) -> Failure | None:
        """The first failure seen over a route in this round."""
        visit = self.visits.get(route)
        return next((seen.failure for seen in visit.observations if seen.failure), None) if visit else None

    @property
    def worst(self) -> Diagnosis:
        """The one word for the whole target: of its nodes' diagnoses the highest in the table."""
        return min(self.diagnoses.values(), key=SEVERITY.index, default=Diagnosis.UNKNOWN)


def observation(visit: Visit | None, operation: str) -> Observation | None:
    """The observation of one operation within a visit, if it was made."""
    if visit is None:
        return None
    return next((seen for seen in visit.observations if seen.operation == operation), None)


def conclude(
    target: Target,
    visits: Iterable[Visit],
    finished_at: float,
    seconds: float,
    details: Details | None = None,
) -> Checkup:
    """Make one round's visits a checkup: judge every node by its pair of paths."""
    by_route = {visit.route: visit for visit in visits}
    nodes = dict.fromkeys(route.node for route in by_route)
    diagnoses = {node: diagnose(pair(target, by_route, node)) for node in nodes}
    return Checkup(target, by_route, diagnoses, finished_at, seconds, details)


def pair(target: Target, visits: Mapping[Route, Visit], node: str) -> Pair:
    """What the table of diagnoses needs to know of one node."""
    seen = {path: visits.get(Route(path, node)) for path in AccessPath}
    told = configurations(visits, node)
    return Pair(
        proxy=_symptom(seen[AccessPath.PROXY]),
        direct=_symptom(seen[AccessPath.DIRECT]),
        expected=target.expected_paths,
        agree=paths_agree(told) if _is_configured_kind(target, told) else False,
        deployed=_all_deployed(told),
    )


def configurations(visits: Mapping[Route, Visit], node: str) -> list[Configuration]:
    """What each path of a node told of the cluster; shorter than two when a path told nothing."""
    told = (_configuration(visits.get(Route(path, node))) for path in AccessPath)
    return [facts for facts in told if facts is not None]


def paths_agree(told: list[Configuration]) -> bool | None:
    """Whether both paths told of the same cluster and version; None unless both told anything.

    What only one of them said is no contradiction: a reduced answer leaves keys out.
    """
    if len(told) < len(AccessPath):
        return None
    return all(
        len(set(said) - {"", Kind.AUTO}) <= 1
        for said in zip(*(facts.identity for facts in told), strict=True)
    )


def _is_configured_kind(target: Target, told: list[Configuration]) -> bool:
    return all(Kind.AUTO in {target.kind, facts.kind} or facts.kind is target.kind for facts in told)


def known(checkup: Checkup | None, target: Target) -> Known:
    """What the last checkup tells the next round's conversations."""
    return Known(checkup.kind, doubtful=_doubtful(checkup)) if checkup else Known(target.kind)


def _doubtful(checkup: Checkup) -> tuple[str, ...]:
    """The hosts to be asked last; what was asked last knows best which of them wait longest."""
    outcomes = [seen.outcome for seen in reversed(checkup.details_observations)]
    told = (outcome.hosts_away for outcome in outcomes if isinstance(outcome, ComponentStatus))
    return tuple(dict.fromkeys(chain.from_iterable(told)))


def kind_of(checkup: Checkup, before: Checkup | None) -> Kind:
    """The kind of the cluster: as configured, else as it says, else as it said before.

    A reduced answer does not name the kind, and one that cannot be reached says nothing.
    """
    facts = checkup.facts(CONFIGURATION)
    said = facts.kind if isinstance(facts, Configuration) else Kind.AUTO
    kinds = (checkup.target.kind, said, before.kind if before else Kind.AUTO)
    return next((kind for kind in kinds if kind is not Kind.AUTO), Kind.AUTO)


def _symptom(visit: Visit | None) -> Symptom:
    return symptom(observation(visit, CONFIGURATION), observation(visit, HEALTH))


def _configuration(visit: Visit | None) -> Configuration | None:
    seen = observation(visit, CONFIGURATION)
    return seen.outcome if seen and isinstance(seen.outcome, Configuration) else None


def _all_deployed(told: list[Configuration]) -> bool | None:
    answers = [facts.deployed for facts in told if facts.deployed is not None]
    return all(answers) if answers else None
