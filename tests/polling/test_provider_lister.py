from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from exporter.observation import Phase
from exporter.operations.providers import Provider
from exporter.polling.provider_lister import Listing
from exporter.reasons import Failure, Reason
from tests.support.running_zone import CLUSTER, KRAKOW, RunningZone, run_zone
from tests.support.waiting import eventually


async def test_an_administrators_token_lists_all_providers_with_their_facts(zone: RunningZone) -> None:
    listing = await zone.list_providers()
    assert listing == Listing(
        (Provider("idk", "Kraków", "krakow.example.org", 50.06, 19.94, True, False, "21.02.7"),),  # noqa: FBT003 - facts in their order
        1,
    )
    assert {line.split()[2] for line in zone.requests} == {"token-of-the-zone"}


async def test_another_token_lists_what_its_own_user_may_see(zone: RunningZone) -> None:
    zone.set_state(privileged=False, clusters={"idk": CLUSTER, "idb": CLUSTER})
    listing = await zone.list_providers()
    assert isinstance(listing, Listing)
    assert [each.provider_id for each in listing.providers] == ["idk", "idb"]


async def test_a_rejected_token_is_shown_once_and_the_reason_returned(tmp_path: Path) -> None:
    async with run_zone(tmp_path, "wrong") as zone:
        listing = await zone.list_providers()
    assert isinstance(listing, Failure)
    assert listing.reason is Reason.UNAUTHORIZED
    assert zone.requests == ["GET /api/v3/onezone/providers wrong"]


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "null",
        '{"providers": {}}',
        '{"providers": ' + "[" * 5000,
        '{"providers": [' + ",".join(f'"{number:032}"' for number in range(100_000)) + "]}",
    ],
    ids=["no list", "an array", "null", "a mapping", "nested", "a hundred thousand ids"],
)
async def test_a_hostile_list_is_a_failure_with_a_reason(zone: RunningZone, body: str) -> None:
    zone.set_state(raw={"/providers": body})
    listing = await zone.list_providers()
    assert isinstance(listing, Failure)
    assert listing.reason in {Reason.INVALID_BODY, Reason.TOO_LARGE}


async def test_invalid_ids_are_left_out_and_the_others_described(zone: RunningZone) -> None:
    ids: list[object] = [1, None, {}, "", "x" * 101, "a\nb", "é", "onezone", "idk", "idk", "id/../../users"]
    zone.set_state(raw={"/providers": json.dumps({"providers": ids})})
    listing = await zone.list_providers()
    assert isinstance(listing, Listing)
    assert [each.provider_id for each in listing.providers] == ["idk", "id/../../users"]
    assert "GET /api/v3/onezone/providers/id%2F..%2F..%2Fusers token-of-the-zone" in zone.requests


async def test_a_provider_whose_facts_are_unreadable_is_listed_by_its_id(zone: RunningZone) -> None:
    zone.set_state(
        raw={"/providers/idk": "{", "/clusters/idk": '{"onepanelProxy": "no", "workerVersion": []}'}
    )
    assert await zone.list_providers() == Listing((Provider("idk"),), 1)


async def test_no_more_providers_are_described_than_the_limit(zone: RunningZone) -> None:
    zone.set_state(providers=[{**KRAKOW, "providerId": f"id{number}"} for number in range(50)], clusters={})
    listing = await zone.list_providers(limit=10)
    assert isinstance(listing, Listing)
    assert ([each.provider_id for each in listing.providers], listing.total) == (
        [f"id{number}" for number in range(10)],
        50,
    )
    assert len(zone.requests) == 1 + 2 * 10


async def test_a_list_that_takes_too_long_is_no_list(zone: RunningZone) -> None:
    zone.set_state(delay=0.4, providers=[{**KRAKOW, "providerId": f"id{number}"} for number in range(50)])
    began = time.perf_counter()
    listing = await zone.list_providers(seconds=1.0)
    assert time.perf_counter() - began < 2.0
    assert isinstance(listing, Failure)


_MANY = [{**KRAKOW, "providerId": f"id{number}"} for number in range(50)]


@pytest.mark.parametrize(
    ("state", "seconds", "failures"),
    [
        pytest.param({}, 20.0, {}, id="all providers"),
        pytest.param({"privileged": False}, 20.0, {Reason.FORBIDDEN: 1}, id="those of the token's user"),
        pytest.param({"clusters": {}}, 20.0, {Reason.NOT_FOUND: 1}, id="a provider without cluster"),
        pytest.param({"raw": {"/providers": "{"}}, 20.0, {Reason.INVALID_BODY: 1}, id="no list"),
        pytest.param({"providers": _MANY, "delay": 0.4}, 1.0, {}, id="cut by its end"),
    ],
)
async def test_every_request_that_the_zone_has_read_is_counted_once(
    zone: RunningZone, state: dict[str, Any], seconds: float, failures: dict[Reason, int]
) -> None:
    zone.set_state(**state)
    await zone.list_providers(seconds=seconds)
    counted, _read = await eventually(zone.counted_and_read, lambda seen: seen[0] == seen[1])
    assert counted >= 1
    assert zone.counters.requests == {"providers": counted}
    found = {reason: number for (_operation, reason), number in zone.counters.failures.items()}
    assert found == failures
    assert zone.counters.phase_counts[Phase.TLS] >= 1


async def test_what_was_sent_for_a_list_is_counted_if_it_is_given_up(zone: RunningZone) -> None:
    zone.set_state(delay=20.0)
    listing = asyncio.create_task(zone.list_providers())
    await eventually(zone.counted_and_read, lambda seen: seen[1] == 1)
    listing.cancel()
    await asyncio.gather(listing, return_exceptions=True)
    assert await zone.counted_and_read() == (1, 1)
    assert zone.counters.failures == {}
