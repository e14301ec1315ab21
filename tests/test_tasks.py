"""Functions that may never return: they keep neither the loop nor other work waiting."""

from __future__ import annotations

import asyncio
import threading

import pytest

from exporter.tasks import HangingReads, in_thread


async def test_the_result_or_the_error_of_a_thread_is_returned() -> None:
    def fail() -> None:
        raise LookupError("found nothing")

    assert await in_thread(lambda: threading.current_thread().daemon)
    with pytest.raises(LookupError, match="found nothing"):
        await in_thread(fail)


async def test_a_thread_that_is_not_waited_for_any_more_is_no_error() -> None:
    ends = threading.Event()
    waiting = asyncio.ensure_future(in_thread(ends.wait))
    await asyncio.sleep(0)
    waiting.cancel()
    ends.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_a_thread_that_never_returns_does_not_keep_the_loop_from_ending() -> None:
    async def leave() -> None:
        hanging = asyncio.ensure_future(in_thread(threading.Event().wait))
        await asyncio.sleep(0)
        hanging.cancel()

    asyncio.run(leave())


class TestHangingReads:
    async def test_a_read_that_hangs_is_waited_for_once(self) -> None:
        ends = threading.Event()
        begun: list[int] = []

        def hang() -> int:
            begun.append(1)
            ends.wait()
            return 1

        reads: HangingReads[int] = HangingReads(0.2)
        for _ in range(3):
            with pytest.raises(TimeoutError, match=r"No answer from the file system within 0\.2 s"):
                await reads.run("file", hang)
        assert len(begun) == 1
        assert await reads.run("other file", lambda: 2) == 2
        ends.set()

    async def test_two_reads_of_one_file_at_once_are_one(self) -> None:
        begun: list[int] = []
        reads: HangingReads[int] = HangingReads()

        def read() -> int:
            begun.append(1)
            return len(begun)

        one, other = await asyncio.gather(reads.run("file", read), reads.run("file", read))
        assert (one, other) == (1, 1)
        assert await reads.run("file", read) == 2
