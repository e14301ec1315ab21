from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from exporter.client.client import Client
from exporter.credentials import Auth, Secret
from exporter.operations import TIMED_OPERATIONS
from exporter.polling.discoverer import Configured, Discoverer
from exporter.simulator.tokens import serialize
from exporter.state.store import Store
from exporter.targets import Discovery, Target
from tests.support.running_zone import RunningZone
from tests.support.waiting import eventually


def provider(number: int) -> dict[str, object]:
    return {"providerId": f"id{number}", "domain": f"p{number}.example.org", "online": True}


class DiscoveredTargets:
    """A discoverer of zones, and the names of the targets that it has applied."""

    def __init__(self, client: Client) -> None:
        self.applied: list[list[str]] = []
        self.store = Store(TIMED_OPERATIONS, ())
        self._discoverer = Discoverer(client, self.store, self._apply)

    def _apply(self, targets: tuple[Target, ...]) -> None:
        self.store.set_targets(targets)
        self.applied.append([target.name for target in targets])

    async def set_targets(self, *targets: Target) -> None:
        await self._discoverer.set_targets(Configured(targets, targets, lambda _name: True))

    async def poll(self, zone: Target) -> list[str]:
        """Poll a zone; return the warnings and errors that are logged."""
        with capture_logs() as lines:
            await self._discoverer.poll(zone)
        return [line["event"] for line in lines if line["log_level"] != "info"]


@pytest.fixture
async def discovered() -> AsyncIterator[DiscoveredTargets]:
    client = Client(lambda where, error: pytest.fail(f"{where}: {error!r}"))
    yield DiscoveredTargets(client)
    await client.close()


async def test_a_list_that_arrives_during_a_reload_is_kept(
    discovered: DiscoveredTargets, zone: RunningZone
) -> None:
    loop, release = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    await discovered.set_targets(zone.target)
    zone.set_state(delay=0.2)
    poll = asyncio.create_task(discovered.poll(zone.target))
    await eventually(zone.counted_and_read, lambda seen: seen[1])
    busy = loop.run_in_executor(None, release.wait)
    # The reload waits for the cache file of the new zone.
    reload = asyncio.create_task(discovered.set_targets(zone.target, replace(zone.target, name="other")))

    async def applied() -> list[list[str]]:
        return discovered.applied

    try:
        await eventually(applied, lambda seen: len(seen) > 1)
    finally:
        release.set()
    await asyncio.gather(busy, poll, reload)
    assert discovered.applied == [
        ["zone"],
        ["zone", "krakow.example.org"],
        ["zone", "other", "krakow.example.org"],
    ]


async def test_a_zone_that_a_reload_removes_while_it_is_polled_leaves_nothing(
    discovered: DiscoveredTargets, zone: RunningZone
) -> None:
    await discovered.set_targets(zone.target)
    zone.set_state(delay=0.2)
    poll = asyncio.create_task(discovered.poll(zone.target))
    await eventually(zone.counted_and_read, lambda seen: seen[1])
    await discovered.set_targets()
    assert await poll == []
    assert discovered.applied == [["zone"], []]
    assert discovered.store.zone_view("zone") is None


async def test_a_failure_is_logged_once_until_it_changes_and_the_last_list_stays(
    discovered: DiscoveredTargets, zone: RunningZone
) -> None:
    await discovered.set_targets(zone.target)
    assert await discovered.poll(zone.target) == []
    logged = []
    for body in ("{", "{", "[]", '{"providers": ["idk"]}', "[]"):
        zone.set_state(raw={"/providers": body})
        logged.append(await discovered.poll(zone.target))
    failed = ["providers not listed, the last list stays"]
    assert logged == [failed, [], failed, [], failed]
    assert discovered.applied == [["zone"], ["zone", "krakow.example.org"]]


async def test_providers_missing_from_a_list_are_logged_once_and_an_event_of_the_zone(
    discovered: DiscoveredTargets, zone: RunningZone
) -> None:
    await discovered.set_targets(zone.target)
    logged = []
    for count in (5, 2, 2, 1, 5):
        zone.set_state(providers=[provider(number) for number in range(count)])
        logged.append(await discovered.poll(zone.target))
    missing = ["providers missing from the list, kept until more lists agree"]
    assert logged == [[], missing, [], missing, []]
    (state,) = (each for each in discovered.store.states if each.target == zone.target)
    assert [each.text.partition(" ")[0] for each in state.events.latest_first()] == ["4", "3", "providers"]
    assert [len(names) for names in discovered.applied] == [1, 6]


async def test_a_list_is_kept_in_the_cache_file_for_the_next_start(
    discovered: DiscoveredTargets, zone: RunningZone, tmp_path: Path
) -> None:
    file = tmp_path / "cache" / "providers.json"
    target = replace(zone.target, discovery=Discovery(cache_file=str(file)))
    zone.set_state(providers=[provider(number) for number in range(3)])
    await discovered.set_targets(target)
    assert await discovered.poll(target) == ["provider cache not written"]
    file.parent.mkdir()
    zone.set_state(raw={"/providers": "{"})
    await discovered.poll(target)
    assert not file.exists()
    zone.set_state(providers=[provider(number) for number in range(3)])
    assert await discovered.poll(target) == []
    view = discovered.store.zone_view("zone")

    await discovered.set_targets()
    await discovered.set_targets(target)
    cached = discovered.store.zone_view("zone")
    assert view is not None
    assert cached == replace(view, attempted_at=None, recovered_at=0.0)

    await discovered.set_targets()
    await discovered.set_targets(replace(target, discovery=Discovery(cache_file=str(file), max_discovered=2)))
    assert discovered.applied[-1] == ["zone", "p0.example.org", "p1.example.org"]


async def test_a_fault_of_the_common_token_is_logged_once_and_again_for_a_zone_that_was_removed_meanwhile(
    discovered: DiscoveredTargets, zone: RunningZone
) -> None:
    auth = Auth(token=Secret(serialize("time < 4000000000")))
    target = replace(zone.target, discovery=Discovery(template=replace(zone.target, auth=auth)))
    logged = []
    for targets in ((target,), (target,), (), (target,)):
        await discovered.set_targets(*targets)
        logged += [await discovered.poll(each) for each in targets]
    fault = ["credentials of discovered clusters"]
    assert logged == [fault, [], fault]
