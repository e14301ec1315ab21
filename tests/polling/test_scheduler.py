from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from exporter.polling.scheduler import ROUNDS, Scheduler, Slots, offset
from exporter.targets import Schedule, Target


def target(name: str, interval: float = 0.1, timeout: float = 0.1) -> Target:
    url = f"https://{name}.example"
    return Target(name, url, url, url, schedule=Schedule(interval, 60, timeout))


class Looks:
    """Counts looks, and lets a test wait for them or hold them up."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.bugs: list[tuple[str, Exception]] = []
        self.began: dict[str, list[float]] = {}
        self.running: Counter[str] = Counter()
        self.run_operation: dict[str, asyncio.Event] = {}
        self.overlapped = False
        self.changed = asyncio.Condition()

    async def poll(self, target: Target) -> None:
        self.running[target.name] += 1
        self.overlapped |= self.running[target.name] > 1
        self.began.setdefault(target.name, []).append(asyncio.get_running_loop().time())
        try:
            if target.name in self.run_operation:
                await self.run_operation[target.name].wait()
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
    looks = Looks()
    scheduler = looks.scheduler()
    scheduler.set_targets([target("a", interval=0.3), target("b", interval=0.6)])
    await looks.until("a", 7)
    await scheduler.stop()
    assert 2 <= looks.counts["b"] <= 6
    grid = [timestamp - offset("a", 0.3) for timestamp in looks.began["a"][1:]]
    assert all(timestamp % 0.3 < 0.2 for timestamp in grid), grid
    assert not looks.skipped


def test_a_quick_round_is_not_taken_again_by_a_timer_that_goes_off_early() -> None:
    targets = [target(f"quick{number}") for number in range(10)]
    looks = Looks()

    async def watch() -> None:
        scheduler = looks.scheduler()
        scheduler.set_targets(targets)
        for each in targets:
            await looks.until(each.name, 6)
        await scheduler.stop()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(watch())
    for each in targets:
        shift = offset(each.name, 0.1) - 0.001
        # The first round is beside the grid: it comes at any moment, perhaps just before the place of the next.
        places = [int((timestamp - shift) // 0.1) for timestamp in looks.began[each.name][1:]]
        assert len(set(places)) == len(places), places


async def test_a_slow_target_is_never_looked_at_twice_at_once_and_its_lost_rounds_are_counted() -> None:
    looks = Looks()
    looks.run_operation["slow"] = asyncio.Event()
    scheduler = looks.scheduler()
    scheduler.set_targets([target("slow"), target("quick")])
    await looks.until("quick", 5)
    assert looks.counts["slow"] == 0
    looks.run_operation["slow"].set()
    await looks.until("slow", 2)
    await scheduler.stop()
    assert looks.skipped["slow"] >= 2
    assert not looks.overlapped


async def test_a_bug_in_one_round_costs_that_round_only() -> None:
    looks = Looks()
    scheduler = looks.scheduler()
    scheduler.set_targets([target("raises"), target("fine")])
    await looks.until("raises", 3)
    await looks.until("fine", 3)
    await scheduler.stop()
    assert len(looks.bugs) >= 2
    assert all(where == "poller" and isinstance(error, LookupError) for where, error in looks.bugs)


async def test_stopping_ends_rounds_that_hang() -> None:
    looks = Looks()
    looks.run_operation["hangs"] = asyncio.Event()
    scheduler = looks.scheduler()
    scheduler.set_targets([target("hangs"), target("fine")])
    await looks.until("fine", 1)
    async with asyncio.timeout(1):
        await scheduler.stop()
    assert looks.running["hangs"] == 0


async def test_changing_the_targets_keeps_the_equal_ones_and_ends_the_others() -> None:
    looks = Looks()
    scheduler = looks.scheduler()
    looks.run_operation["kept"] = looks.run_operation["removed"] = asyncio.Event()
    scheduler.set_targets([target("kept"), target("removed"), target("fine")])
    await looks.until("fine", 1)
    assert looks.running == Counter({"kept": 1, "removed": 1, "fine": 0})
    scheduler.set_targets([target("kept"), target("new")])
    await looks.until("new", 2)
    assert looks.running["kept"] == 1
    assert looks.running["removed"] == 0
    assert len(looks.began["kept"]) == 1
    fine = looks.counts["fine"]
    await looks.until("new", 4)
    assert looks.counts["fine"] == fine
    await scheduler.stop()


async def test_hanging_targets_do_not_starve_the_others() -> None:
    looks = Looks()
    hanging = [f"hang{number}" for number in range(40)]
    fine = [f"fine{number}" for number in range(10)]

    async def poll(which: Target) -> None:
        if which.name.startswith("hang"):
            await asyncio.sleep(which.schedule.timeout)
        await looks.poll(which)

    scheduler = Scheduler(poll, ROUNDS, Slots(20), looks.skip, looks.bug)
    scheduler.set_targets([target(name, interval=0.25, timeout=0.25) for name in hanging + fine])
    for name in hanging:  # only a first round shows who hangs
        await looks.until(name, 1)
    before = looks.skipped.copy()
    goals = {name: looks.counts[name] + 8 for name in fine}
    for name, goal in goals.items():
        await looks.until(name, goal)
    await scheduler.stop()
    assert all(looks.skipped[name] - before[name] <= 1 for name in fine)
    assert sum(looks.skipped[name] for name in hanging) > 0


async def test_slots_are_given_first_come_first_served_and_never_too_many() -> None:
    slots = Slots(4)
    order: list[int] = []
    in_use = peak = 0

    async def use(number: int, count: int) -> None:
        nonlocal in_use, peak
        async with slots.take(count, slow=False):
            order.append(number)
            in_use += count
            peak = max(peak, in_use)
            await asyncio.sleep(0)
            in_use -= count

    await asyncio.gather(*(use(number, 1 + number % 3) for number in range(20)))
    assert order == list(range(20))
    assert peak <= 4


async def test_more_slots_than_there_are_means_all_of_them() -> None:
    slots = Slots(2)
    async with asyncio.timeout(1), slots.take(10, slow=False):
        pass
    async with asyncio.timeout(1), slots.take(10, slow=True):
        pass


async def test_slow_ones_do_not_pass_one_that_waits_for_many_slots() -> None:
    slots = Slots(4)
    admitted: list[str] = []

    async def use(name: str, count: int, *, slow: bool) -> None:
        async with slots.take(count, slow=slow):
            admitted.append(name)

    async with slots.take(1, slow=True):
        waiting = [
            asyncio.create_task(use("many", 4, slow=False)),
            asyncio.create_task(use("slow", 1, slow=True)),
        ]
        await asyncio.sleep(0)
    async with asyncio.timeout(1):
        await asyncio.gather(*waiting)
    assert admitted == ["many", "slow"]


async def test_a_slow_one_gets_its_turn_though_others_always_wait() -> None:
    slots = Slots(4)
    admitted: list[str] = []

    async def quick_ones_for_ever() -> None:
        while True:
            async with slots.take(2, slow=False):
                admitted.append("quick")
                await asyncio.sleep(0)

    async def slow_one(name: str) -> None:
        async with slots.take(1, slow=True):
            admitted.append(name)
            await asyncio.sleep(0)

    busy = [asyncio.create_task(quick_ones_for_ever()) for _ in range(5)]
    async with asyncio.timeout(1):
        await asyncio.gather(*(slow_one(f"slow{number}") for number in range(3)))
    for task in busy:
        task.cancel()
    await asyncio.gather(*busy, return_exceptions=True)
    assert [name for name in admitted if name != "quick"] == ["slow0", "slow1", "slow2"]


async def test_while_others_wait_only_one_slow_one_is_let_in() -> None:
    slots = Slots(4)
    admitted: list[str] = []
    leave = asyncio.Event()

    async def use(name: str, count: int, *, slow: bool) -> None:
        async with slots.take(count, slow=slow):
            admitted.append(name)
            await leave.wait()

    async with slots.take(4, slow=False):
        waiting = [
            asyncio.create_task(use(name, count, slow=name.startswith("slow")))
            for name, count in (("slow0", 1), ("slow1", 1), ("quick0", 2), ("quick1", 2))
        ]
        await asyncio.sleep(0)
    for _ in range(3):
        await asyncio.sleep(0)
    assert admitted == ["slow0", "quick0"]
    leave.set()
    async with asyncio.timeout(1):
        await asyncio.gather(*waiting)


@pytest.mark.parametrize("slow", [False, True])
async def test_one_that_waits_for_more_slots_than_are_left_gets_its_turn(
    slow: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    slots = Slots(10)
    waiting = contextlib.AsyncExitStack()
    async with slots.take(10, slow=False):
        turn = asyncio.create_task(waiting.enter_async_context(slots.take(5, slow=slow)))
        await asyncio.sleep(0)
        slots.resize(1)
        assert not turn.done()
    async with asyncio.timeout(1), waiting:
        await turn


async def test_giving_up_while_waiting_gives_the_slots_to_the_next() -> None:
    slots = Slots(1)
    got: list[str] = []

    async def use(name: str) -> None:
        async with slots.take(1, slow=False):
            got.append(name)

    async with slots.take(1, slow=False):
        first = asyncio.create_task(use("first"))
        second = asyncio.create_task(use("second"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    async with asyncio.timeout(1):
        await second
    assert got == ["second"]


async def test_slots_of_the_slow_lane_are_given_back_to_it() -> None:
    slots = Slots(4)
    async with asyncio.timeout(1):
        for _ in range(10):
            async with slots.take(1, slow=True):
                pass


async def test_many_who_give_up_at_once_leave_the_slots_to_the_others() -> None:
    slots = Slots(2)
    got: list[str] = []

    async def use(name: str, *, slow: bool) -> None:
        async with slots.take(1, slow=slow):
            got.append(name)

    async with slots.take(2, slow=False):
        leaving = [asyncio.create_task(use(f"leaving{n}", slow=bool(n % 2))) for n in range(6)]
        staying = [asyncio.create_task(use(f"staying{n}", slow=bool(n % 2))) for n in range(2)]
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
    ended = await asyncio.gather(*leaving, return_exceptions=True)
    assert [type(end) for end in ended] == [asyncio.CancelledError] * 6
    async with asyncio.timeout(1):
        await asyncio.gather(*staying)
        async with slots.take(2, slow=False):
            got.append("all of them")
    assert sorted(got) == ["all of them", "staying0", "staying1"]


@given(st.text(), st.floats(0.1, 3600))
def test_the_offset_is_stable_and_inside_the_interval(name: str, interval: float) -> None:
    assert 0 <= offset(name, interval) <= interval
    assert offset(name, interval) == offset(name, interval)


def test_offsets_are_spread_over_the_interval() -> None:
    found = Counter(int(offset(f"zone-{number}.example.org", 10)) for number in range(1000))
    assert set(found) == set(range(10))
    assert max(found.values()) < 200


@pytest.mark.parametrize("max_concurrency", [1, 2])
async def test_few_slots_still_let_everybody_through(max_concurrency: int) -> None:
    looks = Looks()
    scheduler = looks.scheduler(max_concurrency)
    scheduler.set_targets([target(f"t{number}") for number in range(5)])
    for number in range(5):
        await looks.until(f"t{number}", 2)
    await scheduler.stop()
