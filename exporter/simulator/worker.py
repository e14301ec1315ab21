"""The simulated worker on 443: its own pages, and the proxy that forwards the rest to Onepanel."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace

from exporter.simulator import worker_rest
from exporter.simulator.cluster import Cluster
from exporter.simulator.host_state import Worker
from exporter.simulator.messages import Reply, Request, read_reply
from exporter.simulator.onepanel import API_ROOT
from exporter.simulator.report import worker_report
from exporter.simulator.timing import Timing
from exporter.targets import Kind

# The proxy's answer when Onepanel does not answer.
NO_UPSTREAM = Reply(503, seconds=0.0)
_FORWARD_SECONDS = 0.055


class Forwarder:
    """The worker's proxy. Opens a new TLS connection to its own Onepanel for every request.

    It checks that Onepanel's certificate is signed by the zone's chain, and not for which name it is:
    it always asks 127.0.0.1.
    """

    def __init__(self, host: str, context: ssl.SSLContext, timing: Timing) -> None:
        self._host = host
        self._context = context
        self._pace = timing
        self.panel_port = 0

    async def forward(self, request: Request) -> Reply:
        """Forward a request; answer with the empty 503 if Onepanel does not answer in time."""
        try:
            reply = await self._ask(request)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            # TimeoutError and SSLError are OSErrors.
            return NO_UPSTREAM
        return replace(reply, seconds=_FORWARD_SECONDS)

    async def _ask(self, request: Request) -> Reply:
        async with asyncio.timeout(self._pace.connect_timeout_seconds):
            reader, writer = await asyncio.open_connection(
                self._host, self.panel_port, ssl=self._context, server_hostname=""
            )
        try:
            async with asyncio.timeout(self._pace.receive_timeout_seconds):
                writer.write(replace(request, headers={**request.headers, "connection": "close"}).encode())
                return await read_reply(reader, has_body=request.method != "HEAD")
        finally:
            writer.transport.abort()


def own_answer(request: Request, cluster: Cluster) -> Reply | None:
    """Return the worker's own answer; None when the request is for Onepanel."""
    if request.path.startswith(API_ROOT) or request.path == API_ROOT.removesuffix("/"):
        return None
    if request.path == "/nagios":
        is_failing = cluster.host_state(cluster.own_host).worker is Worker.FAILING
        return Reply(500) if is_failing else worker_report(cluster)
    if request.path == "/nagios/oz_connectivity" and cluster.kind is Kind.ONEPROVIDER:
        is_connected = cluster.connected and cluster.provider is not None
        return worker_rest.json_answer({"status": "ok" if is_connected else "error"})
    return worker_rest.answer(request, cluster) or Reply(404)
