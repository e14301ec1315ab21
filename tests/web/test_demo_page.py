from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from exporter.simulator import INSTANT, Authority, FederationFault, SimulatedFederation, SimulatedZone
from exporter.simulator.faults import Fault
from exporter.simulator.host_state import WELL, Worker
from exporter.simulator.page import add_demo_page, undo
from exporter.web.app import create_app
from tests.support.checkups import REFUSED, ZONE, make_checkup, make_target
from tests.web.conftest import Backend

Client = TestClient[Any, Any]
AT_ZONE = "https://127.0.0.1"
STOP_WORKER = "/demo/faults/worker_stopped"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def federation(authority: Authority) -> AsyncIterator[SimulatedFederation]:
    async with SimulatedFederation(authority=authority, timing=INSTANT) as federation:
        yield federation


@pytest.fixture
def zone(federation: SimulatedFederation) -> SimulatedZone:
    return federation.zone


@pytest.fixture
async def client(backend: Backend, federation: SimulatedFederation) -> AsyncIterator[Client]:
    app = create_app(backend.pages())
    add_demo_page(app, federation, backend.store)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_every_fault_has_a_switch(client: Client) -> None:
    page = await (await client.get("/demo")).text()
    assert all(f'action="/demo/faults/{fault.value}"' in page for fault in Fault)
    assert "Stop the worker</button>" in page


async def test_the_page_of_a_provider_switches_its_own_faults(
    client: Client, federation: SimulatedFederation
) -> None:
    page = await (await client.get("/demo?member=krakow")).text()
    assert 'action="/demo/faults/cut_off"' in page
    assert 'action="/demo/faults/list_emptied"' not in page
    assert "The exporter does not monitor this cluster." in page
    form = {"on": "1", "member": "krakow"}
    answer = await client.post("/demo/faults/cut_off", data=form, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/demo?member=krakow#cut_off")
    assert federation.faults("krakow") == {FederationFault.CUT_OFF}
    assert "1 fault<" in await (await client.get("/demo")).text()
    await client.post("/demo/recovery", data={"member": "krakow"})
    assert not federation.faults("krakow")


async def test_the_page_of_a_cluster_shows_the_targets_at_its_address(
    client: Client, backend: Backend
) -> None:
    for name, address in {"the-zone": "127.0.0.1", "the-provider": "127.1.0.2"}.items():
        backend.know(replace(make_target(name), url=f"https://{address}"))
    zone, provider = [await (await client.get(page)).text() for page in ("/demo", "/demo?member=krakow")]
    assert ["first round pending" in page for page in (zone, provider)] == [True, True]
    assert "not monitored" in await (await client.get("/demo?member=lisbon")).text()
    assert "The exporter does not monitor this cluster." not in provider


async def test_a_switch_switches_a_fault_on_and_off(client: Client, zone: SimulatedZone) -> None:
    answer = await client.post(STOP_WORKER, data={"on": "1"}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/demo#worker_stopped")
    assert zone.faults == {Fault.WORKER_STOPPED}
    assert "Start the worker</button>" in await (await client.get("/demo")).text()
    await client.post(STOP_WORKER, data={"on": "0"})
    assert not zone.faults


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=", b"on=1"),
        ("multipart/form-data", b"on=1"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n1\r\n--x--"),
        ("application/x-www-form-urlencoded; charset=nowhere", b"off=1"),
        ("application/x-www-form-urlencoded", b"\xff=\xfe"),
        ("application/x-www-form-urlencoded", b"&" * 4000),
        ("application/x-www-form-urlencoded", b"on=1&" * 100),
        ("", b"on=1"),
    ],
)
async def test_a_form_that_no_browser_sends_is_refused(
    client: Client, content_type: str, body: bytes
) -> None:
    answer = await client.post(STOP_WORKER, data=body, headers={"Content-Type": content_type})
    assert answer.status == 400
    assert "on=1" in await answer.text()


async def test_one_button_makes_everything_work_again(client: Client, zone: SimulatedZone) -> None:
    await zone.only(Fault.WORKER_STOPPED, Fault.BREAKER_OPEN)
    answer = await client.post("/demo/recovery", allow_redirects=False)
    assert (answer.status, zone.faults) == (303, frozenset())


async def test_the_button_starts_what_was_stopped_by_way_of_onepanel(
    client: Client, zone: SimulatedZone
) -> None:
    async def can_recover() -> bool:
        return '<button class="recovery" disabled>' not in await (await client.get("/demo")).text()

    assert not await can_recover()
    await zone.change_node("node1", worker=Worker.STOPPED)
    assert await can_recover()
    await client.post("/demo/recovery")
    assert not await can_recover()
    assert zone.cluster.host_state(zone.nodes["node1"].host) == WELL


async def test_the_page_shows_findings_beside_the_diagnosis_ok(client: Client, backend: Backend) -> None:
    backend.know(target := replace(make_target(), url=AT_ZONE))
    backend.record(make_checkup(target, facts=replace(ZONE, complete=False)))
    assert (
        "configuration: the server gave only its reduced answer" in await (await client.get("/demo")).text()
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://demo.example", "Host": "demo.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", [STOP_WORKER, "/demo/recovery"])
async def test_another_site_cannot_push_the_buttons(
    client: Client, zone: SimulatedZone, headers: dict[str, str], path: str
) -> None:
    await zone.only(Fault.LATENCY)
    answer = await client.post(path, data={"on": "1"}, headers=headers, allow_redirects=False)
    assert answer.status == 403
    assert "another site" in await answer.text()
    assert zone.faults == {Fault.LATENCY}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://demo.example:1", "Host": "demo.example:1"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_its_own_pages_and_programs_can(
    client: Client, zone: SimulatedZone, headers: dict[str, str]
) -> None:
    answer = await client.post(STOP_WORKER, data={"on": "1"}, headers=headers, allow_redirects=False)
    assert answer.status == 303
    assert zone.faults


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/demo/faults/nothing", {"on": "1"}, 404),
        (STOP_WORKER, {"on": "2"}, 400),
        (STOP_WORKER, {}, 400),
        (STOP_WORKER, {"on": "1" * 5000}, 413),
        (STOP_WORKER, {"on": "1", "member": "nothing"}, 404),
        ("/demo/faults/cut_off", {"on": "1"}, 400),
    ],
)
async def test_a_form_that_makes_no_sense_changes_nothing(
    client: Client, zone: SimulatedZone, path: str, form: dict[str, str], status: int
) -> None:
    answer = await client.post(path, data=form, allow_redirects=False)
    assert answer.status == status
    assert not zone.faults


async def test_a_switch_is_no_link(client: Client, zone: SimulatedZone) -> None:
    answer = await client.get(STOP_WORKER)
    assert answer.status == 405
    assert not zone.faults


async def test_the_diagnosis_is_shown_beside_the_switches(client: Client, backend: Backend) -> None:
    backend.know(target := replace(make_target(), url=AT_ZONE))
    backend.record(make_checkup(target, proxy=REFUSED))
    page = await (await client.get("/demo")).text()
    assert "proxy down" in page
    assert "The worker is down: restart it" in page
    assert "refuses connections" in page
    assert '<meta http-equiv="refresh" content="10">' in page


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.WORKER_STOPPED, "start the worker"),
        (Fault.DIRECT_CLOSED, "open port 9443 to the outside"),
        (Fault.BREAKER_OPEN, "undo: fill the database's disk"),
    ],
)
def test_the_button_of_an_active_fault_names_its_opposite(fault: Fault, words: str) -> None:
    assert undo(fault) == words
