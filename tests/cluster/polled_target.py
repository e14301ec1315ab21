"""One target polled by the real client, round by round as the exporter does, without its timers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from exporter.client.client import Client
from exporter.credentials import Auth, Secret
from exporter.diagnosis.checkup import Checkup
from exporter.exposition.page import Exposition
from exporter.exposition.text_format import TextFormat
from exporter.exposition.views import ExporterView
from exporter.observation import Details
from exporter.operations import TIMED_OPERATIONS
from exporter.polling.rounds import Rounds
from exporter.simulator import INSTANT, Authority, SimulatedZone
from exporter.state.store import Store
from exporter.targets import Schedule, Target, TlsOptions
from tests.support.processes import Metrics

PASSPHRASE = Auth(passphrase=Secret("simulated-passphrase"))


class PolledTarget:
    """What is known of one target."""

    def __init__(self, target: Target, client: Client) -> None:
        self.target = target
        self._rounds = Rounds(client)
        self._store = Store(TIMED_OPERATIONS, (1.0,))
        self._store.set_targets([target])
        self._exposition = Exposition(
            lambda: ExporterView(self._store, "1", "", "3", reload_successful=True, reloaded_at=0.0)
        )

    async def poll(self) -> Details:
        """One round, and one of the details."""
        return await self.details(await self.round())

    async def round(self) -> Checkup:
        """One round of the public operations."""
        checkup = await self._rounds.take(self.target, self._store.states[0].checkup)
        self._store.record(checkup, time.monotonic())
        return checkup

    async def details(self, checkup: Checkup) -> Details:
        """One round of the details, knowing what a round saw."""
        details = await self._rounds.take_details(self.target, checkup)
        self._store.record_details(self.target, details, time.monotonic())
        return details

    @property
    def latest(self) -> Checkup:
        """The latest round."""
        (state,) = self._store.states
        assert state.checkup is not None
        return state.checkup

    async def page(self, text_format: TextFormat = TextFormat.CLASSIC) -> str:
        """All of /metrics."""
        return b"".join([piece async for piece in self._exposition.page(text_format)]).decode()

    async def metrics(self) -> Metrics:
        """All of /metrics, read."""
        return Metrics(await self.page())


@asynccontextmanager
async def polling(target: Target) -> AsyncIterator[PolledTarget]:
    """Poll a target; fails when the client reports a bug."""
    bugs: list[tuple[str, Exception]] = []
    client = Client(lambda where, error: bugs.append((where, error)))
    try:
        yield PolledTarget(target, client)
    finally:
        await client.close()
    assert not bugs, bugs


@asynccontextmanager
async def polled_zone(
    authority: Authority, ca_file: Path
) -> AsyncIterator[tuple[SimulatedZone, PolledTarget]]:
    """Poll a simulated cluster of one node, with the passphrase."""
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file)) as polled,
    ):
        yield zone, polled


def target_at(zone: SimulatedZone, ca_file: Path, auth: Auth = PASSPHRASE, **options: Any) -> Target:
    """A target that is a simulated cluster of one node."""
    return target_between(zone.proxy_url, zone.direct_url, ca_file, auth, **options)


def target_between(
    proxy_url: str, direct_url: str, ca_file: Path, auth: Auth = PASSPHRASE, **options: Any
) -> Target:
    """A target whose paths are these."""
    return Target(
        name="zone",
        url=proxy_url,
        proxy_url=proxy_url,
        direct_url=direct_url,
        auth=auth,
        tls=TlsOptions(ca_file=str(ca_file)),
        schedule=Schedule(interval=6.0, details_interval=20.0, timeout=4.0),
        **options,
    )
