"""A name with several addresses: all are tried, the most informative error is the reason, and each one is kept."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.client.client import Client
from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import conclude
from exporter.operations import OPERATIONS
from exporter.operations.operation import Known
from exporter.reasons import Reason
from exporter.report import summarize
from tests.support.polling import PROXY, everywhere, reasons, target_at
from tests.support.servers import LOOPBACK, ScriptedServer, closed_port, healthy

_REFUSING = "127.0.0.77"
_UNROUTABLE = "2001:db8::1"


class Addresses(AbstractResolver):
    """Every name has these addresses."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        del family
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def poll_at(port: int, *addresses: str) -> Checkup:
    """A round of a target whose name has these addresses."""
    target = target_at(f"http://zone.example:{port}", timeout=3.0)
    client = Client(lambda where, error: pytest.fail(f"{where}: {error!r}"), resolver=Addresses(addresses))
    try:
        visits = await client.poll(target, OPERATIONS, Known())
    finally:
        await client.close()
    return conclude(target, visits, 0.0, 0.0)


async def test_if_the_first_address_does_not_answer_the_second_one_is_used_and_the_first_is_named() -> None:
    async with ScriptedServer(healthy) as server:
        checkup = await poll_at(server.port, _REFUSING, LOOPBACK)
    assert reasons(checkup) == everywhere("ok")
    findings = [each.message for each in summarize(checkup).findings]
    assert findings == [
        f"{path} path: 1 of 2 addresses does not answer ({_REFUSING}:{server.port} refuses connections); "
        "`resolve_nodes` watches each"
        for path in ("proxy", "direct")
    ]


async def test_a_refused_connection_outranks_an_unroutable_address_and_both_are_kept() -> None:
    port = closed_port()
    checkup = await poll_at(port, _UNROUTABLE, LOOPBACK)
    assert reasons(checkup) == everywhere(Reason.CONNECTION_REFUSED)
    connection = checkup.connection(PROXY)
    assert connection is not None
    assert connection.failure is not None
    assert connection.failure.detail.startswith(
        f"{LOOPBACK}:{port} refuses connections; [{_UNROUTABLE}]:{port} "
    )
    attempts = {each.address: each.error for each in connection.attempts}
    assert attempts.keys() == {f"[{_UNROUTABLE}]:{port}", f"{LOOPBACK}:{port}"}
    assert all(attempts.values())


async def test_a_name_with_one_address_has_no_attempts() -> None:
    async with ScriptedServer(healthy) as server:
        checkup = await poll_at(server.port, LOOPBACK)
    connection = checkup.connection(PROXY)
    assert connection is not None
    assert (connection.attempts, connection.addresses) == ((), 1)
    assert summarize(checkup).findings == ()
