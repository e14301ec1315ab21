"""The renewal of the certificate over the real client: Onepanel's view, port 80, and what /metrics shows of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporter.credentials import Auth
from exporter.diagnosis.renewal import Renewal
from exporter.observation import Details
from exporter.operations.port_80 import Port80
from exporter.reasons import Reason
from exporter.report import summarize
from exporter.simulator import INSTANT, Authority, HostState, SimulatedZone
from exporter.simulator.cluster import WebCertificate
from exporter.simulator.host_state import Worker
from tests.cluster.polled_target import PolledTarget, polled_zone, polling, target_at
from tests.support.checkups import make_target
from tests.support.servers import Script, ScriptedServer, answering_once, closed_port, http, silent
from tests.trust.hostile import OVER_TLS

REDIRECT = http(b"", "location: https://onezone.example:443/", status="301 Moved Permanently")
METRIC = "onedata_web_certificate_renewal"
# For the zone, too, on a busy machine.
LONG_SECONDS, BUSY_SECONDS = 2.0, 10.0


def iso(ago: timedelta) -> str:
    return f"{datetime.now(UTC) - ago:%Y-%m-%dT%H:%M:%SZ}"


NEAR = WebCertificate(
    "near_expiration",
    creation=iso(timedelta(days=70)),
    expiration=iso(timedelta(days=-20)),
    last_renewal_success=iso(timedelta(days=70)),
)
SITUATIONS: dict[str, tuple[WebCertificate, HostState, Renewal]] = {
    "fine": (WebCertificate(), HostState(), Renewal.FINE),
    "failing": (replace(NEAR, last_renewal_failure=iso(timedelta(minutes=20))), HostState(), Renewal.FAILING),
    "worker down": (NEAR, HostState(worker=Worker.STOPPED), Renewal.WORKER_DOWN),
    "job lost": (NEAR, HostState(), Renewal.JOB_LOST),
    "off": (WebCertificate(lets_encrypt=False), HostState(), Renewal.OFF),
    "elsewhere": (
        WebCertificate(lets_encrypt=False, issuer="C=US, O=Let's Encrypt, CN=YR1"),
        HostState(),
        Renewal.ELSEWHERE,
    ),
}


async def states(polled: PolledTarget) -> dict[str, float]:
    metrics = await polled.metrics()
    return {each.value: metrics.value(METRIC, status=each.value) or 0.0 for each in Renewal}


@pytest.mark.parametrize(("web", "host", "renewal"), SITUATIONS.values(), ids=SITUATIONS)
async def test_the_state_of_the_renewal_is_exported(
    web: WebCertificate, host: HostState, renewal: Renewal, authority: Authority, ca_file: Path
) -> None:
    async with polled_zone(authority, ca_file) as (zone, polled):
        await zone.change(web_certificate=web, host_states={"127.0.0.1": host})
        await polled.poll()
        assert await states(polled) == {each.value: float(each is renewal) for each in Renewal}


async def test_without_credentials_there_is_no_state(authority: Authority, ca_file: Path) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file, Auth())) as polled,
    ):
        await polled.poll()
        assert not list((await polled.metrics()).values(METRIC))


@asynccontextmanager
async def beside_port_80(
    authority: Authority, ca_file: Path, script: Script, web: WebCertificate
) -> AsyncIterator[tuple[PolledTarget, ScriptedServer]]:
    """A zone whose domain has a server like this one on the port for plain HTTP."""
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        ScriptedServer(script) as server,
        polling(replace(target_at(zone, ca_file), plain_port=server.port)) as polled,
    ):
        await zone.change(web_certificate=web)
        yield polled, server


def findings(polled: PolledTarget, details: Details) -> list[str]:
    checkup = polled.latest
    return [
        each.message
        for each in summarize(replace(checkup, details=details)).findings
        if "port 80" in each.message
    ]


ANSWERS = {
    "its redirect": (REDIRECT, True),
    "a page": (http(b"Welcome", "content-type: text/html"), False),
    "an error": (http(b"", status="404 Not Found"), False),
}


@pytest.mark.parametrize(("answer", "is_well"), ANSWERS.values(), ids=ANSWERS)
async def test_port_80_is_asked_without_credentials_and_must_redirect(
    answer: bytes, *, is_well: bool, authority: Authority, ca_file: Path
) -> None:
    async with beside_port_80(authority, ca_file, answering_once(answer), WebCertificate()) as (
        polled,
        server,
    ):
        details = await polled.poll()
        assert bool(findings(polled, details)) is not is_well
        (heard,) = server.heard
        assert heard.startswith(b"GET / HTTP/1.1\r\n")
        assert b"authorization" not in heard.lower()
        (seen,) = [each for each in details.observations if each.operation == "port_80"]
        assert isinstance(seen.outcome, Port80)
        # The phases and certificates of the proxy path are not those of another port.
        assert all(each.chain for opened in details.connections.values() for each in opened)
        requests = (await polled.metrics()).total("onedata_onepanel_requests_total", operation="port_80")
        assert requests == 1.0


HOSTILE = {
    "silence": (silent, Reason.TIMEOUT),
    "endless interim answers": (OVER_TLS["endless interim answers"].script, Reason.TOO_LARGE),
    "an endless body": (OVER_TLS["an endless body"].script, Reason.TOO_LARGE),
    "a reset": (OVER_TLS["a reset before the answer"].script, Reason.CONNECTION_LOST),
}


@pytest.mark.parametrize(("script", "reason"), HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_port_80_is_found_and_asked_once_in_bounded_time(
    script: Script, reason: Reason, authority: Authority, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        ScriptedServer(script) as server,
    ):
        target = replace(target_at(zone, ca_file), plain_port=server.port)
        schedule = replace(target.schedule, timeout=LONG_SECONDS)
        async with polling(replace(target, schedule=schedule)) as polled:
            checkup = await polled.round()
            async with asyncio.timeout(LONG_SECONDS + BUSY_SECONDS):
                details = await polled.details(checkup)
    (found,) = findings(polled, details)
    assert found.startswith(f"port 80 does not answer ({reason})")
    assert server.accepted == 1


async def test_port_80_is_asked_on_the_details_interval_alone(authority: Authority, ca_file: Path) -> None:
    async with beside_port_80(authority, ca_file, answering_once(REDIRECT), WebCertificate()) as (
        polled,
        server,
    ):
        for _round in range(3):
            checkup = await polled.round()
        assert server.accepted == 0
        await polled.details(checkup)
        assert server.accepted == 1


async def test_a_closed_port_80_is_found(authority: Authority, ca_file: Path) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        polling(replace(target_at(zone, ca_file), plain_port=closed_port())) as polled,
    ):
        details = await polled.poll()
        (found,) = findings(polled, details)
        assert found.startswith(
            f"port 80 does not answer ({Reason.CONNECTION_REFUSED}): the challenge of Let's "
        )
        assert found.endswith("Encrypt fails; open port 80 of the domain")


async def test_port_80_is_not_asked_without_lets_encrypt(authority: Authority, ca_file: Path) -> None:
    web = WebCertificate(lets_encrypt=False)
    async with beside_port_80(authority, ca_file, answering_once(REDIRECT), web) as (polled, server):
        await polled.poll()
        assert server.accepted == 0


@pytest.mark.parametrize(
    ("proxy_url", "origin"),
    [
        ("https://zone.example", "http://zone.example:80"),
        ("https://zone.example:443", "http://zone.example:80"),
        ("https://[2001:db8::1]", "http://[2001:db8::1]:80"),
        ("https://zone.example:10443", ""),
        ("http://zone.example", ""),
    ],
)
def test_port_80_belongs_to_a_proxy_path_on_443(proxy_url: str, origin: str) -> None:
    assert replace(make_target(), proxy_url=proxy_url).plain_origin == origin
