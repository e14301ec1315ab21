"""The history file: what it keeps, and that no fault of it stops anything else."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from exporter.diagnosis.rules import Diagnosis
from exporter.state.history_keeper import HistoryKeeper
from exporter.state.history_rows import HistoryInUseError
from exporter.state.incidents import Incidents, Opening
from exporter.state.store import Store
from exporter.targets import AccessPath, Target
from tests.support.checkups import REFUSED, make_checkup, make_target
from tests.support.commands import succeed

ROOT = Path(__file__).parents[2]
WRITER = """
import asyncio, sys, time
from exporter.state.history_keeper import HistoryKeeper
from exporter.state.incidents import Incidents
from exporter.state.store import Store
from tests.support.checkups import REFUSED, make_checkup, make_target

async def main():
    store, incidents = Store([], []), Incidents()
    targets = [make_target(str(number)) for number in range(20)]
    store.set_targets(targets)
    keeper = HistoryKeeper(store, incidents, sys.argv[1], lambda fault: print(fault, flush=True))
    await keeper.open()
    number = 0
    while True:
        number += 1
        for target in targets:
            store.record(make_checkup(target, proxy=REFUSED if number % 2 else None, at=time.time()), number)
        await keeper.write()
        if number == 1:
            print("written", flush=True)

asyncio.run(main())
"""


class Kept:
    """A store and its incidents with a history file."""

    def __init__(self, file: Path, *targets: Target) -> None:
        self.store, self.incidents = Store([], []), Incidents()
        self.store.set_targets(targets or [make_target()])
        self.notes: list[str] = []
        self.keeper = HistoryKeeper(self.store, self.incidents, str(file), self.notes.append)
        self.monotonic = 0.0

    def round(self, at: float, *, is_up: bool = True) -> None:
        for state in self.store.states:
            checkup = make_checkup(state.target, proxy=None if is_up else REFUSED, at=at)
            self.monotonic += 1.0
            for change in self.store.record(checkup, self.monotonic):
                self.incidents.follow(change, Opening(at, {"proxy": None}, lambda: {"seen": "x"}))

    def diagnoses(self, name: str = "my-zone") -> list[tuple[str | None, float]]:
        state = self.store.state(name)
        assert state is not None
        return [(run.state, run.seconds) for run in state.timeline.diagnoses]


@asynccontextmanager
async def kept(file: Path, *targets: Target) -> AsyncIterator[Kept]:
    found = Kept(file, *targets)
    await found.keeper.open()
    try:
        yield found
    finally:
        await found.keeper.close()


async def test_history_and_incidents_survive_a_restart(tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    async with kept(file) as before:
        before.round(now - 40)
        before.round(now - 25, is_up=False)
    async with kept(file) as after:
        assert [state for state, _ in after.diagnoses()] == ["ok", "proxy_down"]
        assert [seconds for _, seconds in after.diagnoses()] == pytest.approx([15.25, 0.0], abs=0.01)
        (incident,) = after.incidents.latest_first()
        assert (incident.after, incident.until, incident.evidence) == ("proxy_down", None, {"seen": "x"})
        after.round(now - 10)
        assert [state for state, _ in after.diagnoses()] == ["ok", "proxy_down", "ok"]
        (incident,) = after.incidents.latest_first()
        assert incident.until == pytest.approx(now - 10)
    async with kept(file) as at_last:
        buckets = at_last.store.states[0].timeline.latencies[AccessPath.PROXY]
        assert sum(each.requests for each in buckets) == 2
        assert not at_last.notes


async def test_the_file_is_private_and_has_a_version(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    old = os.umask(0)
    try:
        async with kept(file) as found:
            found.round(time.time())
            await found.keeper.write()
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert modes == {"history.sqlite": 0o600, "history.sqlite-wal": 0o600}
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)


async def test_a_target_that_leads_elsewhere_has_nothing_of_the_old_place(tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    old = make_target()
    async with kept(file, old) as before:
        before.round(now - 30)
    new = Target(
        **{**{name: getattr(old, name) for name in ("name", "url", "proxy_url")}, "direct_url": "https://b"}
    )
    async with kept(file, new) as after:
        assert not after.diagnoses()
        after.round(now)
    async with kept(file, new) as again:
        assert len(again.diagnoses()) == 1
    async with kept(file, old) as back:
        assert not back.diagnoses()


async def test_a_renamed_target_begins_anew_and_the_others_go_on(tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    async with kept(file, make_target("a"), make_target("b")) as before:
        before.round(now - 30)
    async with kept(file, make_target("a"), make_target("c")) as after:
        assert after.diagnoses("a")
        assert not after.diagnoses("c")


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
async def test_a_broken_file_is_moved_aside_and_reported(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "history.sqlite"
    file.write_bytes(content)
    async with kept(file) as found:
        assert "broken" in found.notes[0]
        found.round(time.time())
    (aside,) = tmp_path.glob("history.sqlite.broken-*")
    assert aside.read_bytes() == content
    async with kept(file) as again:
        assert len(again.diagnoses()) == 1


async def test_a_file_of_another_version_is_kept_aside(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA user_version = 99")
    async with kept(file) as found:
        assert "version 99" in found.notes[0]
    assert list(tmp_path.glob("history.sqlite.broken-*"))


async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    async with kept(file):
        with pytest.raises(HistoryInUseError, match="another process uses this history file"):
            await Kept(file).keeper.open()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of this size; skips where mounting is not allowed."""
    folder.mkdir()
    try:
        succeed("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    except AssertionError:
        pytest.skip("mounting needs root")
    try:
        yield folder
    finally:
        succeed("umount", "-l", folder)


def fill(file: Path) -> None:
    """Write a file until the disk is full, which raises OSError."""
    with file.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(b"x" * 4096)


async def test_a_full_disk_costs_nothing_and_is_made_up_for(tmp_path: Path) -> None:
    now = time.time()
    with small_disk(tmp_path / "disk", "300k") as disk:
        async with kept(disk / "history.sqlite") as found:
            found.round(now - 45)
            await found.keeper.write()
            ballast = disk / "ballast"
            with pytest.raises(OSError, match="No space left"):
                fill(ballast)
            found.round(now - 30, is_up=False)
            await found.keeper.write()
            assert "cannot be written" in found.keeper.fault
            found.round(now - 15)
            assert [state for state, _ in found.diagnoses()] == ["ok", "proxy_down", "ok"]
            ballast.unlink()
            await found.keeper.write()
            assert not found.keeper.fault
            assert found.notes[-1] == ""
        async with kept(disk / "history.sqlite") as again:
            assert [state for state, _ in again.diagnoses()] == ["ok", "proxy_down", "ok"]
            (incident,) = again.incidents.latest_first()
            assert incident.until is not None


async def kill_while_writing(file: Path, after_seconds: float) -> None:
    """Start a process that writes without pause, and kill it a while after its first write."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(file), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30.0):
            assert await process.stdout.readline() == b"written\n"
        await asyncio.sleep(after_seconds)  # the moment of the kill is the point
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def kills(file: Path, count: int) -> None:
    targets = [make_target(str(number)) for number in range(20)]
    for number in range(count):
        before = time.time()
        await kill_while_writing(file, 0.001 * (number % 40))
        async with kept(file, *targets) as found:
            assert not found.notes
            assert all(state.timeline.ended >= before for state in found.store.states)
            assert found.diagnoses("7")[-1][0] in {Diagnosis.OK, Diagnosis.PROXY_DOWN}


async def test_a_killed_process_leaves_a_file_that_opens(tmp_path: Path) -> None:
    await kills(tmp_path / "history.sqlite", 3)


@pytest.mark.slow
async def test_a_process_killed_200_times_leaves_a_file_that_opens(tmp_path: Path) -> None:
    await kills(tmp_path / "history.sqlite", 200)
