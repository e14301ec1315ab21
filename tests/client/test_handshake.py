"""The timeout of a request is the only one: no event loop ends a handshake that takes longer than its own minute."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.simulator import Authority, Credential
from tests.support.forward_proxy import ForwardProxy
from tests.support.polling import everywhere, poll, reasons, target_at
from tests.support.servers import LOOPBACK, ScriptedServer, healthy

_A_MINUTE_OF_THE_LOOP = 60.0


async def check_slow_handshake(
    seconds: float, authority: Authority, ca_file: Path, environment: pytest.MonkeyPatch
) -> None:
    """Each handshake of a server begins late: both paths are fine, without and with a forward proxy between."""
    forward, context = ForwardProxy(), authority.server_context(Credential.GOOD)
    async with (
        ScriptedServer(healthy, context, handshake_delay=seconds) as server,
        ScriptedServer(forward) as proxy,
    ):
        environment.setenv("HTTPS_PROXY", f"http://{LOOPBACK}:{proxy.port}")
        target = target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file, timeout=30.0 + seconds)
        checkups = await asyncio.gather(poll(target), poll(replace(target, proxy_from_environment=True)))
    assert len(forward.asked) >= 2
    assert [reasons(each) for each in checkups] == [everywhere("ok")] * 2
    assert all(each.seconds >= seconds for each in checkups)


async def test_a_handshake_may_take_longer_than_asyncio_would_wait_for_one(
    authority: Authority, ca_file: Path, environment: pytest.MonkeyPatch
) -> None:
    """The minute of asyncio is made short; that of uvloop is compiled in, and has the test below."""
    environment.setattr("asyncio.constants.SSL_HANDSHAKE_TIMEOUT", 0.3)
    await check_slow_handshake(1.0, authority, ca_file, environment)


@pytest.mark.slow
async def test_a_handshake_of_more_than_a_minute_is_waited_for(
    authority: Authority, ca_file: Path, environment: pytest.MonkeyPatch
) -> None:
    await check_slow_handshake(_A_MINUTE_OF_THE_LOOP + 2.0, authority, ca_file, environment)
