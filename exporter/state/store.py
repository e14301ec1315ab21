"""The only mutable state: of each target the latest checkup, its counters and a short history.

One thread (the event loop) writes and reads it. A finished round replaces what was there in one step.
Timestamps called `…_at` are seconds since the epoch, for people; `monotonic` times are for measuring age.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from exporter.diagnosis.checkup import Checkup
from exporter.discovery.membership import Membership, reported_since, zone_domain_of
from exporter.discovery.zone_view import ZoneView
from exporter.observation import Connection, Details, Observation, SentRequests
from exporter.operations.limits import Guarded
from exporter.state.counters import Histogram, RouteCounters
from exporter.state.history import past_round
from exporter.state.target_state import STALE_AFTER_INTERVALS, DiagnosisChange, TargetState, note_changes
from exporter.state.timeline import DAY_SECONDS, Timeline
from exporter.targets import Route, Target


class Store:
    """The states of all configured targets, in the order of the configuration.

    `operations` are the names of the operations of which durations are kept; `buckets` their bounds.
    `retention` is for how many seconds a timeline is kept.
    """

    def __init__(
        self, operations: Sequence[str], buckets: Sequence[float], retention: float = DAY_SECONDS
    ) -> None:
        self.retention = retention
        self._restored: dict[tuple[str, str], Timeline] = {}
        self._operations = operations
        self._bounds = (*buckets, math.inf)
        self._states: dict[str, TargetState] = {}
        self._by_domain: dict[str, TargetState] = {}
        self._zones: dict[str, ZoneView] = {}
        # The zone and the provider id of each listed target.
        self._listed: dict[str, tuple[str, str]] = {}
        self.unhandled_errors: Counter[str] = Counter()
        self.event_loop_lag = 0.0

    def set_targets(self, targets: Iterable[Target]) -> None:
        """Make these the configured targets.

        Targets with the same addresses as before keep what was counted and seen; the others start empty.
        """
        states = {}
        for target in targets:
            state = self._states.get(target.name)
            if state is None or not state.target.leads_where(target):
                state = self._new_state(target)
            state.target = target
            states[target.name] = state
        self._states = states
        self._by_domain = {state.target.domain: state for state in states.values()}

    def _new_state(self, target: Target) -> TargetState:
        timeline = self._restored.pop((target.name, target.place), None) or Timeline(self.retention)
        counters = {route: self._new_counters() for route in target.routes}
        return TargetState(target, counters, timeline=timeline)

    def restore(self, timelines: Mapping[tuple[str, str], Timeline]) -> None:
        """Continue the timelines of an earlier process, by name and place of their targets."""
        self._restored = dict(timelines)
        for state in self._states.values():
            timeline = self._restored.pop((state.target.name, state.target.place), None)
            if timeline is not None and state.checkup is None:
                state.timeline = timeline

    def _new_counters(self) -> RouteCounters:
        return RouteCounters(durations={name: Histogram(self._bounds) for name in self._operations})

    @property
    def states(self) -> tuple[TargetState, ...]:
        """The states of all targets."""
        return tuple(self._states.values())

    def set_zones(self, views: Mapping[str, ZoneView]) -> None:
        """Keep what is known of the providers of each zone, by the name of its target."""
        self._zones = dict(views)
        self._listed = {
            each.target: (zone, each.provider.provider_id)
            for zone, view in views.items()
            for each in view.admissions
            if each.target
        }

    def membership(self, target: Target) -> Membership:
        """Return what the zone of a target reports of it. Without a known zone, all of it is absent."""
        state = self._states.get(target.name)
        checkup = state.checkup if state else None
        name, provider_id = self._listed.get(target.name, ("", ""))
        since = state.disconnected_since if state else math.inf
        if name in self._zones:
            listed, zone = self._zones[name], self._states.get(name)
            latest, recovered_at = (zone.checkup, zone.recovered_at) if zone else (None, listed.recovered_at)
            return Membership(latest, name, listed, provider_id, recovered_at, since)
        zone = self._by_domain.get(zone_domain_of(checkup)) if checkup else None
        if zone is None:
            return Membership()
        view = self._zones.get(zone.target.name)
        return Membership(zone.checkup, zone.target.name, view, "", zone.recovered_at, since)

    def zone_view(self, name: str) -> ZoneView | None:
        """Return what is known of the providers of a zone; None for a target without discovery."""
        return self._zones.get(name)

    def state(self, name: str) -> TargetState | None:
        """Return the state of one target; None for a name that is not configured."""
        return self._states.get(name)

    def record(self, checkup: Checkup, monotonic: float) -> list[DiagnosisChange]:
        """Count a finished round and make it the latest. Return the changes of diagnoses.

        A checkup of a target that is no longer configured is dropped.
        """
        state = self._states.get(checkup.target.name)
        if state is None or state.target != checkup.target:
            return []
        self._follow(state, checkup)
        for route, visit in checkup.visits.items():
            counters = state.counters_by_route[route]
            counters.add(visit)
            counters.note_answer(checkup.finished_at, is_up=checkup.onepanel_answered(route))
        changes = note_changes(state, checkup)
        state.checkup = checkup
        state.history.append(past_round(checkup))
        state.timeline.record(checkup, STALE_AFTER_INTERVALS * state.target.schedule.interval)
        state.polls += 1
        state.first_poll_done.set()
        state.finished_monotonic = monotonic
        return changes

    def _follow(self, state: TargetState, checkup: Checkup) -> None:
        """Begin to count new routes, and leave nothing of those that vanished."""
        if state.counters_by_route.keys() == checkup.visits.keys():
            return
        state.counters_by_route = {
            route: state.counters_by_route.get(route) or self._new_counters() for route in checkup.visits
        }
        for node in state.diagnosed_since.keys() - checkup.diagnoses.keys():
            del state.diagnosed_since[node]

    def record_details(self, target: Target, details: Details, monotonic: float) -> None:
        """Count the requests of the slower operations, and make their outcomes the latest details."""
        state = self._states.get(target.name)
        if state is None or state.target != target or state.checkup is None:
            return
        _count(state, details.connections, details.observations)
        for seen in details.observations:
            if isinstance(seen.outcome, Guarded):
                state.label_values_dropped += seen.outcome.dropped
        state.timeline.record_details(details, STALE_AFTER_INTERVALS * state.target.schedule.details_interval)
        state.checkup = replace(state.checkup, details=details)
        state.disconnected_since = reported_since(state.disconnected_since, state.checkup)
        state.details_monotonic = monotonic

    def count_sent(self, target: Target, sent: SentRequests) -> None:
        """Count what a cancelled round had sent, or a list of providers needed. Nothing else of it is kept."""
        state = self._states.get(target.name)
        if state is not None and state.target.leads_where(target):
            _count(state, sent.connections, sent.observations)

    def alone(self, checkup: Checkup, monotonic: float) -> TargetState:
        """Return the state of a target that has had this round and no other; what is kept here stays untouched."""
        store = Store(self._operations, self._bounds[:-1])
        store.set_targets([checkup.target])
        store.record(replace(checkup, details=None), monotonic)
        if checkup.details is not None:
            store.record_details(checkup.target, checkup.details, monotonic)
        state = store._states[checkup.target.name]
        kept = self.state(checkup.target.name)
        state.maintenance_note = kept.maintenance_note if kept else None
        return state

    def skip(self, name: str) -> None:
        """Count a round that was left out because the one before still ran."""
        state = self._states.get(name)
        if state is not None:
            state.polls_skipped += 1


def _count(
    state: TargetState,
    connections: Mapping[Route, Iterable[Connection]],
    observations: Iterable[Observation],
) -> None:
    for route, opened in connections.items():
        for connection in opened:
            state.counters(route).add_connection(connection)
    for seen in observations:
        for exchange in seen.exchanges:
            state.counters(exchange.route).add_exchange(seen.operation, exchange)
