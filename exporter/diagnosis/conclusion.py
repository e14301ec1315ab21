"""From the visits of one round to its checkup, and from one checkup to the next round. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain

from exporter.diagnosis.checkup import CONFIGURATION, Checkup, observation, symptom_of
from exporter.diagnosis.rules import Pair, diagnose
from exporter.diagnosis.served import served_since
from exporter.diagnosis.symptoms import UP, Symptom
from exporter.observation import Details, Visit
from exporter.operations.component_status import ComponentStatus
from exporter.operations.configuration import Configuration
from exporter.operations.operation import Known
from exporter.targets import AccessPath, Kind, Route, Target

# The hang of a Onepanel whose neighbour froze ends within 20 s; after so many rounds it is a fault of its own.
_MOST_ROUNDS_OF_WAITING = 2
_VANISHED = frozenset({Symptom.FROZEN, Symptom.NO_CONNECTION})


def conclude(  # noqa: PLR0913 - the last two by keyword, with defaults
    target: Target,
    visits: Iterable[Visit],
    finished_at: float,
    seconds: float,
    details: Details | None = None,
    *,
    before: Checkup | None = None,
    zone_connected: bool | None = None,
    zone_notes: tuple[str, ...] = (),
) -> Checkup:
    """Return the checkup of one round's visits: a diagnosis for every node, from its pair of paths."""
    by_route = {visit.route: visit for visit in visits}
    nodes = dict.fromkeys(route.node for route in by_route)
    seen = Checkup(
        target,
        by_route,
        {},
        finished_at,
        seconds,
        details,
        zone_connected=zone_connected,
        zone_notes=zone_notes,
        waiting=_waiting(by_route, before.waiting if before else {}),
        served=served_since(before.served if before else None, by_route, finished_at),
    )
    return replace(seen, diagnoses={node: diagnose(pair(seen, node)) for node in nodes})


def pair(checkup: Checkup, node: str) -> Pair:
    """Return what the table of diagnoses needs to know of one node."""
    target, reported = checkup.target, configurations(checkup.visits, node)
    return Pair(
        proxy=checkup.symptom(Route(AccessPath.PROXY, node)),
        direct=checkup.symptom(Route(AccessPath.DIRECT, node)),
        expected=target.expected_paths,
        agree=paths_agree(reported) if _is_configured_kind(target, reported) else False,
        deployed=_all_deployed(reported),
        zone_connected=checkup.zone_connected,
        waits_for_neighbour=0 < checkup.waiting.get(node, 0) <= _MOST_ROUNDS_OF_WAITING,
    )


def _waiting(visits: Mapping[Route, Visit], before: Mapping[str, int]) -> Mapping[str, int]:
    """Return the nodes that do not answer while another one has vanished, with the rounds for which that holds."""
    shown = {route: symptom_of(visit) for route, visit in visits.items()}
    up = {route.node for route, each in shown.items() if each in UP}
    silent = {node for node in dict.fromkeys(route.node for route in visits) if node not in up}
    vanished = {node for node in silent if shown.get(Route(AccessPath.DIRECT, node)) in _VANISHED}
    return {node: before.get(node, 0) + 1 for node in silent if vanished - {node}}


def configurations(visits: Mapping[Route, Visit], node: str) -> list[Configuration]:
    """Return what each path of a node reported of the cluster; nothing for a path that reported nothing."""
    reported = (_configuration(visits.get(Route(path, node))) for path in AccessPath)
    return [facts for facts in reported if facts is not None]


def paths_agree(reported: list[Configuration]) -> bool | None:
    """Return whether both paths lead to the same cluster and version; None unless both reported any.

    What only one of them reports is no contradiction: a reduced answer leaves keys out.
    """
    if len(reported) < len(AccessPath):
        return None
    identities = {facts.identity for facts in reported}
    return len(identities) == 1 or all(
        len(set(values) - {"", Kind.AUTO}) <= 1 for values in zip(*identities, strict=True)
    )


def _is_configured_kind(target: Target, reported: list[Configuration]) -> bool:
    return all(Kind.AUTO in {target.kind, facts.kind} or facts.kind is target.kind for facts in reported)


def carried_over(checkup: Checkup | None, target: Target) -> Known:
    """Return what the next round's conversations need to know of the last checkup."""
    if checkup is None:
        return Known(target.kind, has_port_80=bool(target.plain_origin))
    facts = checkup.facts(CONFIGURATION)
    deployed = facts.deployed if isinstance(facts, Configuration) else None
    return Known(
        checkup.kind,
        doubtful=_doubtful(checkup),
        deployed=deployed,
        has_port_80=bool(target.plain_origin),
    )


def _doubtful(checkup: Checkup) -> tuple[str, ...]:
    """Return the hosts to query last; the operation that was asked last knows which of them wait longest."""
    outcomes = [seen.outcome for seen in reversed(checkup.details_observations)]
    reported = (outcome.doubtful for outcome in outcomes if isinstance(outcome, ComponentStatus))
    return tuple(dict.fromkeys(chain.from_iterable(reported)))


def kind_of(checkup: Checkup, before: Checkup | None) -> Kind:
    """Return the kind of the cluster: as configured, else as it reports, else as it reported before.

    A reduced answer does not name the kind, and an unreachable cluster reports nothing.
    """
    facts = checkup.facts(CONFIGURATION)
    reported = facts.kind if isinstance(facts, Configuration) else Kind.AUTO
    kinds = (checkup.target.kind, reported, before.kind if before else Kind.AUTO)
    return next((kind for kind in kinds if kind is not Kind.AUTO), Kind.AUTO)


def _configuration(visit: Visit | None) -> Configuration | None:
    seen = observation(visit, CONFIGURATION)
    return seen.outcome if seen and isinstance(seen.outcome, Configuration) else None


def _all_deployed(reported: list[Configuration]) -> bool | None:
    answers = [facts.deployed for facts in reported if facts.deployed is not None]
    return all(answers) if answers else None
