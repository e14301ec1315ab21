"""The certificate of a server that is not trusted: read by a handshake of its own, once a round and route."""

from __future__ import annotations

import asyncio
import ssl
import time

from yarl import URL

from exporter.client.certificates import fetch_unverified_certificate, read_certificate
from exporter.client.connection_timer import ConnectionTimer
from exporter.client.tls import TlsContexts
from exporter.observation import Certificate
from exporter.targets import Target

_FETCH_SECONDS = 5.0


def certificate_of(der: bytes | None, *, verified: bool) -> Certificate | None:
    """Return the certificate in a DER encoding, if there is one."""
    return read_certificate(der, verified=verified) if der else None


class UnverifiedCertificates:
    """What a server shows to a client that does not trust it."""

    def __init__(self, target: Target, origin: str, tls: TlsContexts) -> None:
        self._target = target
        self._origin = origin
        self._tls = tls
        self._shown: ssl.SSLObject | None = None

    async def fetch(self, timer: ConnectionTimer, deadline: float) -> Certificate | None:
        """Return the certificate that was refused. `deadline` is a time of `time.perf_counter`."""
        if self._shown is None:
            self._shown = await self._fetch(timer, deadline - time.perf_counter())
        timer.ssl_object = self._shown
        shown = self._shown.getpeercert(binary_form=True) if self._shown else None
        return certificate_of(shown, verified=False)

    async def _fetch(self, timer: ConnectionTimer, seconds_left: float) -> ssl.SSLObject | None:
        if timer.address is None or self._target.proxy_from_environment:
            return None  # behind a forward proxy the address is the proxy's own
        server_name = self._target.tls.server_name or URL(self._origin).raw_host or ""
        try:
            async with asyncio.timeout(min(seconds_left, _FETCH_SECONDS)):
                return await fetch_unverified_certificate(timer.address, server_name, self._tls.trustless)
        except TimeoutError:
            return None
