"""A simulated Oneprovider: what it reports of itself, and under which URLs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from exporter.simulator import INSTANT, Authority, Cluster, Fault, Provider, SimulatedZone
from exporter.targets import AccessPath, Kind
from tests.simulator.asking import ask
from tests.simulator.plain_client import Client

NAMES = ("providerId", "providerName", "providerDomain")


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    cluster = Cluster(kind=Kind.ONEPROVIDER)
    async with SimulatedZone(authority=authority, cluster=cluster, timing=INSTANT) as zone:
        yield zone


async def configuration(client: Client) -> dict[str, Any]:
    facts = (await ask(client, "configuration", headers={})).value
    assert isinstance(facts, dict)
    return facts


async def test_a_registered_oneprovider_names_itself(client: Client) -> None:
    provider = Provider()
    assert await configuration(client) == {
        "serviceType": "oneprovider",
        "clusterId": provider.id,
        "providerId": provider.id,
        "providerName": provider.name,
        "providerDomain": provider.domain,
        "zoneDomain": "onezone.example",
        "isRegistered": True,
        "deployed": True,
        "version": "21.02.7",
        "build": "8-ge9fd9a78",
    }


async def test_without_a_worker_it_is_registered_and_nameless(zone: SimulatedZone, client: Client) -> None:
    await zone.only(Fault.WORKER_STOPPED)
    facts = await configuration(client)
    assert facts["isRegistered"] is True
    assert [facts[key] for key in NAMES] == [None, None, None]


async def test_an_unregistered_one_has_no_identity(zone: SimulatedZone, client: Client) -> None:
    await zone.change(provider=None)
    facts = await configuration(client)
    assert facts["isRegistered"] is False
    assert [facts[key] for key in (*NAMES, "clusterId", "zoneDomain")] == [None] * 5
    assert (await ask(client, "cluster")).status == 404


async def test_version_20_02_knows_less(zone: SimulatedZone, client: Client) -> None:
    await zone.only(Fault.OLD_VERSION)
    facts = await configuration(client)
    assert "providerId" in facts
    assert not {"providerName", "providerDomain"} & set(facts)
    assert (await client.ask(AccessPath.DIRECT, "/api/v3/onepanel/health")).status == 404


async def test_its_service_is_called_provider(client: Client) -> None:
    assert (await ask(client, "provider/workers")).value == {"127.0.0.1": "healthy"}
    assert "oneprovider" in (await ask(client, "provider/configuration")).value
    assert (await ask(client, "zone/workers")).status == 404
    assert [(await ask(client, f"{service}/users")).status for service in ("zone", "provider")] == [404, 404]
    assert "dnsZone" not in (await ask(client, "dns_check")).value
    assert (await ask(client, "node")).value["clusterType"] == "oneprovider"
    assert (await ask(client, "cluster")).value["serviceId"] == Provider().id
    assert (await ask(client, "web_cert")).value["domain"] == Provider().domain


async def test_its_worker_reports_under_its_own_name(client: Client) -> None:
    report = (await client.ask(AccessPath.PROXY, "/nagios")).body
    assert b'<op_worker name="op_worker@127.0.0.1" status="ok">' in report
    assert (await client.ask(AccessPath.PROXY, "/api/v3/oneprovider/health")).status == 200
    assert (await client.ask(AccessPath.PROXY, "/api/v3/onezone/health")).status == 404


async def test_a_token_needs_its_own_worker(zone: SimulatedZone, client: Client) -> None:
    await zone.only(Fault.NOT_DEPLOYED)
    response = await ask(client, "hosts", headers={"x-auth-token": "simulated-token"})
    assert response.value["error"]["details"] == {"service": "op_worker"}
