"""All polling: the schedulers of rounds, of details and of discovery, and the slots that they share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from exporter.client.client import Client
from exporter.diagnosis.checkup import Checkup
from exporter.polling.discoverer import Configured, Discoverer
from exporter.polling.poller import Poller
from exporter.polling.rounds import Rounds
from exporter.polling.scheduler import DETAILS, DISCOVERY, ROUNDS, Scheduler
from exporter.polling.slots import Slots
from exporter.state.incidents import Incidents
from exporter.state.store import Store
from exporter.targets import Target
from exporter.tasks import ReportBug

AcceptTargets = Callable[[tuple[Target, ...]], None]


class Polling:
    """The background tasks that poll targets, and the zones that list them.

    `accept` receives all targets before they are polled, whenever they change.
    """

    def __init__(
        self, client: Client, store: Store, incidents: Incidents, slots: Slots, report_bug: ReportBug
    ) -> None:
        self._store = store
        self._poller = Poller(store, incidents, Rounds(client))
        self._schedulers = (
            Scheduler(
                self._poller.poll,
                replace(ROUNDS, connections=self._poller.connections),
                slots,
                self._poller.skipped,
                report_bug,
            ),
            Scheduler(
                self._poller.poll_details,
                replace(DETAILS, ready=self._poller.first_poll_done),
                slots,
                self._poller.details_skipped,
                report_bug,
            ),
        )
        self._accept: AcceptTargets = lambda _targets: None
        self._discoverer = Discoverer(client, store, self._poll_targets)
        self._discovery = Scheduler(self._discoverer.poll, DISCOVERY, slots, lambda _zone: None, report_bug)

    def start(self, stack: AsyncExitStack, accept: AcceptTargets) -> None:
        """Pass targets to `accept` from now on, and stop polling when `stack` is closed."""
        self._accept = accept
        for scheduler in (*self._schedulers, self._discovery):
            stack.push_async_callback(scheduler.stop)

    @property
    def dead(self) -> int:
        """Return how many targets are polled by no task any more."""
        return sum(scheduler.dead for scheduler in self._schedulers)

    async def set_targets(self, configured: Configured) -> None:
        """Poll the configured targets, and those that their zones list."""
        await self._discoverer.set_targets(configured)
        self._discovery.set_targets(target for target in configured.everywhere if target.discovery)

    def record(self, checkup: Checkup) -> None:
        """Record a round that was made on request as one of the target's own, unless the latest one is not older.

        Several requests can get the same round, which is counted once.
        """
        state = self._store.state(checkup.target.name)
        last = state.checkup if state is not None and state.target == checkup.target else None
        if state is not None and last is not None and checkup.finished_at > last.finished_at:
            self._poller.record(state, checkup)
            if checkup.details is not None:
                self._poller.record_details(state, checkup.details)

    def _poll_targets(self, targets: tuple[Target, ...]) -> None:
        self._accept(targets)
        for scheduler in self._schedulers:
            scheduler.set_targets(targets)
