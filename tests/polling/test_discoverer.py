from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from exporter.client.client import Client
from exporter.operations import TIMED_OPERATIONS
from exporter.polling.discoverer import Configured, Discoverer
from exporter.state.store import Store
from exporter.targets import Target
from tests.support.running_zone import RunningZone
from tests.support.waiting import eventually


class Discovery:
    """A discoverer of zones, and the names of the targets that it has applied."""

    def __init__(self, client: Client) -> None:
        self.applied: list[list[str]] = []
        self.store = Store(TIMED_OPERATIONS, ())
        self.discoverer = Discoverer(client, self.store, self._apply)

    def _apply(self, targets: tuple[Target, ...]) -> None:
        self.store.set_targets(targets)
        self.applied.append([target.name for target in targets])

    async def set_targets(self, *targets: Target) -> None:
        await self.discoverer.set_targets(Configured(targets, targets, lambda _name: True))


@pytest.fixture
async def discovery() -> AsyncIterator[Discovery]:
    client = Client(lambda where, error: pytest.fail(f"{where}: {error!r}"))
    yield Discovery(client)
    await client.close()


async def test_a_list_that_arrives_during_a_reload_is_kept(discovery: Discovery, zone: RunningZone) -> None:
    loop, release = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    await discovery.set_targets(zone.target)
    zone.set_state(delay=0.2)
    poll = asyncio.create_task(discovery.discoverer.poll(zone.target))
    await eventually(zone.counted_and_read, lambda seen: seen[1])
    busy = loop.run_in_executor(None, release.wait)
    # The reload waits for the cache file of the new zone.
    reload = asyncio.create_task(discovery.set_targets(zone.target, replace(zone.target, name="other")))

    async def applied() -> list[list[str]]:
        return discovery.applied

    try:
        await eventually(applied, lambda seen: len(seen) > 1)
    finally:
        release.set()
    await asyncio.gather(busy, poll, reload)
    assert discovery.applied == [
        ["zone"],
        ["zone", "krakow.example.org"],
        ["zone", "other", "krakow.example.org"],
    ]
