from __future__ import annotations

import asyncio
import selectors
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import pairwise

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from exporter.polling.scheduler import DETAILS, ROUNDS, Scheduler, offset
from exporter.polling.slots import Priority, Slots
from exporter.targets import Node, Schedule, Target


def target(name: str, interval: float = 0.1, timeout: float = 0.1) -> Target:
    url = f"https://{name}.example"
    return Target(name, url, url, url, schedule=Schedule(interval, 60, timeout))


class Polls:
    """Counts polls, and lets a test wait for them or hold them up."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.bugs: list[tuple[str, Exception]] = []
        self.began: dict[str, list[float]] = {}
        self.running: Counter[str] = Counter()
        self.held: dict[str, asyncio.Event] = {}
        self.overlapped = False
        self.changed = asyncio.Condition()

    async def poll(self, target: Target) -> None:
        self.running[target.name] += 1
        self.overlapped |= self.running[target.name] > 1
        self.began.setdefault(target.name, []).append(asyncio.get_running_loop().time())
        try:
            if target.name in self.held:
                await self.held[target.name].wait()
            if target.name == "raises":
                raise LookupError(target.name)
        finally:
            self.running[target.name] -= 1
            self.counts[target.name] += 1
            async with self.changed:
                self.changed.notify_all()

    def skip(self, target: Target) -> None:
        self.skipped[target.name] += 1

    def bug(self, where: str, error: Exception) -> None:
        self.bugs.append((where, error))

    async def until(self, name: str, count: int) -> None:
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(lambda: self.counts[name] >= count)

    def scheduler(self, max_concurrency: int = 100) -> Scheduler:
        return Scheduler(self.poll, ROUNDS, Slots(max_concurrency), self.skip, self.bug)


async def test_every_target_is_polled_at_its_rate_on_a_fixed_grid() -> None:
    polls = Polls()
    scheduler = polls.scheduler()
    scheduler.set_targets([target("a", interval=0.3), target("b", interval=0.6)])
    await polls.until("a", 7)
    await scheduler.stop()
    assert 2 <= polls.counts["b"] <= 6
    grid = [timestamp - offset("a", 0.3) for timestamp in polls.began["a"][1:]]
    assert all(timestamp % 0.3 < 0.2 for timestamp in grid), grid
    assert not polls.skipped


def test_a_quick_round_is_not_taken_again_by_a_timer_that_goes_off_early() -> None:
    targets = [target(f"quick{number}") for number in range(10)]
    polls = Polls()

    async def watch() -> None:
        scheduler = polls.scheduler()
        scheduler.set_targets(targets)
        for each in targets:
            await polls.until(each.name, 6)
        await scheduler.stop()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(watch())
    for each in targets:
        shift = offset(each.name, 0.1) - 0.001
        # The first round is beside the grid: it comes at any moment, perhaps just before the place of the next.
        places = [int((timestamp - shift) // 0.1) for timestamp in polls.began[each.name][1:]]
        assert len(set(places)) == len(places), places


async def test_rounds_of_a_slow_target_never_overlap_and_skipped_ones_are_counted() -> None:
    polls = Polls()
    polls.held["slow"] = asyncio.Event()
    scheduler = polls.scheduler()
    scheduler.set_targets([target("slow"), target("quick")])
    await polls.until("quick", 5)
    assert polls.counts["slow"] == 0
    polls.held["slow"].set()
    await polls.until("slow", 2)
    await scheduler.stop()
    assert polls.skipped["slow"] >= 2
    assert not polls.overlapped


async def test_a_bug_in_one_round_costs_that_round_only() -> None:
    polls = Polls()
    scheduler = polls.scheduler()
    scheduler.set_targets([target("raises"), target("fine")])
    await polls.until("raises", 3)
    await polls.until("fine", 3)
    await scheduler.stop()
    assert len(polls.bugs) >= 2
    assert all(where == "poller" and isinstance(error, LookupError) for where, error in polls.bugs)


async def test_stopping_ends_rounds_that_hang() -> None:
    polls = Polls()
    polls.held["hangs"] = asyncio.Event()
    scheduler = polls.scheduler()
    scheduler.set_targets([target("hangs"), target("fine")])
    await polls.until("fine", 1)
    async with asyncio.timeout(1):
        await scheduler.stop()
    assert polls.running["hangs"] == 0


async def test_changing_the_targets_keeps_the_equal_ones_and_ends_the_others() -> None:
    polls = Polls()
    scheduler = polls.scheduler()
    polls.held["kept"] = polls.held["removed"] = asyncio.Event()
    scheduler.set_targets([target("kept"), target("removed"), target("fine")])
    await polls.until("fine", 1)
    assert polls.running == Counter({"kept": 1, "removed": 1, "fine": 0})
    scheduler.set_targets([target("kept"), target("new")])
    await polls.until("new", 2)
    assert polls.running["kept"] == 1
    assert polls.running["removed"] == 0
    assert len(polls.began["kept"]) == 1
    fine = polls.counts["fine"]
    await polls.until("new", 4)
    assert polls.counts["fine"] == fine
    await scheduler.stop()


async def test_hanging_targets_do_not_starve_the_others() -> None:
    polls = Polls()
    hanging = [f"hang{number}" for number in range(40)]
    fine = [f"fine{number}" for number in range(10)]

    async def poll(which: Target) -> None:
        if which.name.startswith("hang"):
            await asyncio.sleep(which.schedule.timeout)
        await polls.poll(which)

    scheduler = Scheduler(poll, ROUNDS, Slots(20), polls.skip, polls.bug)
    scheduler.set_targets([target(name, interval=0.25, timeout=0.25) for name in hanging + fine])
    for name in hanging:  # only a first round shows who hangs
        await polls.until(name, 1)
    before = polls.skipped.copy()
    goals = {name: polls.counts[name] + 8 for name in fine}
    for name, goal in goals.items():
        await polls.until(name, goal)
    await scheduler.stop()
    assert all(polls.skipped[name] - before[name] <= 1 for name in fine)
    assert sum(polls.skipped[name] for name in hanging) > 0


@given(st.text(), st.floats(0.1, 3600))
def test_the_offset_is_stable_and_inside_the_interval(name: str, interval: float) -> None:
    assert 0 <= offset(name, interval) <= interval
    assert offset(name, interval) == offset(name, interval)


def test_offsets_are_spread_over_the_interval() -> None:
    found = Counter(int(offset(f"zone-{number}.example.org", 10)) for number in range(1000))
    assert set(found) == set(range(10))
    assert max(found.values()) < 200


@pytest.mark.parametrize("max_concurrency", [1, 2])
async def test_every_target_gets_a_slot_even_if_there_are_few(max_concurrency: int) -> None:
    polls = Polls()
    scheduler = polls.scheduler(max_concurrency)
    scheduler.set_targets([target(f"t{number}") for number in range(5)])
    for number in range(5):
        await polls.until(f"t{number}", 2)
    await scheduler.stop()


class VirtualTime(selectors.SelectSelector):
    """A clock that does not wait: time passes at once to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.virtual = VirtualTime()
        super().__init__(self.virtual)

    def time(self) -> float:
        return self.virtual.now


