"""A simulated zone, and a plain client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from exporter.simulator import INSTANT, Authority, Cluster, SimulatedZone
from tests.simulator.plain_client import Client


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    async with SimulatedZone(
        authority=authority, cluster=Cluster(name="Reference Zone"), timing=INSTANT
    ) as zone:
        yield zone


@pytest.fixture
def client(zone: SimulatedZone) -> Client:
    return Client(zone)
