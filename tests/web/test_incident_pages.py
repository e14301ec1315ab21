"""The pages of incidents, and what they keep as evidence."""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer

from exporter.app import Exporter
from exporter.client.client import Client
from exporter.credentials import Auth, Secret
from exporter.polling.poller import Poller
from exporter.polling.rounds import Rounds
from exporter.settings.loading import load
from exporter.simulator import Fault, SimulatedZone
from exporter.state.incidents import Incident, Incidents
from exporter.targets import Target
from exporter.web.app import create_app
from tests.support.checkups import REFUSED, make_checkup, make_target
from tests.support.polling import target_at
from tests.support.servers import ScriptedServer, Wire
from tests.web.conftest import Backend

Pages = TestClient[Any, Any]
SECRET = "a-token-that-nobody-may-see"
LONG = "x" * 5000


class Watched:
    """A target that a real poller polls, and its pages."""

    def __init__(self, target: Target) -> None:
        self.backend, self.incidents, self.target = Backend(), Incidents(), target
        self.backend.know(target)
        self.client = Client(self.backend.report_bug)
        self.poller = Poller(self.backend.store, self.incidents, Rounds(self.client))

    async def poll(self) -> None:
        await self.poller.poll(self.target)

    def pages(self, **more: Any) -> Pages:
        return TestClient(TestServer(create_app(self.backend.pages(incidents=self.incidents, **more))))

    async def incidents_json(self, pages: Pages) -> list[dict[str, Any]]:
        answer = await pages.get("/api/v1/incidents")
        found: list[dict[str, Any]] = await answer.json()
        return found


@pytest.fixture
async def zone() -> AsyncIterator[SimulatedZone]:
    async with SimulatedZone() as zone:
        yield zone


async def test_a_stopped_worker_opens_an_incident_with_what_was_seen(
    zone: SimulatedZone, tmp_path: Path
) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(zone.ca_pem)
    watched = Watched(target_at(zone.proxy_url, zone.direct_url, ca_file))
    async with watched.pages(external_url="https://monitoring.domain.org/onedata/") as pages:
        await watched.poll()
        assert await watched.incidents_json(pages) == []
        await zone.set(Fault.WORKER_STOPPED, on=True)
        await watched.poll()
        (incident,) = await watched.incidents_json(pages)
        assert (incident["target"], incident["node"]) == ("zone", "")
        assert (incident["from"], incident["to"], incident["until"]) == ("ok", "proxy_down", None)
        assert incident["reasons"] == {"proxy": "connection_refused", "direct": None}
        assert incident["since"] == pytest.approx(time.time(), abs=30)
        answer = await pages.get(f"/api/v1/incidents/{incident['id']}")
        found = await answer.json()
        assert found["url"] == f"https://monitoring.domain.org/onedata/incidents/{incident['id']}"
        first, before = found["evidence"]["first_round"], found["evidence"]["round_before"]
        assert first["reasoning"][-1].endswith("proxy_down")
        assert before["diagnosis"] == "ok"
        (connection,) = before["paths"]["proxy"]["connections"]
        assert connection["chain"][0]["verified"] is True
        assert set(connection["phases"]) >= {"connect", "tls"}
        assert connection["address"].startswith("127.0.0.1:")
        configuration = before["paths"]["proxy"]["operations"][0]["exchanges"][0]
        assert configuration["request_head"].startswith("GET /api/v3/onepanel/configuration HTTP/1.1\nHost: ")
        assert configuration["response_head"].startswith("HTTP/1.1 200 OK\n")
        assert json.loads(configuration["body"])["clusterId"] == "onezone"
        refused = first["paths"]["proxy"]["operations"][0]["exchanges"][0]
        assert refused["classification"].startswith("connection_refused: ")
        page = await (await pages.get(f"/incidents/{incident['id']}")).text()
        assert "connection refused" in page.lower()
        assert "clusterId" in page
        ticket = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
        assert ticket is not None
        assert json.loads(html.unescape(ticket[1])) == found
        await zone.set(Fault.WORKER_STOPPED, on=False)
        await watched.poll()
        (closed,) = await watched.incidents_json(pages)
        assert closed["until"] is not None
        assert "<strong>open</strong>" not in await (await pages.get("/incidents")).text()
    await watched.client.close()
    assert not watched.backend.bugs


async def echo(wire: Wire) -> None:
    """Send back everything that it can: headers with secrets, and a long body that holds one."""
    while True:
        await wire.request()
        body = json.dumps({"id": SECRET, "text": LONG}).encode()
        secrets = f"Set-Cookie: {SECRET}\r\nX-Echo: Bearer {SECRET}"
        head = f"HTTP/1.1 500 Internal\r\n{secrets}\r\nContent-Type: text/html\r\n"
        await wire.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


async def test_known_secrets_are_redacted_and_everything_is_bounded() -> None:
    async with ScriptedServer(echo) as server:
        plain = target_at(f"http://127.0.0.1:{server.port}")
        target = make_target(name="zone", auth=Auth(token=Secret(SECRET)))
        target = Target(
            name="zone",
            url=plain.url,
            proxy_url=plain.proxy_url,
            direct_url=plain.direct_url,
            auth=target.auth,
            schedule=plain.schedule,
        )
        watched = Watched(target)
        async with watched.pages() as pages:
            await watched.poll()
            (incident,) = await watched.incidents_json(pages)
            assert incident["from"] == "unknown"
            text = await (await pages.get(f"/api/v1/incidents/{incident['id']}")).text()
            page = await (await pages.get(f"/incidents/{incident['id']}")).text()
        await watched.client.close()
    assert SECRET not in text + page
    assert "<redacted>" in text
    assert "Set-Cookie: <masked>" in text
    assert len(text) < 40_000
    assert json.loads(text)["evidence"]["round_before"] is None


