"""Several nodes: each with its own ports and faults, and what one that is down does to the others' answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from exporter.client.client import Client as ExporterClient
from exporter.client.routes_seen import RoutesSeen
from exporter.credentials import Auth, Secret
from exporter.operations import OPERATIONS
from exporter.operations.component_status import ComponentStatus
from exporter.operations.operation import Known
from exporter.simulator import Authority, Cluster, Fault, HostState, Panel, SimulatedZone, Timing, Worker
from exporter.targets import AccessPath, Kind, Node, Route, Schedule, Target, TlsOptions
from tests.simulator.asking import PASSPHRASE, ROOT, ask
from tests.simulator.plain_client import Client

STALL_SECONDS = 0.3
PACE = Timing(
    scale=0.0,
    connect_timeout_seconds=1.0,
    receive_timeout_seconds=1.0,
    first_stall_seconds=0.0,
    stall_seconds=STALL_SECONDS,
    hang_seconds=0.0,
)
COMPONENTS = pytest.mark.parametrize("component", ["workers", "managers", "databases"])
HOSTS = [f"node{number}.onezone.example" for number in (1, 2, 3)]
FAULTY = HOSTS[1]


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    async with SimulatedZone(nodes=3, authority=authority, timing=PACE) as zone:
        yield zone


@pytest.fixture
def clients(zone: SimulatedZone) -> list[Client]:
    return [Client(zone, node) for node in zone.nodes]


async def test_nodes_share_their_ports_and_have_names_and_addresses_of_their_own(
    zone: SimulatedZone, clients: list[Client]
) -> None:
    assert zone.node_addresses == {"node1": "127.0.0.1", "node2": "127.0.0.2", "node3": "127.0.0.3"}
    assert zone.proxy_url.startswith("https://onezone.example:")
    for path in AccessPath:
        responses = [await ask(client, "node", path=path) for client in clients]
        assert [one.value["hostname"] for one in responses] == HOSTS
    assert [node.request_logs[AccessPath.PROXY].count("/node") for node in zone.nodes.values()] == [1, 1, 1]


@COMPONENTS
async def test_a_stopped_onepanel_costs_the_whole_map_and_no_single_status(
    zone: SimulatedZone, clients: list[Client], component: str
) -> None:
    assert (await ask(clients[0], f"zone/{component}")).value == dict.fromkeys(HOSTS, "healthy")
    await zone.set(Fault.PANEL_STOPPED, on=True, node="node2")
    for client in (clients[0], clients[2]):
        response = await ask(client, f"zone/{component}")
        assert (response.status, response.error_id) == (503, "errorOnNodes")
        assert response.value["error"]["details"]["hostnames"] == [FAULTY]
        assert [(await ask(client, f"zone/{component}/{host}")).status for host in HOSTS] == [200, 503, 200]


async def test_a_stopped_onepanel_makes_every_node_unhealthy_and_is_still_listed(
    zone: SimulatedZone, clients: list[Client]
) -> None:
    await zone.set(Fault.PANEL_STOPPED, on=True, node="node2")
    for client in (clients[0], clients[2]):
        assert (await ask(client, "health", headers={})).status == 500
        assert (await ask(client, "configuration", headers={})).status == 200
        assert (await ask(client, "hosts")).value == HOSTS
        assert (await ask(client, "zone/configuration")).value["cluster"]["workers"]["hosts"] == HOSTS
        report = await client.ask(AccessPath.DIRECT, ROOT + "zone/nagios", headers=PASSPHRASE)
        assert (report.status, report.headers["content-type"]) == (200, "application/xml")
    with pytest.raises(ConnectionRefusedError):
        await clients[1].connect(AccessPath.DIRECT)
    assert (await ask(clients[1], "health", headers={}, path=AccessPath.PROXY)).status == 503


async def test_a_frozen_onepanel_holds_up_what_asks_it_and_nothing_else(
    zone: SimulatedZone, clients: list[Client]
) -> None:
    await zone.set(Fault.PANEL_FROZEN, on=True, node="node2")
    held_up = {"health": 500, "zone/workers": 503, f"zone/managers/{FAULTY}": 503, "zone/nagios": 503}
    at_once = {"configuration": 200, "hosts": 200, "zone/configuration": 200, f"zone/workers/{HOSTS[2]}": 200}
    loop = asyncio.get_running_loop()
    for operation, status in {**held_up, **at_once}.items():
        began = loop.time()
        assert (await ask(clients[0], operation)).status == status
        assert (loop.time() - began >= STALL_SECONDS) == (operation in held_up), operation
    await zone.only(node="node2")
    assert (await ask(clients[0], "zone/workers")).value == dict.fromkeys(HOSTS, "healthy")


async def test_a_host_that_left_makes_the_lists_bad_and_one_whole_again(
    zone: SimulatedZone, clients: list[Client]
) -> None:
    await zone.change_node("node2", forgotten=True)
    response = await ask(clients[0], "zone/workers")
    assert (response.status, response.error_id) == (400, "badValueListNotAllowed")
    assert response.value["error"]["details"]["allowed"] == [HOSTS[0], HOSTS[2]]
    assert (await ask(clients[0], f"zone/workers/{HOSTS[2]}")).value == "healthy"
    assert (await ask(clients[0], "health")).status == 200


WORKERS = {
    Worker.STOPPED: "stopped",
    Worker.MISSING: "missing",
    Worker.HANGING: "unhealthy",
    Worker.LISTENER_CLOSED: "unhealthy",
    Worker.FAILING: "unhealthy",
}


@pytest.mark.parametrize("worker", WORKERS)
async def test_one_unhealthy_worker_is_reported_alone_and_makes_users_unavailable(
    zone: SimulatedZone, clients: list[Client], worker: Worker
) -> None:
    await zone.change_node("node2", worker=worker)
    answer = (await ask(clients[0], "zone/workers")).value
    assert answer == {HOSTS[0]: "healthy", FAULTY: WORKERS[worker], HOSTS[2]: "healthy"}
    assert (await ask(clients[0], "health")).status == 200
    response = await ask(clients[0], "zone/users", path=AccessPath.PROXY)
    assert (response.status, response.error_id) == (503, "serviceUnavailable")


async def test_operations_on_users_fail_when_it_is_the_turn_of_a_dead_host(
    zone: SimulatedZone, clients: list[Client]
) -> None:
    await zone.set(Fault.HOST_DOWN, on=True, node="node2")
    statuses = [(await ask(clients[0], "zone/users")).status for _ in range(6)]
    assert statuses == [503, 200, 200] * 2
    response = await ask(clients[0], "web_cert")
    assert (response.status, response.error_id) == (503, "errorOnNodes")


async def test_one_unhealthy_manager_makes_users_unavailable(
    zone: SimulatedZone, clients: list[Client]
) -> None:
    await zone.change_node("node3", words={"managers": "unhealthy"})
    assert (await ask(clients[0], "zone/users")).status == 503


async def test_modules_that_are_not_ok_show_in_every_nodes_report(
    zone: SimulatedZone, clients: list[Client]
) -> None:
    await zone.change_node("node2", modules={"dispatcher": "out_of_sync"})
    await zone.change_node("node3", modules={"gs_worker": 'error: no "db" <&>'})
    report = (await clients[0].ask(AccessPath.PROXY, "/nagios")).body.decode()
    assert report.partition("<oz_worker")[0].endswith(' status="error">')
    assert f'name="oz_worker@{FAULTY}" status="out_of_sync"' in report
    assert "'error: no \"db\" &lt;&amp;&gt;'" in report
    answer = (await ask(clients[0], "zone/workers")).value
    assert answer == {HOSTS[0]: "healthy", FAULTY: "unhealthy", HOSTS[2]: "unhealthy"}


HOSTILE = 'a\nb"c\0' + "x" * 1_000_000


async def test_any_text_can_be_a_status(zone: SimulatedZone, clients: list[Client]) -> None:
    await zone.change_node("node3", words={"managers": HOSTILE, "databases": "starting"})
    assert (await ask(clients[0], "zone/managers")).value[HOSTS[2]] == HOSTILE
    assert (await ask(clients[0], f"zone/databases/{HOSTS[2]}")).value == "starting"


async def test_a_cluster_can_have_ten_thousand_hosts_of_hostile_names(authority: Authority) -> None:
    hosts = ("127.0.0.1", HOSTILE, *(f"host-{number}" for number in range(10_000)))
    words = {HOSTILE: HostState(words={"workers": "stopping"})}
    cluster = Cluster(hosts=hosts, host_states=words)
    async with SimulatedZone(authority=authority, cluster=cluster, timing=PACE) as zone:
        answer = (await ask(Client(zone), "zone/workers")).value
        assert len(answer) == 10_002
        assert answer[HOSTILE] == "stopping"
        assert (await ask(Client(zone), "zone/workers/host-9999")).value == "healthy"


async def test_a_host_is_asked_for_by_its_name_in_url_encoding(authority: Authority) -> None:
    name = "a/b c?#%"
    cluster = Cluster(hosts=(name,), host_states={name: HostState(words={"workers": "starting"})})
    async with SimulatedZone(authority=authority, cluster=cluster, timing=PACE) as zone:
        assert (await ask(Client(zone), f"zone/workers/{quote(name, safe='')}")).value == "starting"


async def test_faults_of_one_node_are_set_independently(zone: SimulatedZone, clients: list[Client]) -> None:
    await zone.set(Fault.HOST_DOWN, on=True, node="node3")
    await zone.set(Fault.WORKER_STOPPED, on=True, node="node2")
    assert zone.faults == {Fault.HOST_DOWN, Fault.WORKER_STOPPED}
    assert zone.cluster.host_state(HOSTS[2]).panel is Panel.STOPPED
    for client in clients[1:]:
        with pytest.raises(ConnectionRefusedError):
            await client.connect(AccessPath.PROXY)
    await zone.only()
    for client in clients:
        assert (await ask(client, "health", path=AccessPath.PROXY)).status == 200
    with pytest.raises(ValueError, match="there is no node9 among node1, node2, node3"):
        await zone.set(Fault.HOST_DOWN, on=True, node="node9")


async def test_what_concerns_the_whole_cluster_is_seen_on_every_node(
    zone: SimulatedZone, clients: list[Client]
) -> None:
    await zone.set(Fault.BREAKER_OPEN, on=True, node="node2")
    assert [(await ask(client, "configuration")).status for client in clients] == [503, 503, 503]


def target_of(zone: SimulatedZone, ca_file: Path) -> Target:
    return Target(
        name="zone",
        url="https://onezone.example",
        proxy_url=zone.proxy_url,
        direct_url=zone.direct_url,
        nodes=tuple(Node(name, address) for name, address in zone.node_addresses.items()),
        auth=Auth(passphrase=Secret(zone.cluster.passphrase)),
        tls=TlsOptions(ca_file=str(ca_file)),
        schedule=Schedule(interval=10.0, timeout=5.0),
    )


@pytest.mark.parametrize("fault", [Fault.PANEL_STOPPED, Fault.PANEL_FROZEN, Fault.HOST_DOWN])
async def test_the_exporter_keeps_the_status_of_every_other_host(
    zone: SimulatedZone, tmp_path: Path, fault: Fault
) -> None:
    await zone.set(fault, on=True, node="node2")
    target = target_of(zone, zone.authority.write_ca_file(tmp_path / "ca.pem"))
    client = ExporterClient(lambda where, bug: pytest.fail(f"{where}: {bug}"))
    seen = RoutesSeen(target.routes, [Route(AccessPath.DIRECT, "node1")])
    try:
        details = await client.poll_details(target, OPERATIONS, Known(Kind.ONEZONE), seen)
    finally:
        await client.close()
    answer = {
        seen.operation: {host: str(status) for host, status in seen.outcome.by_host.items()}
        for seen in details.observations
        if isinstance(seen.outcome, ComponentStatus)
    }
    expected = {HOSTS[0]: "healthy", FAULTY: "unreachable", HOSTS[2]: "healthy"}
    assert answer == dict.fromkeys(("workers", "managers", "databases"), expected)
