"""Polling a target: a round is taken and recorded, and what changed is logged."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from functools import partial

from exporter.diagnosis.checkup import Checkup
from exporter.files import read_note
from exporter.observation import Details
from exporter.polling import log_events, renewals
from exporter.polling.rounds import Rounds
from exporter.report.evidence import evidence, reasons
from exporter.report.findings import find
from exporter.state.incidents import Incidents, Opening
from exporter.state.store import Store
from exporter.state.target_state import TargetState
from exporter.targets import Target
from exporter.tasks import HangingReads


class Poller:
    """What the pollers call: one round of one target, and one of its slower operations."""

    def __init__(self, store: Store, incidents: Incidents, rounds: Rounds) -> None:
        self._store = store
        self._incidents = incidents
        self._rounds = rounds
        self._notes: HangingReads[str | None] = HangingReads()

    def connections(self, target: Target) -> int:
        """Return how many connections a round of this target takes at once, as far as its nodes are known."""
        state = self._store.state(target.name)
        return len(state.routes if state else target.routes)

    async def poll(self, target: Target) -> None:
        """Poll a target once, up to the log lines about what changed."""
        state = self._store.state(target.name)
        if state is None:
            return
        await self._read_note(state)
        checkup = await self._rounds.take(target, state.checkup, self._store.membership(target))
        # Details may have arrived while the round ran.
        self.record(state, replace(checkup, details=state.fresh_details(time.monotonic())))

    def record(self, state: TargetState, checkup: Checkup) -> None:
        """Record a finished round: log it and what changed, and open and close incidents."""
        target, before = checkup.target, state.checkup
        log_events.log_requests(
            target, [seen for visit in checkup.visits.values() for seen in visit.observations]
        )
        changes = self._store.record(checkup, time.monotonic())
        note_findings(state)
        renewals.note(state, self._incidents, checkup)
        for change in changes:
            log_events.log_change(change, checkup)
            self._incidents.follow(change, _opening(change.node, checkup, before))
            since = self._incidents.open_since(target.name, change.node)
            if since is not None:
                state.diagnosed_since[change.node] = since
        self._incidents.keep_nodes(target.name, checkup.diagnoses, checkup.finished_at)

    async def _read_note(self, state: TargetState) -> None:
        """Read the maintenance file of a target. If its file system does not answer, the last note stays."""
        file = state.target.maintenance_file
        if not file:
            state.maintenance_note = None
            return
        with suppress(TimeoutError):
            state.maintenance_note = await self._notes.run(file, partial(read_note, file))

    async def first_poll_done(self, target: Target) -> None:
        """Wait for the first round of a target: details need its outcome."""
        state = self._store.state(target.name)
        if state is not None:
            await state.first_poll_done.wait()

    async def poll_details(self, target: Target) -> None:
        """Poll the details of a target once, based on what the round before saw."""
        state = self._store.state(target.name)
        if state is None or state.checkup is None:
            return
        details = await self._rounds.take_details(target, state.checkup)
        log_events.log_requests(target, details.observations)
        log_events.log_unknown_statuses(state, details)
        log_events.log_rejections(state, details)
        self.record_details(state, details)

    def record_details(self, state: TargetState, details: Details) -> None:
        """Record the outcomes of the slower operations of a target."""
        self._store.record_details(state.target, details, time.monotonic())
        note_findings(state)

    def skipped(self, target: Target) -> None:
        """Count a round that was skipped because the one before still ran."""
        self._store.skip(target.name)
        log_events.log.debug("round skipped, the one before still ran", target=target.name)

    def details_skipped(self, target: Target) -> None:
        """Ignore a skipped round of details. It is not counted: the age of the details shows it."""
        log_events.log.debug("round of details skipped, the one before still ran", target=target.name)


def note_findings(state: TargetState) -> None:
    """Remember whether the last round of a target and its details have findings."""
    state.has_findings = state.checkup is not None and any(find(state.checkup))


def _opening(node: str, checkup: Checkup, before: Checkup | None) -> Opening:
    return Opening(
        checkup.finished_at, reasons(checkup, node), lambda: evidence(node, first=checkup, before=before)
    )
