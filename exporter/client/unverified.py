"""The certificates of a server that is not trusted: read by a handshake of its own, once a round and route."""

from __future__ import annotations

import asyncio
import ssl
import time
from functools import cache
from pathlib import Path

from yarl import URL

from exporter.certificates import parse_chain
from exporter.client.chains import Refusal, served_chain
from exporter.client.connection_timer import ConnectionTimer
from exporter.client.tls import TlsContexts
from exporter.reasons import Failure
from exporter.targets import Target

_FETCH_SECONDS = 5.0


class UnverifiedCertificates:
    """What a server shows to a client that does not trust it."""

    def __init__(self, target: Target, origin: str, tls: TlsContexts) -> None:
        self._target = target
        self._origin = origin
        self._tls = tls
        self._chain: tuple[bytes, ...] = ()

    async def explain(self, failure: Failure, timer: ConnectionTimer, deadline: float) -> Failure:
        """Return the failure of a certificate that was refused, as the chain explains it; the timer gets the chain.

        `deadline` is a time of `time.perf_counter`.
        """
        if not self._chain:
            self._chain = await self._fetch(timer, deadline - time.perf_counter())
        timer.served_chain = self._chain
        chain = parse_chain(self._chain, verified=False)
        refusal = Refusal(timer.verify_code, chain, time.time(), _installed_at())
        return refusal.explain(failure, self._tls.intermediates)

    async def _fetch(self, timer: ConnectionTimer, seconds_left: float) -> tuple[bytes, ...]:
        if timer.address is None or self._target.proxy_from_environment:
            return ()  # behind a forward proxy the address is the proxy's own
        server_name = self._target.tls.server_name or URL(self._origin).raw_host or ""
        try:
            async with asyncio.timeout(min(seconds_left, _FETCH_SECONDS)):
                return await _fetch_unverified_chain(timer.address, server_name, self._tls.trustless)
        except TimeoutError:
            return ()


@cache
def _installed_at() -> float:
    """Return when this file was made: a clock before that time is wrong."""
    try:
        return Path(__file__).stat().st_mtime
    except OSError:  # from a single executable file
        return 0.0


async def _fetch_unverified_chain(
    address: tuple[str, int], server_name: str, context: ssl.SSLContext
) -> tuple[bytes, ...]:
    """Return what a server shows to a client that does not trust it; nothing if the handshake fails.

    It is a second handshake, on which nothing is sent. The caller sets the deadline.
    """
    loop = asyncio.get_running_loop()
    host, port = address
    try:
        transport, _ = await loop.create_connection(
            asyncio.Protocol,
            *(host, port),
            ssl=context,
            server_hostname=server_name,
            ssl_handshake_timeout=_FETCH_SECONDS,
        )
    except OSError:
        return ()
    try:
        return served_chain(transport.get_extra_info("ssl_object"))
    finally:
        transport.abort()
