"""Services that Onepanel starts and stops, on all hosts or on one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from exporter.simulator import INSTANT, Authority, Fault, HostState, SimulatedZone
from exporter.targets import AccessPath
from tests.simulator.asking import PASSPHRASE, JsonResponse, ask
from tests.simulator.plain_client import Client

ADMINISTRATOR = {"x-auth-token": "simulated-token"}
MEMBER = {"x-auth-token": "simulated-member-token"}
HOSTS = [f"node{number}.onezone.example" for number in (1, 2)]
SERVICES = pytest.mark.parametrize("service", ["workers", "managers", "databases"])


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    async with SimulatedZone(nodes=2, authority=authority, timing=INSTANT) as zone:
        yield zone


async def switch(client: Client, what: str, headers: Mapping[str, str] = PASSPHRASE) -> JsonResponse:
    return await ask(client, f"zone/{what}", method="PATCH", headers=headers)


async def words(client: Client, service: str) -> list[str]:
    response = await ask(client, f"zone/{service}")
    return [response.value[host] for host in HOSTS]


@SERVICES
async def test_a_service_is_stopped_and_started_on_every_host(client: Client, service: str) -> None:
    assert await switch(client, f"{service}?started=false") == (204, None)
    assert await words(client, service) == ["stopped", "stopped"]
    assert await switch(client, f"{service}?started=true") == (204, None)
    assert await words(client, service) == ["healthy", "healthy"]
    assert await switch(client, service) == (204, None)
    assert await words(client, service) == ["healthy", "healthy"]


@SERVICES
async def test_a_service_is_stopped_and_started_on_one_host(client: Client, service: str) -> None:
    await switch(client, f"{service}/{HOSTS[1]}?started=false")
    assert await words(client, service) == ["healthy", "stopped"]
    await switch(client, f"{service}/{HOSTS[0]}")
    assert await words(client, service) == ["healthy", "stopped"]
    await switch(client, f"{service}/{HOSTS[1]}")
    assert await words(client, service) == ["healthy", "healthy"]


async def test_a_worker_that_was_stopped_opens_its_port_once_it_is_started(
    zone: SimulatedZone, client: Client
) -> None:
    await zone.set(Fault.WORKER_STOPPED, on=True)
    with pytest.raises(ConnectionRefusedError):
        await ask(client, "configuration", path=AccessPath.PROXY, headers={})
    await switch(client, "workers?started=true")
    assert (await ask(client, "configuration", path=AccessPath.PROXY, headers={})).status == 200
    assert zone.faults == set()


async def test_a_start_does_not_mend_an_unhealthy_service(zone: SimulatedZone, client: Client) -> None:
    unhealthy = HostState(words={"databases": "unhealthy"}, modules={"datastore_worker": "error"})
    await zone.change(host_states={HOSTS[0]: unhealthy})
    await switch(client, "databases")
    await switch(client, "workers")
    assert [(await words(client, service))[0] for service in ("databases", "workers")] == ["unhealthy"] * 2


async def test_only_administrators_may(zone: SimulatedZone, client: Client) -> None:
    answered = [
        (await switch(client, "databases", headers)).status for headers in ({}, MEMBER, ADMINISTRATOR)
    ]
    assert answered == [401, 403, 204]
    await zone.set(Fault.NOT_DEPLOYED, on=True)
    assert (await switch(client, "databases")).error_id == "notFound"


@pytest.mark.parametrize(
    ("what", "failure_of"),
    [
        ("databases?started=maybe", (400, "badValueBoolean")),
        ("databases?started=", (400, "badValueBoolean")),
        ("databases/elsewhere.example", (404, "notFound")),
    ],
)
async def test_what_makes_no_sense_is_refused(client: Client, what: str, failure_of: tuple[int, str]) -> None:
    response = await switch(client, what)
    assert (response.status, response.error_id) == failure_of


async def test_no_service_changes_while_a_host_is_unreachable(zone: SimulatedZone, client: Client) -> None:
    await zone.set(Fault.PANEL_STOPPED, on=True, node="node2")
    assert (await switch(client, "databases?started=false")).error_id == "errorOnNodes"
    assert zone.cluster.host_state(HOSTS[0]).status("databases") == "healthy"
