"""Readiness is about the exporter: its phase, and its polling; never about a target."""

from __future__ import annotations

import asyncio
import time

import pytest

from exporter.state.store import Store
from exporter.state.target_state import TargetState
from exporter.web.readiness import Phase, Readiness
from tests.support.checkups import REFUSED, make_checkup, make_target

NOW = 1000.0
FRESH, STALE = NOW - 45, NOW - 46  # the interval is 15 s


def states(**finished: float | None) -> tuple[TargetState, ...]:
    """A target for each name, whose last round was finished then; None: never."""
    store = Store([], [])
    targets = {name: make_target(name) for name in finished}
    store.set_targets(targets.values())
    for name, monotonic in finished.items():
        if monotonic is not None:
            store.record(make_checkup(targets[name], REFUSED, REFUSED), monotonic)
    return store.states


@pytest.mark.parametrize(
    "finished",
    [
        pytest.param({}, id="nothing to watch"),
        pytest.param({"a": FRESH}, id="a target that fails"),
        pytest.param({"a": None, "b": None}, id="targets without a round yet"),
        pytest.param({"a": FRESH, "b": None}, id="a new target that hangs"),
        pytest.param({"a": FRESH, "b": STALE}, id="one target has no recent round"),
    ],
)
def test_no_target_makes_the_exporter_not_ready(finished: dict[str, float]) -> None:
    assert not Readiness(phase=Phase.SERVING).reason(states(**finished), NOW)


@pytest.mark.parametrize("finished", [{"a": STALE, "b": STALE}, {"a": STALE, "b": None}])
def test_it_is_not_ready_when_no_target_had_a_round_for_three_intervals(
    finished: dict[str, float | None],
) -> None:
    reason = Readiness(phase=Phase.SERVING).reason(states(**finished), NOW)
    assert reason == "polling has stopped: no target had a round within three intervals"


def test_it_is_not_ready_when_a_target_is_polled_no_more() -> None:
    reason = Readiness(lambda: 1, Phase.SERVING).reason(states(a=FRESH, b=FRESH), NOW)
    assert reason == "polling has stopped for 1 of 2 targets"


def test_every_page_reports_what_stands_still_and_what_else_is_wrong_with_the_exporter() -> None:
    readiness, polled = Readiness(lambda: 1), states(a=FRESH, b=FRESH)
    stopped = "Polling has stopped for 1 of 2 targets. See the exporter's log."
    assert readiness.banners(polled, ["The disk is full."], NOW) == (stopped, "The disk is full.")
    assert Readiness().banners(polled, [], NOW) == ()


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.STOPPING])
def test_it_is_not_ready_before_it_serves_and_while_it_stops(phase: Phase) -> None:
    assert Readiness(phase=phase).reason(states(a=FRESH), NOW) == phase.value


class TestDrain:
    async def test_it_lasts_until_a_probe_has_seen_that_the_exporter_is_not_ready(self) -> None:
        readiness = Readiness(phase=Phase.SERVING)
        readiness.reason((), time.monotonic())
        draining = asyncio.ensure_future(readiness.drain())
        await asyncio.sleep(0)
        assert not draining.done()
        assert readiness.reason((), time.monotonic()) == "the exporter is stopping"
        await asyncio.wait_for(draining, 1.0)

    async def test_it_ends_by_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("exporter.web.readiness.DRAIN_SECONDS", 0.1)
        readiness = Readiness(phase=Phase.SERVING)
        readiness.reason((), time.monotonic())
        await asyncio.wait_for(readiness.drain(), 10)

    async def test_nothing_is_waited_for_where_no_probe_asks(self) -> None:
        readiness = Readiness(phase=Phase.SERVING)
        readiness.reason((), time.monotonic() - 61)
        await asyncio.wait_for(readiness.drain(), 1.0)
        assert readiness.phase is Phase.STOPPING