class HangingFleet:
    """Targets of which most never answer before the timeout; keeps when the others were polled."""

    def __init__(self, healthy: int, hanging: int) -> None:
        self.targets = [
            target(f"t{number}", interval=15.0, timeout=10.0) for number in range(healthy + hanging)
        ]
        self.healthy = {each.name for each in self.targets[:: (healthy + hanging) // healthy]}
        self.outage = True
        self.began: dict[str, list[float]] = {each.name: [] for each in self.targets}

    async def poll(self, each: Target) -> None:
        self.began[each.name].append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.2 if each.name in self.healthy or not self.outage else 10.0)

    def scheduler(self) -> Scheduler:
        return Scheduler(self.poll, ROUNDS, Slots(100), self.skip, self.bug)

    def skip(self, which: Target) -> None:
        assert which.name in self.began

    def bug(self, where: str, error: Exception) -> None:
        raise AssertionError(where) from error

    def lateness(self, name: str, since: float) -> float:
        """The longest time beyond the interval between two rounds of a target."""
        times = [each for each in self.began[name] if each >= since]
        return max(later - before for before, later in pairwise(times)) - 15.0


def in_virtual_time(main: Callable[[], Coroutine[None, None, None]]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())


def test_nine_tenths_that_hang_from_the_start_delay_no_healthy_target() -> None:
    fleet = HangingFleet(healthy=60, hanging=540)

    async def main() -> None:
        scheduler = fleet.scheduler()
        scheduler.set_targets(fleet.targets)
        await asyncio.sleep(30.0)
        polled = {name for name in fleet.healthy if fleet.began[name]}
        started = asyncio.get_running_loop().time()
        await asyncio.sleep(120.0)
        await scheduler.stop()
        assert polled == fleet.healthy
        assert max(fleet.lateness(name, started) for name in fleet.healthy) <= 1.0
        assert all(fleet.began.values())

    in_virtual_time(main)


def test_an_outage_of_nine_tenths_delays_no_healthy_target() -> None:
    fleet = HangingFleet(healthy=60, hanging=540)
    fleet.outage = False

    async def main() -> None:
        scheduler = fleet.scheduler()
        scheduler.set_targets(fleet.targets)
        await asyncio.sleep(45.0)
        fleet.outage = True
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(120.0)
        await scheduler.stop()
        assert max(fleet.lateness(name, began) for name in fleet.healthy) <= 1.0

    in_virtual_time(main)


def with_nodes(each: Target, count: int) -> Target:
    return replace(each, nodes=tuple(Node(f"n{number}", f"10.0.0.{number}") for number in range(count)))


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 20])
def test_no_target_is_stuck_if_rounds_need_more_slots_than_there_are_and_a_first_one_fails(
    slots: int,
) -> None:
    fleet = HangingFleet(healthy=20, hanging=0)
    targets = [with_nodes(each, 12) for each in fleet.targets]
    failed: list[str] = []

    async def poll(each: Target) -> None:
        await fleet.poll(each)
        if not failed:
            failed.append(each.name)
            raise LookupError(each.name)

    async def main() -> None:
        bugs: list[str] = []
        scheduler = Scheduler(
            poll, ROUNDS, Slots(slots), fleet.skip, lambda _where, error: bugs.append(str(error))
        )
        scheduler.set_targets(targets)
        await asyncio.sleep(60.0)
        await scheduler.stop()
        assert len(bugs) == 1
        assert min(len(times) for times in fleet.began.values()) >= 3

    in_virtual_time(main)


async def test_details_that_wait_for_a_first_round_hold_no_slots() -> None:
    slots = Slots(1)
    polls = Polls()
    done = asyncio.Event()

    async def first_poll_done(_target: Target) -> None:
        await done.wait()

    details = Scheduler(polls.poll, replace(DETAILS, ready=first_poll_done), slots, polls.skip, polls.bug)
    details.set_targets([target("waits")])
    await asyncio.sleep(0)
    async with asyncio.timeout(1), slots.take(1, Priority.QUICK):
        done.set()
    await polls.until("waits", 1)
    await details.stop()


async def test_a_polling_task_that_fails_is_counted_and_restarted() -> None:
    polls = Polls()
    polls.held["fails"] = asyncio.Event()
    failed = False

    def skip(which: Target) -> None:
        nonlocal failed
        if not failed:
            failed = True
            raise LookupError(which.name)

    scheduler = Scheduler(polls.poll, ROUNDS, Slots(10), skip, polls.bug)
    scheduler.set_targets([target("fails"), target("fine")])
    await polls.until("fine", 4)
    polls.held["fails"].set()
    await polls.until("fails", 3)
    await scheduler.stop()
    assert [where for where, _error in polls.bugs] == ["poller"]
