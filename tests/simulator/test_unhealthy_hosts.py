"""Faults of Onepanel's own parts, of a neighbour, and of the network, in detail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from exporter.simulator import Authority, Fault, SimulatedZone, Timing
from exporter.simulator.neighbour import FrozenNeighbour
from exporter.targets import AccessPath
from tests.simulator.asking import PASSPHRASE, ROOT, ask
from tests.simulator.plain_client import Client

TIMING = Timing(scale=0.0, first_stall_seconds=0.6, stall_seconds=0.2, hang_seconds=0.3)
ADMINISTRATOR = {"x-auth-token": "simulated-token"}
MEMBER = {"x-auth-token": "simulated-member-token"}


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    async with SimulatedZone(nodes=2, authority=authority, timing=TIMING) as zone:
        yield zone


async def test_a_stuck_executor_fails_components_and_certificate_of_its_node_alone(
    zone: SimulatedZone,
) -> None:
    await zone.set(Fault.EXECUTOR_STUCK, on=True, node="node1")
    first, second = (Client(zone, node) for node in zone.nodes)
    host = zone.nodes["node2"].host
    stuck = ("zone/workers", "zone/managers", "zone/databases", f"zone/workers/{host}", "web_cert")
    for operation in stuck:
        assert [(await ask(client, operation)).status for client in (first, second)] == [500, 200]
    for operation in ("health", "configuration"):
        assert (await ask(first, operation, headers={})).status == 200
    assert (await ask(first, "hosts")).status == 200


async def test_without_its_database_onepanel_verifies_no_credentials(zone: SimulatedZone) -> None:
    await zone.only(Fault.DATABASE_DOWN)
    client = Client(zone)
    for operation, status in {"node": 200, "health": 500, "configuration": 500, "hosts": 401}.items():
        assert (await ask(client, operation, headers={})).status == status
    for headers in (PASSPHRASE, ADMINISTRATOR, {"authorization": "Basic !"}):
        response = await ask(client, "health", headers=headers)
        assert (response.status, response.error_id) == (401, "unauthorized")
        assert "details" not in response.value["error"]


async def test_a_locked_table_leaves_configuration_alone_without_an_answer(zone: SimulatedZone) -> None:
    await zone.only(Fault.TABLE_LOCKED)
    client = Client(zone)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await ask(client, "configuration", headers={})
    assert (await ask(client, "health", headers={})).status == 200
    assert (await ask(client, "zone/workers")).status == 200
    assert zone.request_logs[AccessPath.DIRECT].count("/configuration", 0) == 1


async def test_a_user_is_shown_with_privileges_and_the_passphrase_has_none(zone: SimulatedZone) -> None:
    client = Client(zone)
    privileges = [
        (await ask(client, "user", headers=headers)).value["clusterPrivileges"]
        for headers in (ADMINISTRATOR, MEMBER)
    ]
    assert ["cluster_update" in one for one in privileges] == [True, False]
    assert (await ask(client, "user")).status == 404
    assert (await ask(client, "user", headers={})).status == 401


async def test_every_second_connection_is_reset_after_its_request(zone: SimulatedZone) -> None:
    await zone.only(Fault.PROXY_LOSSY)
    client = Client(zone)
    outcomes: list[int] = []
    for _ in range(4):
        try:
            outcomes.append((await client.ask(AccessPath.PROXY, ROOT + "health")).status)
        except ConnectionResetError:
            outcomes.append(0)
    assert outcomes == [0, 200, 0, 200]
    log = zone.request_logs[AccessPath.PROXY]
    assert (log.count("/health", 0), log.count("/health", 200)) == (2, 2)


@pytest.mark.parametrize(
    ("elapsed_seconds", "stalled_seconds", "other_seconds"),
    [(0.0, 0.6, 0.0), (0.2, 0.4, 0.0), (0.4, 0.2, 0.2), (0.5, 0.1, 0.1), (0.7, 0.2, 0.0), (60.0, 0.2, 0.0)],
)
def test_a_frozen_neighbour_delays_first_for_long_then_briefly_and_once_everything(
    elapsed_seconds: float, stalled_seconds: float, other_seconds: float
) -> None:
    clock = [1000.0]
    neighbour = FrozenNeighbour(TIMING, lambda: clock[0])
    neighbour.notice(frozen=True)
    clock[0] += elapsed_seconds
    neighbour.notice(frozen=True)
    assert neighbour.delay_seconds(stalled=True) == pytest.approx(stalled_seconds)
    assert neighbour.delay_seconds(stalled=False) == pytest.approx(other_seconds)
    neighbour.notice(frozen=False)
    assert neighbour.delay_seconds(stalled=True) == 0.0
