"""One round of one target, from asking to the checkup: for polling, for `probe` and for `/probe` alike."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import NamedTuple

from exporter.client.client import Client
from exporter.client.rejections import Rejections
from exporter.client.routes_seen import RoutesSeen
from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import carried_over, conclude, kind_of
from exporter.diagnosis.renewal_signs import regenerating_since
from exporter.discovery.membership import Membership
from exporter.observation import Details, Trace
from exporter.operations import applicable
from exporter.reasons import Reason
from exporter.targets import SHARE_OF_INTERVAL, Target
from exporter.tasks import ReportBug


class FreshRound(NamedTuple):
    """A whole round that was asked for, with every exchange of it."""

    checkup: Checkup
    traces: Sequence[Trace]


class Rounds:
    """Takes rounds with one client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def take(
        self,
        target: Target,
        before: Checkup | None = None,
        membership: Membership | None = None,
        seconds: float = math.inf,
    ) -> Checkup:
        """Take a round of what every round asks. `membership` is the target's place in its zone.

        What `seconds` cut short is `NotLearnt`.
        """
        began = time.perf_counter()
        routes_before = before.routes if before else ()
        visits = await self._client.poll(
            target, applicable(target), carried_over(before, target), routes_before, seconds=seconds
        )
        checkup = conclude(
            target,
            visits,
            time.time(),
            time.perf_counter() - began,
            before=before,
            zone_connected=membership.connected(before) if membership and before else None,
            zone_notes=membership.notes(before) if membership and before else (),
        )
        return replace(checkup, kind=kind_of(checkup, before))

    async def take_details(self, target: Target, checkup: Checkup, seconds: float = math.inf) -> Details:
        """Take a round of details over a route that was up in the checkup, within `seconds`."""
        began_at = time.time()
        details = await self._client.poll_details(
            target,
            applicable(target),
            carried_over(checkup, target),
            RoutesSeen(checkup.routes, checkup.routes_up, _why_down(checkup)),
            seconds=seconds,
        )
        details = replace(details, began_at=began_at, finished_at=time.time())
        return replace(details, regenerating_since=regenerating_since(checkup.details, details))


def _why_down(checkup: Checkup) -> Reason | None:
    """Return the reason that what is not asked shares with the paths of a round."""
    causes = (checkup.cause(node) for node in checkup.node_names)
    return next((each.reason for each in causes if each), None)


class FreshRounds:
    """Takes whole rounds on request, within the request's time. Its connections are not a poller's.

    What it shares with the poller is the memory of credentials that were rejected.
    """

    def __init__(self, report_bug: ReportBug, rejections: Rejections | None = None) -> None:
        self._report_bug = report_bug
        self._rejections = rejections
        self._traces: ContextVar[list[Trace]] = ContextVar("traces")
        self._client: Client | None = None

    async def take(self, target: Target, seconds: float, membership: Membership | None = None) -> FreshRound:
        """Take a round that ends within `seconds`; details that there is no time for are `NotLearnt`.

        What the provider and its zone report of one another in this round is part of its diagnosis.
        """
        began = time.perf_counter()
        traces: list[Trace] = []
        self._traces.set(traces)
        rounds = Rounds(self._running_client())
        checkup = await rounds.take(target, seconds=SHARE_OF_INTERVAL * seconds)
        details = await rounds.take_details(target, checkup, began + seconds - time.perf_counter())
        checkup = replace(checkup, details=details)
        known = membership or Membership()
        judged = conclude(
            target,
            checkup.visits.values(),
            checkup.finished_at,
            time.perf_counter() - began,
            details,
            zone_connected=known.connected(checkup),
            zone_notes=known.notes(checkup),
        )
        return FreshRound(replace(judged, kind=checkup.kind), traces)

    def keep_only(self, targets: Iterable[Target]) -> None:
        """Forget what is known of all other targets."""
        if self._client is not None:
            self._client.keep_only(targets)

    def reread_trust(self) -> None:
        """Read the certificates of authorities again."""
        if self._client is not None:
            self._client.reread_trust()

    async def close(self) -> None:
        """Let go of the client."""
        if self._client is not None:
            await self._client.close()

    def _running_client(self) -> Client:
        """Return the client, which can be made only while the event loop runs."""
        if self._client is None:
            self._client = Client(
                self._report_bug,
                lambda trace: self._traces.get().append(trace),
                rejections=self._rejections,
            )
        return self._client
