"""A zone lists names; to which addresses these lead is judged at every connection."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.client.client import Client
from exporter.client.reachable import check_reachable
from exporter.operations import OPERATIONS
from exporter.operations.operation import Known
from exporter.targets import ReachableAddresses
from tests.client.test_addresses import Addresses
from tests.support.polling import target_at
from tests.support.servers import LOOPBACK, ScriptedServer, healthy

_NEVER = (
    "169.254.169.254",  # metadata of most clouds
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "192.0.0.192",
    "::ffff:169.254.169.254",
    "2002:a9fe:a9fe::1",  # 6to4 of 169.254.169.254
    "64:ff9b::a9fe:a9fe",  # NAT64 of the same
    "0.0.0.0",  # noqa: S104 - the very address that must not be connected to
    "::",
    "224.0.0.1",
    "240.0.0.1",
    "no address",
)
_LOOPBACK = ("127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "2002:7f00:1::1")


@pytest.mark.parametrize("allowed", [ReachableAddresses.NOT_LOCAL, ReachableAddresses.NOT_LOCAL_OR_LOOPBACK])
@pytest.mark.parametrize("address", _NEVER)
def test_addresses_of_this_network_are_never_connected_to(address: str, allowed: ReachableAddresses) -> None:
    with pytest.raises(OSError, match="discovered targets may not have"):
        check_reachable(address, allowed)
    check_reachable(address, ReachableAddresses.ANY)


@pytest.mark.parametrize("address", _LOOPBACK)
def test_loopback_is_connected_to_only_where_the_zone_is_there(address: str) -> None:
    check_reachable(address, ReachableAddresses.NOT_LOCAL_OR_LOOPBACK)
    with pytest.raises(OSError, match="discovered targets may not have"):
        check_reachable(address, ReachableAddresses.NOT_LOCAL)


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "8.8.8.8", "2606:4700::1111", "fd12:3456::1"])
def test_other_addresses_are_connected_to(address: str) -> None:
    check_reachable(address, ReachableAddresses.NOT_LOCAL)


@pytest.mark.parametrize(
    ("allowed", "connections"), [(ReachableAddresses.ANY, True), (ReachableAddresses.NOT_LOCAL, False)]
)
async def test_a_name_that_leads_to_loopback_opens_no_connection(
    allowed: ReachableAddresses,
    connections: bool,
) -> None:
    async with ScriptedServer(healthy) as server:
        target = target_at(f"http://provider.example:{server.port}", timeout=3.0)
        target = replace(target, reachable_addresses=allowed)
        client = Client(
            lambda where, error: pytest.fail(f"{where}: {error!r}"), resolver=Addresses([LOOPBACK])
        )
        try:
            await client.poll(target, OPERATIONS, Known())
        finally:
            await client.close()
        assert bool(server.accepted) is connections