async def test_the_incidents_of_one_target_are_listed() -> None:
    watched = Watched(make_target("a"))
    watched.backend.know(make_target("a"), make_target("b"))
    for name in ("a", "b"):
        state = watched.backend.store.state(name)
        assert state is not None
        watched.poller.record(state, make_checkup(state.target, proxy=REFUSED))
    async with watched.pages() as pages:
        assert len(await watched.incidents_json(pages)) == 2
        answer = await pages.get("/api/v1/incidents?target=b")
        assert [each["target"] for each in await answer.json()] == ["b"]
        page = await (await pages.get("/incidents?target=b")).text()
        assert "<bdi>b</bdi>" in page
        assert "<bdi>a</bdi>" not in page
        target = await (await pages.get("/api/v1/targets/b")).json()
        assert [each["to"] for each in target["incidents"]] == ["proxy_down"]
        assert [each["state"] for each in target["history"]["diagnosis"]] == ["proxy_down"]
        assert len(target["rounds"]) == 1
    await watched.client.close()


async def test_an_incident_of_a_damaged_or_newer_file_still_has_a_page() -> None:
    watched = Watched(make_target())
    incident = Incident("x1", "gone", "", "ok", "a_diagnosis_of_tomorrow", 10.0, 20.0, {}, b"damaged")
    watched.incidents.restore([incident])
    async with watched.pages() as pages:
        for path in ("/incidents", "/incidents/x1"):
            assert "a diagnosis of tomorrow" in await (await pages.get(path)).text()
        answer = await (await pages.get("/api/v1/incidents/x1")).json()
        assert answer["evidence"] == {"first_round": None, "round_before": None}
    await watched.client.close()
    assert not watched.backend.bugs


async def test_an_incident_that_is_not_kept_is_not_found() -> None:
    watched = Watched(make_target())
    async with watched.pages() as pages:
        for path in ("/incidents/x", "/api/v1/incidents/x", "/api/v1/targets/x"):
            answer = await pages.get(path)
            assert answer.status == 404
            assert (await answer.text()).endswith(".\n")
        assert "No incidents since" in await (await pages.get("/incidents")).text()
    await watched.client.close()


async def test_the_history_file_of_the_configuration_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "onedata-exporter.yml"
    file.write_text(
        json.dumps(
            {
                "poll": {"interval": "300ms", "timeout": "200ms"},
                "history": {"file": "history.sqlite"},
                "web": {"listen_addresses": ["127.0.0.1:0"]},
                "targets": [{"name": "a", "url": "https://127.0.0.1:1", "direct_url": "https://127.0.0.1:2"}],
            }
        )
    )
    ids = []
    for _ in range(2):
        async with Exporter(load(file, environ={})) as exporter:
            await exporter.store.states[0].first_poll_done.wait()
            ids += [each.incident_id for each in exporter.incidents.latest_first()]
    assert (tmp_path / "history.sqlite").stat().st_mode & 0o777 == 0o600
    assert len(ids) == 2
    assert ids[0] == ids[1]


async def test_a_rejected_reload_is_shown_until_one_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "onedata-exporter.yml"
    valid = json.dumps(
        {
            "web": {"listen_addresses": ["127.0.0.1:0"], "enable_lifecycle": True},
            "targets": [{"name": "a", "url": "https://127.0.0.1:1", "direct_url": "https://127.0.0.1:2"}],
        }
    )
    file.write_text(valid)
    async with (
        Exporter(load(file, environ={}), lambda: load(file, environ={})) as exporter,
        ClientSession(f"http://{exporter.addresses[0]}") as client,
    ):

        async def is_shown() -> bool:
            return "The configuration file is invalid" in await (await client.get("/")).text()

        async def reload() -> tuple[int, str]:
            answer = await client.post("/-/reload")
            return answer.status, await answer.text()

        assert not await is_shown()
        file.write_text("targets: [")
        assert await reload() == (500, "the configuration was refused; the log has the reason\n")
        assert await is_shown()
        file.write_text(valid)
        assert await reload() == (200, "configuration reloaded\n")
        assert not await is_shown()


async def test_a_round_that_several_requests_get_is_recorded_once(tmp_path: Path) -> None:
    file = tmp_path / "onedata-exporter.yml"
    file.write_text(
        json.dumps(
            {
                "poll": {"interval": "1h", "timeout": "1s"},
                "web": {"listen_addresses": ["127.0.0.1:0"]},
                "targets": [{"name": "a", "url": "https://127.0.0.1:1", "direct_url": "https://127.0.0.1:2"}],
            }
        )
    )
    async with (
        Exporter(load(file, environ={})) as exporter,
        ClientSession(f"http://{exporter.addresses[0]}") as client,
    ):
        (state,) = exporter.store.states
        await state.first_poll_done.wait()
        await asyncio.gather(*(client.post("/targets/a/poll") for _ in range(5)))
        await client.post("/targets/a/poll")
        assert state.polls == 2
        first, second = state.history
        assert first.finished_at < second.finished_at
