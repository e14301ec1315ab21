from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.running_zone import RunningZone, run_zone


@pytest.fixture
async def zone(tmp_path: Path) -> AsyncIterator[RunningZone]:
    async with run_zone(tmp_path, "token-of-the-zone") as running:
        yield running
