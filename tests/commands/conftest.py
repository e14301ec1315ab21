"""A simulated zone, and a terminal beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.simulator import INSTANT, Authority, SimulatedZone
from tests.support.terminal import Terminal


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        yield zone


@pytest.fixture
def terminal(zone: SimulatedZone, tmp_path: Path) -> Terminal:
    return Terminal(zone, tmp_path)
