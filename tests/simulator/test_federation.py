"""A simulated federation: what the Onezone reports of its Oneproviders, and what breaks between them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from exporter.simulator import (
    INSTANT,
    Authority,
    Cluster,
    Fault,
    FederationFault,
    Registration,
    SimulatedFederation,
    SimulatedZone,
    Site,
    json_answer,
)
from exporter.simulator.membership import ZONE
from exporter.simulator.tokens import serialize
from exporter.targets import AccessPath
from tests.simulator.asking import PASSPHRASE, JsonResponse, ask
from tests.simulator.plain_client import Client

ADMINISTRATOR = serialize("service = ozw-onezone,ozp-onezone,opp-*", signature=b"administrator")
MEMBER = serialize("service = ozw-onezone", signature=b"member")
NO_WORKER = serialize("service = ozp-onezone", signature=b"panel only")
EXPIRED = serialize("time < 1700000000", signature=b"expired")
FACTS = Cluster(tokens=frozenset({ADMINISTRATOR, NO_WORKER, EXPIRED}), member_tokens=frozenset({MEMBER}))
SITES = (Site("first", "First", 1.0, 2.0), Site("second", "Second", 3.0, 4.0, members=False))
ALL = {"first", "second"}


@pytest.fixture
async def federation(authority: Authority) -> AsyncIterator[SimulatedFederation]:
    async with SimulatedFederation(
        sites=SITES, authority=authority, zone=FACTS, timing=INSTANT
    ) as federation:
        yield federation


def client_of(cluster: SimulatedZone) -> Client:
    return Client(cluster, server_name=cluster.node_addresses["node1"])


async def rest(cluster: SimulatedZone, target: str, token: str = "") -> JsonResponse:
    headers = {"x-auth-token": token} if token else {}
    heard = await client_of(cluster).ask(AccessPath.PROXY, target, headers=headers)
    return JsonResponse(heard.status, json.loads(heard.body) if heard.body else None)


async def of_zone(federation: SimulatedFederation, name: str, token: str = ADMINISTRATOR) -> JsonResponse:
    return await rest(federation.zone, f"/api/v3/onezone/{name}", token)


async def listed(federation: SimulatedFederation) -> dict[str, dict[str, Any]]:
    """The Oneproviders that the Onezone lists, by name."""
    ids = (await of_zone(federation, "providers")).value["providers"]
    facts = [(await of_zone(federation, f"providers/{one}")).value for one in ids]
    return {one["name"].lower(): one for one in facts}


async def connected(federation: SimulatedFederation, member: str) -> tuple[bool, str]:
    """Whether a Oneprovider is connected, in the words of the Onezone and in its own."""
    own = (await rest(federation.providers[member], "/nagios/oz_connectivity")).value["status"]
    return (await listed(federation))[member]["online"], own


async def test_every_member_listens_on_the_same_ports_of_its_own_address(
    federation: SimulatedFederation,
) -> None:
    proxy, direct = (federation.ports[path] for path in AccessPath)
    for member, address in {ZONE: "127.0.0.1", "first": "127.0.0.2", "second": "127.0.0.3"}.items():
        cluster = federation.members[member]
        assert cluster.proxy_url == f"https://{address}:{proxy}"
        assert cluster.direct_url == f"https://{address}:{direct}"
        response = await ask(client_of(cluster), "node", headers={})
        assert response.value["hostname"] == address


async def test_the_zone_lists_its_providers_to_administrators_and_members_see_theirs(
    federation: SimulatedFederation,
) -> None:
    first, second = (cluster.cluster.provider for cluster in federation.providers.values())
    assert first is not None
    assert second is not None
    ids = [first.id, second.id]
    assert (await of_zone(federation, "providers")).value == {"providers": ids}
    assert (await of_zone(federation, "clusters")).value == {"clusters": ["onezone", *ids]}
    assert [(await of_zone(federation, name, MEMBER)).status for name in ("providers", "clusters")] == [
        403
    ] * 2
    seen = await of_zone(federation, "user/effective_providers", MEMBER)
    assert seen.value == {"providers": [first.id]}
    assert (await of_zone(federation, f"providers/{second.id}", MEMBER)).status == 404
    facts = (await of_zone(federation, f"user/effective_providers/{first.id}", MEMBER)).value
    assert facts.items() >= {"name": "First", "domain": "127.0.0.2", "online": True, "latitude": 1.0}.items()
    cluster = (await of_zone(federation, f"user/effective_clusters/{first.id}", MEMBER)).value
    assert (cluster["type"], cluster["onepanelProxy"]) == ("oneprovider", True)
    assert cluster["workerVersion"]["release"] == "21.02.7"
    assert (await of_zone(federation, "clusters/onezone")).value["type"] == "onezone"


@pytest.mark.parametrize(
    ("token", "answer"),
    [
        ("", (401, "unauthorized", "")),
        ("garbage", (401, "unauthorized", "tokenInvalid")),
        (NO_WORKER, (401, "unauthorized", "tokenCaveatUnverified")),
        (EXPIRED, (401, "unauthorized", "tokenCaveatUnverified")),
    ],
    ids=["none", "garbage", "for Onepanel only", "expired"],
)
async def test_the_list_needs_a_token_for_the_worker(
    federation: SimulatedFederation, token: str, answer: tuple[int, str, str]
) -> None:
    response = await of_zone(federation, "providers", token)
    details = response.value["error"].get("details", {})
    assert (response.status, response.error_id, details.get("authError", {}).get("id", "")) == answer


async def test_the_worker_does_not_accept_the_passphrase_of_onepanel(federation: SimulatedFederation) -> None:
    heard = await client_of(federation.zone).ask(
        AccessPath.PROXY, "/api/v3/onezone/providers", headers=PASSPHRASE
    )
    assert heard.status == 401


async def test_public_facts_need_no_credentials(federation: SimulatedFederation) -> None:
    zone = (await of_zone(federation, "configuration", "")).value
    assert zone["domain"] == "127.0.0.1"
    assert "21.02.7" in zone["compatibleOneproviderVersions"]
    now = (await of_zone(federation, "provider/public/get_current_time", "")).value["timeMillis"] / 1000
    assert now == pytest.approx(time.time(), abs=5.0)
    provider = (await rest(federation.providers["first"], "/api/v3/oneprovider/configuration")).value
    assert (provider["name"], provider["domain"], provider["onezoneDomain"]) == (
        "First",
        "127.0.0.2",
        "127.0.0.1",
    )
    for cluster, kind in ((federation.zone, "onezone"), (federation.providers["first"], "oneprovider")):
        assert (await rest(cluster, f"/api/v3/{kind}/health")).value == {"status": "healthy"}
    assert (await rest(federation.zone, "/nagios/oz_connectivity")).status == 404


DISCONNECTING = [
    FederationFault.CUT_OFF,
    FederationFault.WRONG_CLOCK,
    FederationFault.INCOMPATIBLE_VERSION,
    Fault.PANEL_STOPPED,
]


@pytest.mark.parametrize("fault", DISCONNECTING, ids=lambda fault: fault.value)
async def test_a_fault_disconnects_one_provider_from_its_zone(
    federation: SimulatedFederation, fault: Fault | FederationFault
) -> None:
    await federation.set(fault, on=True, member="first")
    assert federation.faults("first") == {fault}
    # GraphSync connects workers: Onepanel has no part in it.
    expected = (True, "ok") if fault is Fault.PANEL_STOPPED else (False, "error")
    assert await connected(federation, "first") == expected
    assert await connected(federation, "second") == (True, "ok")
    await federation.set(fault, on=False, member="first")
    assert await connected(federation, "first") == (True, "ok")


async def test_a_provider_without_a_worker_is_offline(federation: SimulatedFederation) -> None:
    await federation.set(Fault.WORKER_STOPPED, on=True, member="first")
    assert [one["online"] for one in (await listed(federation)).values()] == [False, True]
    panel = client_of(federation.providers["first"])
    response = await ask(panel, "provider/workers?started=true", method="PATCH")
    assert response.status == 204
    assert await connected(federation, "first") == (True, "ok")


async def test_a_provider_that_is_cut_off_cannot_verify_tokens(federation: SimulatedFederation) -> None:
    panel, token = client_of(federation.providers["first"]), {"x-auth-token": ADMINISTRATOR}
    assert (await ask(panel, "hosts", headers=token)).value == ["127.0.0.2"]
    await federation.set(FederationFault.CUT_OFF, on=True, member="first")
    assert (await ask(panel, "hosts", headers=token)).error_id == "noConnectionToOnezone"
    assert (await ask(panel, "hosts")).status == 200
    await federation.set(FederationFault.UNREGISTERED, on=True, member="first")
    assert (await ask(panel, "hosts", headers=token)).error_id == "unregisteredOneprovider"


async def test_wrong_clocks_show_in_every_answer(federation: SimulatedFederation) -> None:
    async def offset_seconds(cluster: SimulatedZone, path: AccessPath, target: str) -> float:
        date = (await client_of(cluster).ask(path, target)).headers["date"]
        return parsedate_to_datetime(date).timestamp() - time.time()

    await federation.set(FederationFault.WRONG_CLOCK, on=True, member="first")
    for path in AccessPath:
        for target in ("/api/v3/onepanel/health", "/nagios"):
            offset = await offset_seconds(federation.providers["first"], path, target)
            assert offset == pytest.approx(600.0, abs=5.0)
    await federation.recover()
    await federation.set(FederationFault.ZONE_CLOCK, on=True)
    now = (await of_zone(federation, "provider/public/get_current_time", "")).value["timeMillis"] / 1000
    assert now - time.time() == pytest.approx(600.0, abs=5.0)
    assert [(await connected(federation, member))[0] for member in ("first", "second")] == [False, False]


@pytest.mark.parametrize("fault", [FederationFault.REMOVED, FederationFault.UNREGISTERED])
async def test_a_provider_that_left_is_no_longer_listed(
    federation: SimulatedFederation, fault: FederationFault
) -> None:
    await federation.set(fault, on=True, member="first")
    assert set(await listed(federation)) == {"second"}
    provider = federation.providers["first"]
    assert (await rest(provider, "/nagios/oz_connectivity")).value == {"status": "error"}
    own = await ask(client_of(provider), "configuration", headers={})
    assert own.value["isRegistered"] is (fault is FederationFault.REMOVED)
    await federation.recover()
    assert set(await listed(federation)) == ALL


async def test_a_changed_domain_leads_to_the_same_provider(
    federation: SimulatedFederation, authority: Authority
) -> None:
    await federation.set(FederationFault.DOMAIN_CHANGED, on=True, member="first")
    first = (await listed(federation))["first"]
    assert (first["domain"], first["online"]) == ("127.1.0.2", True)
    _reader, writer = await asyncio.open_connection(
        first["domain"],
        federation.ports[AccessPath.DIRECT],
        ssl=authority.client_context(),
        server_hostname=first["domain"],
    )
    writer.transport.abort()


async def test_the_list_can_be_emptied_and_hostile(federation: SimulatedFederation) -> None:
    await federation.set(FederationFault.LIST_EMPTIED, on=True)
    assert await listed(federation) == {}
    assert (await rest(federation.providers["first"], "/nagios/oz_connectivity")).value == {"status": "ok"}
    await federation.recover()
    million = [f"{number:x}" for number in range(1_000_000)]
    await federation.zone.change(worker_replies={"providers": json_answer({"providers": million})})
    assert len((await of_zone(federation, "providers")).value["providers"]) == 1_000_000
    await federation.zone.change(
        worker_replies={}, registrations=(Registration("x", "Elsewhere", "metadata.example"),)
    )
    assert (await of_zone(federation, "providers/x")).value["domain"] == "metadata.example"


async def test_a_fault_of_the_other_kind_of_cluster_is_refused(federation: SimulatedFederation) -> None:
    with pytest.raises(ValueError, match="list_emptied is no fault of first"):
        await federation.set(FederationFault.LIST_EMPTIED, on=True, member="first")
    with pytest.raises(ValueError, match="there is no third among zone, first, second"):
        await federation.set(Fault.WORKER_STOPPED, on=True, member="third")


async def test_it_starts_again_on_its_ports_which_no_other_can_take(authority: Authority) -> None:
    federation = SimulatedFederation(sites=SITES, authority=authority, timing=INSTANT)
    async with federation:
        ports = dict(federation.ports)
    async with federation:
        assert federation.ports == ports
        other = SimulatedFederation(
            sites=SITES, authority=authority, proxy_port=ports[AccessPath.PROXY], direct_port=1
        )
        with pytest.raises(OSError, match="in use"):
            await other.start()


async def test_a_thousand_members_have_addresses_of_their_own(authority: Authority) -> None:
    sites = tuple(Site(f"site{number}", f"Site {number}", 0.0, 0.0) for number in range(1000))
    federation = SimulatedFederation(sites=sites, authority=authority, timing=INSTANT)
    domains = {member.cluster.own_domain for member in federation.members.values()}
    assert len(domains) == 1001
    assert {"127.0.0.250", "127.0.1.1", "127.0.4.1"} <= domains
