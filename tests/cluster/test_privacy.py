"""Credentials go to the target's own two origins, over verified TLS, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.credentials import Auth, Secret
from exporter.simulator import INSTANT, Authority, Credential, Fault, SimulatedZone
from exporter.targets import AccessPath
from tests.cluster.polled_target import polling, target_at, target_between
from tests.cluster.reported import PASSPHRASE, TOKEN, paths_with_credentials
from tests.support.servers import LOOPBACK, Script, ScriptedServer, Wire, http, onepanel_answer, silent

BOTH = Auth(token=Secret(TOKEN), passphrase=Secret(PASSPHRASE))
PUBLIC = {"/api/v3/onepanel/configuration", "/api/v3/onepanel/health", "/nagios"}
HEADERS = (b"x-auth-token", b"authorization")


def shows_credentials(heard: bytes) -> bool:
    return any(header in heard.lower() for header in HEADERS)


def redirecting_to(port: int, status: str) -> Script:
    async def script(wire: Wire) -> None:
        while True:
            request = await wire.request()
            if request.startswith(("GET /api/v3/onepanel/configuration ", "GET /api/v3/onepanel/health ")):
                await wire.send(onepanel_answer(request))
            else:
                path = request.split()[1]
                await wire.send(http(b"", f"Location: https://{LOOPBACK}:{port}{path}", status=status))

    return script


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"]
)
async def test_a_redirect_is_never_followed(authority: Authority, ca_file: Path, status: str) -> None:
    context = authority.server_context(Credential.GOOD)
    async with (
        ScriptedServer(silent, context) as other,
        ScriptedServer(redirecting_to(other.port, status), context) as server,
    ):
        origin = f"https://{LOOPBACK}:{server.port}"
        async with polling(target_between(origin, origin, ca_file, BOTH)) as polled:
            details = await polled.poll()
    assert {str(seen.failure.reason) for seen in details.observations if seen.failure} == {"redirect"}
    assert any(shows_credentials(heard) for heard in server.heard)
    assert other.accepted == 0


@pytest.mark.parametrize("credential", [Credential.UNTRUSTED, Credential.EXPIRED, Credential.OTHER_NAME])
async def test_an_unverified_server_receives_no_request(
    authority: Authority, ca_file: Path, credential: Credential
) -> None:
    """Also when its certificate went bad after the round that found it well."""
    async with ScriptedServer(silent, authority.server_context(credential)) as server:
        origin = f"https://{LOOPBACK}:{server.port}"
        async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
            well = target_at(zone, ca_file, BOTH)
            async with polling(well) as polled:
                checkup = await polled.round()
                polled.target = replace(well, proxy_url=origin, direct_url=origin)
                details = await polled.details(checkup)
    assert details.accepted == {}
    assert server.accepted > 0
    assert not any(server.heard)


async def test_public_operations_carry_no_credentials_whatever_is_wrong(
    authority: Authority, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file, BOTH)) as polled,
    ):
        for fault in (None, Fault.WORKER_STOPPED, Fault.DIRECT_CLOSED, Fault.LISTENER_FAILING):
            await zone.only(*([fault] if fault else []))
            await polled.poll()
        shown = paths_with_credentials(zone)
        assert len(shown) >= 6
        assert not shown & PUBLIC
        for request_log in zone.request_logs.values():
            public = {request.url_path for request in request_log.served} & PUBLIC
            assert public >= PUBLIC - {"/nagios"}
        assert zone.request_logs[AccessPath.PROXY].with_credentials  # while 9443 was closed


async def test_details_go_over_the_direct_path_and_over_the_proxy_only_when_that_is_closed(
    authority: Authority, ca_file: Path
) -> None:
    async with (
        SimulatedZone(authority=authority, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file, BOTH)) as polled,
    ):
        checkup = await polled.round()
        await polled.details(checkup)
        assert not zone.request_logs[AccessPath.PROXY].with_credentials
        await zone.set(Fault.DIRECT_CLOSED, on=True)
        # The last round still found the direct path open.
        details = await polled.details(checkup)
    assert not [seen.failure for seen in details.observations if seen.failure]
    assert len(zone.request_logs[AccessPath.PROXY].with_credentials) >= 6
