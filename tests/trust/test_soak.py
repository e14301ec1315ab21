"""The short form of `make soak`: a minute of random faults, reloads, scrapes, floods and hostile targets."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT

import pytest

from tests.support.processes import ROOT

pytestmark = pytest.mark.slow


async def test_after_a_minute_beside_hostile_targets_memory_is_flat_no_round_was_late_and_every_counter_adds_up() -> (
    None
):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tools.soak", "--seconds=45", "--targets=16", "--hostile=8", "--interval=3"),
        cwd=ROOT,
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        async with asyncio.timeout(150):
            output = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    print(output)  # noqa: T201 - the seed and the figures, for whoever sees it fail
    assert process.returncode == 0, output
    assert "counters compared" in output
    assert "rounds of hostile targets" in output
