"""One round of one target, from asking to the checkup: for polling, for `probe` and for `/probe` alike."""

from __future__ import annotations

import time
from dataclasses import replace

from exporter.checkup import Checkup, conclude, known
from exporter.client.client import Client
from exporter.observation import Details
from exporter.operations import applicable
from exporter.targets import Target


class Rounds:
    """Takes rounds with one client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def take(
        self, target: Target, before: Checkup | None = None, details: Details | None = None
    ) -> Checkup:
        """A round of what every round asks. `before` is the round before; `details` are carried over."""
        began = time.perf_counter()
        routes_before = before.routes if before else ()
        visits = await self._client.look(target, applicable(target), known(before, target), routes_before)
        return conclude(target, visits, time.time(), time.perf_counter() - began, details)

    async def take_details(self, target: Target, checkup: Checkup) -> Details:
        """A round of the slower operations, over a route that was up in the checkup."""
        details = await self._client.look_closer(
            target, applicable(target), known(checkup, target), checkup.routes, checkup.routes_up
        )
        return replace(details, finished_at=time.time())
