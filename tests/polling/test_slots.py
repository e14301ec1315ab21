from __future__ import annotations

import asyncio
import contextlib

import pytest

from exporter.polling.slots import Priority, Slots


async def test_slots_are_given_first_come_first_served_and_never_too_many() -> None:
    slots = Slots(4)
    order: list[int] = []
    in_use = peak = 0

    async def use(number: int, count: int) -> None:
        nonlocal in_use, peak
        async with slots.take(count, Priority.QUICK):
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
    async with asyncio.timeout(1), slots.take(10, Priority.QUICK):
        pass
    async with asyncio.timeout(1), slots.take(10, Priority.SLOW):
        pass


async def test_slow_ones_do_not_pass_one_that_waits_for_many_slots() -> None:
    slots = Slots(4)
    admitted: list[str] = []

    async def use(name: str, count: int, priority: Priority) -> None:
        async with slots.take(count, priority):
            admitted.append(name)

    async with slots.take(1, Priority.SLOW):
        waiting = [
            asyncio.create_task(use("many", 4, Priority.QUICK)),
            asyncio.create_task(use("slow", 1, Priority.SLOW)),
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
            async with slots.take(2, Priority.QUICK):
                admitted.append("quick")
                await asyncio.sleep(0)

    async def slow_one(name: str) -> None:
        async with slots.take(1, Priority.SLOW):
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

    async def use(name: str, count: int, priority: Priority) -> None:
        async with slots.take(count, priority):
            admitted.append(name)
            await leave.wait()

    async with slots.take(4, Priority.QUICK):
        waiting = [
            asyncio.create_task(
                use(name, count, Priority.SLOW if name.startswith("slow") else Priority.QUICK)
            )
            for name, count in (("slow0", 1), ("slow1", 1), ("quick0", 2), ("quick1", 2))
        ]
        await asyncio.sleep(0)
    for _ in range(3):
        await asyncio.sleep(0)
    assert admitted == ["slow0", "quick0"]
    leave.set()
    async with asyncio.timeout(1):
        await asyncio.gather(*waiting)


@pytest.mark.parametrize("priority", Priority)
async def test_one_that_waits_for_more_slots_than_are_left_gets_its_turn(priority: Priority) -> None:
    slots = Slots(10)
    waiting = contextlib.AsyncExitStack()
    async with slots.take(10, Priority.QUICK):
        turn = asyncio.create_task(waiting.enter_async_context(slots.take(5, priority)))
        await asyncio.sleep(0)
        slots.resize(1)
        assert not turn.done()
    async with asyncio.timeout(1), waiting:
        await turn


async def test_giving_up_while_waiting_gives_the_slots_to_the_next() -> None:
    slots = Slots(1)
    got: list[str] = []

    async def use(name: str) -> None:
        async with slots.take(1, Priority.QUICK):
            got.append(name)

    async with slots.take(1, Priority.QUICK):
        first = asyncio.create_task(use("first"))
        second = asyncio.create_task(use("second"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    async with asyncio.timeout(1):
        await second
    assert got == ["second"]


async def test_slots_of_a_slow_round_are_given_back_to_its_priority() -> None:
    slots = Slots(4)
    async with asyncio.timeout(1):
        for _ in range(10):
            async with slots.take(1, Priority.SLOW):
                pass


async def test_requests_cancelled_at_once_leave_their_slots_to_the_others() -> None:
    slots = Slots(2)
    got: list[str] = []

    async def use(name: str, priority: Priority) -> None:
        async with slots.take(1, priority):
            got.append(name)

    async with slots.take(2, Priority.QUICK):
        leaving = [
            asyncio.create_task(use(f"leaving{n}", (Priority.QUICK, Priority.SLOW)[n % 2])) for n in range(6)
        ]
        staying = [
            asyncio.create_task(use(f"staying{n}", (Priority.QUICK, Priority.SLOW)[n % 2])) for n in range(2)
        ]
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
    ended = await asyncio.gather(*leaving, return_exceptions=True)
    assert [type(end) for end in ended] == [asyncio.CancelledError] * 6
    async with asyncio.timeout(1):
        await asyncio.gather(*staying)
        async with slots.take(2, Priority.QUICK):
            got.append("all of them")
    assert sorted(got) == ["all of them", "staying0", "staying1"]


async def test_a_running_round_becomes_slow_as_long_as_slow_rounds_have_room() -> None:
    slots = Slots(4)
    async with (
        asyncio.timeout(1),
        slots.take(2, Priority.QUICK) as first,
        slots.take(2, Priority.QUICK) as second,
    ):
        assert slots.become_slow(first)
        assert not slots.become_slow(second)
    async with asyncio.timeout(1), slots.take(4, Priority.QUICK):
        pass


async def test_details_that_hang_leave_slots_to_slow_and_quick_rounds() -> None:
    slots = Slots(8)
    async with asyncio.timeout(1), slots.take(1, Priority.DETAILS), slots.take(1, Priority.DETAILS):
        third = asyncio.create_task(slots.take(1, Priority.DETAILS).__aenter__())
        async with slots.take(4, Priority.SLOW), slots.take(2, Priority.QUICK):
            assert not third.done()
        third.cancel()
        await asyncio.gather(third, return_exceptions=True)
