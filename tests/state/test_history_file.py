"""The history file: what it keeps, and that no fault of it stops anything else."""

from __future__ import annotations

import asyncio
import math
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
from exporter.state.events import MOST_EVENTS, Event
from exporter.state.history_rows import HistoryInUseError
from exporter.state.history_writer import HistoryWriter
from exporter.state.incidents import MOST_CLOSED, Brief, Incidents, Opening
from exporter.state.latencies import BUCKET_SECONDS
from exporter.state.store import Store
from exporter.state.timeline import DAY_SECONDS
from exporter.targets import AccessPath, Target
from tests.support.checkups import REFUSED, make_checkup, make_target
from tests.support.commands import succeed

ROOT = Path(__file__).parents[2]
WRITER = """
import asyncio, sys, time
from exporter.state.history_writer import HistoryWriter
from exporter.state.incidents import Incidents
from exporter.state.store import Store
from tests.support.checkups import REFUSED, make_checkup, make_target

async def main():
    store, incidents = Store([], []), Incidents()
    targets = [make_target(str(number)) for number in range(20)]
    store.set_targets(targets)
    keeper = HistoryWriter(store, incidents, sys.argv[1], lambda fault: print(fault, flush=True))
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

VERSION_1 = """
CREATE TABLE targets(name TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runs(
    target TEXT, kind TEXT, node TEXT, began REAL, ended REAL NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY(target, kind, node, began)) WITHOUT ROWID;
CREATE TABLE latencies(
    target TEXT, path TEXT, began REAL, count INTEGER NOT NULL, minimum REAL NOT NULL, mean REAL NOT NULL,
    maximum REAL NOT NULL, p95 REAL NOT NULL, PRIMARY KEY(target, path, began)) WITHOUT ROWID;
CREATE TABLE incidents(
    id TEXT PRIMARY KEY, target TEXT NOT NULL, node TEXT NOT NULL, diagnosis_before TEXT NOT NULL,
    diagnosis TEXT NOT NULL, since REAL NOT NULL, until REAL, reasons TEXT NOT NULL, evidence BLOB NOT NULL
    ) WITHOUT ROWID;
PRAGMA user_version = 1;
"""


class Kept:
    """A store and its incidents with a history file."""

    def __init__(self, file: Path, *targets: Target) -> None:
        self.store, self.incidents = Store([], []), Incidents()
        self.store.set_targets(targets or [make_target()])
        self.notes: list[str] = []
        self.writer = HistoryWriter(self.store, self.incidents, str(file), self.notes.append)
        self.monotonic = 0.0

    def round(self, at: float, *, is_up: bool = True) -> None:
        for state in self.store.states:
            checkup = make_checkup(state.target, proxy=None if is_up else REFUSED, at=at)
            self.monotonic += 1.0
            for change in self.store.record(checkup, self.monotonic):
                self.incidents.follow(change, Opening(at, {"proxy": None}, lambda: {"seen": "x"}))

    def events(self) -> list[str]:
        return [each.text for state in self.store.states for each in state.events.latest_first()]

    def diagnoses(self, name: str = "my-zone") -> list[tuple[str | None, float]]:
        state = self.store.state(name)
        assert state is not None
        return [(run.state, run.seconds) for run in state.timeline.diagnoses]


@asynccontextmanager
async def kept(file: Path, *targets: Target) -> AsyncIterator[Kept]:
    found = Kept(file, *targets)
    await found.writer.open()
    try:
        yield found
    finally:
        await found.writer.close()


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


async def test_the_last_events_survive_a_restart_and_a_file_that_breaks(tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    texts = [f"event {number}" for number in range(MOST_EVENTS + 5)]
    async with kept(file) as before:
        (state,) = before.store.states
        for text in texts:
            state.events.add(Event(now, "node-1", text))
            await before.writer.write()
        before.round(now)
    async with kept(file) as after:
        assert after.events() == texts[:4:-1]
        (state,) = after.store.states
        assert next(state.events.latest_first()) == Event(now, "node-1", texts[-1])
        state.events.add(Event(now + 1, "", "the latest"))
    file.write_bytes(b"no database at all" * 100)
    async with kept(file) as broken:
        assert broken.notes
        assert not broken.events()


async def test_events_in_memory_are_written_into_the_file_that_replaces_a_broken_one(tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    async with kept(file) as found:
        (state,) = found.store.states
        state.events.add(Event(now, "", "certificate renewed"))
        await found.writer.write()
        await found.writer._replace(ValueError("damaged"))
        found.round(now)
    async with kept(file) as again:
        assert again.events() == ["certificate renewed"]


async def test_incidents_in_memory_are_written_into_the_file_that_replaces_a_broken_one(
    tmp_path: Path,
) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    async with kept(file) as found:
        for at, is_up in ((now - 40, False), (now - 25, True), (now - 10, False)):
            found.round(at, is_up=is_up)
        await found.writer.write()
        await found.writer._replace(ValueError("damaged"))
    async with kept(file) as again:
        assert [each.until for each in again.incidents.latest_first()] == [None, pytest.approx(now - 25)]


async def test_all_incidents_of_an_outage_of_many_targets_are_written(tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    targets = [make_target(str(number)) for number in range(450)]
    async with kept(file, *targets) as before:
        before.round(now - 25, is_up=False)
    async with kept(file, *targets) as after:
        assert after.incidents.count_open() == len(targets)
        after.round(now)
        assert after.incidents.count_open() == 0
    async with kept(file, *targets) as at_last:
        assert len(list(at_last.incidents.latest_first())) == MOST_CLOSED


async def test_a_withdrawn_incident_leaves_the_file(tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    async with kept(file) as before:
        before.round(now - 25, is_up=False)
        await before.writer.write()
        brief = Brief(60.0, frozenset({Diagnosis.PROXY_DOWN.value}))
        assert before.incidents.withdraw("my-zone", "", now, brief) == now - 25
    async with kept(file) as after:
        assert not list(after.incidents.latest_first())


async def test_a_file_of_version_1_is_upgraded_and_loses_nothing(tmp_path: Path) -> None:
    file, now, target = tmp_path / "history.sqlite", time.time(), make_target()
    with closing(sqlite3.connect(file)) as database:
        database.executescript(VERSION_1)
        run = ("my-zone", "diagnosis", "", now - 60, now - 30, "proxy_down")
        incident = ("i-1", "my-zone", "", "ok", "proxy_down", now - 60, None, '{"proxy": null}', b"")
        database.execute("INSERT INTO targets VALUES(?, ?)", ("my-zone", target.place))
        database.execute("INSERT INTO runs VALUES(?, ?, ?, ?, ?, ?)", run)
        database.execute(
            "INSERT INTO latencies VALUES('my-zone', 'proxy', ?, 2, 0.1, 0.2, 0.3, 0.3)",
            (now // BUCKET_SECONDS * BUCKET_SECONDS,),
        )
        database.execute("INSERT INTO incidents VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", incident)
        database.commit()
    for expected in ([], ["certificate renewed"]):
        async with kept(file, target) as found:
            assert not found.notes
            ((diagnosis, seconds),) = found.diagnoses()
            assert diagnosis == "proxy_down"
            assert seconds == pytest.approx(30.0, abs=0.1)
            assert [each.incident_id for each in found.incidents.latest_first()] == ["i-1"]
            (state,) = found.store.states
            assert sum(each.requests for each in state.timeline.latencies[AccessPath.PROXY]) == 2
            assert found.events() == expected
            state.events.add(Event(now, "", "certificate renewed"))
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert database.execute("SELECT * FROM runs").fetchall() == [run]
        ((count, mean),) = database.execute("SELECT count, mean FROM latencies")
        assert count == 2
        assert mean == pytest.approx(0.2, rel=0.01)  # kept in memory in two bytes


async def test_only_a_target_that_is_gone_for_longer_than_the_retention_is_deleted(tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    async with kept(file, make_target("gone"), make_target("here")) as before:
        before.round(now - 2 * DAY_SECONDS)
        for state in before.store.states:
            state.events.add(Event(now, "", f"event of {state.target.name}"))
    async with kept(file, make_target("here")) as after:
        assert after.events() == ["event of here"]
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT name FROM targets").fetchall() == [("here",)]
        assert database.execute("SELECT target FROM events").fetchall() == [("here",)]


async def test_the_file_is_private_and_has_a_version(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    old = os.umask(0)
    try:
        async with kept(file) as found:
            found.round(time.time())
            await found.writer.write()
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert modes == {"history.sqlite": 0o600, "history.sqlite-wal": 0o600}
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)


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


async def test_a_renamed_target_starts_without_history_and_the_others_keep_theirs(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("value", ["text", b"blob", math.inf, 1e300, -1e300, 2**62])
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE OR REPLACE runs SET began = ?",
        "UPDATE runs SET ended = ?",
        "UPDATE incidents SET since = ?",
        "UPDATE incidents SET until = ?",
        "UPDATE OR REPLACE latencies SET began = ?",
        "UPDATE latencies SET count = ?",
        "UPDATE latencies SET minimum = ?",
        "UPDATE latencies SET mean = ?",
        "UPDATE latencies SET maximum = ?",
        "UPDATE latencies SET p95 = ?",
        "UPDATE OR REPLACE runs SET began = coalesce(0, ?), state = CAST(x'72ff' AS TEXT)",
        "UPDATE incidents SET since = coalesce(0, ?), id = CAST(x'72ff' AS TEXT)",
    ],
)
async def test_a_damaged_value_is_a_broken_file_and_stops_nothing(
    tmp_path: Path, damage: str, value: object
) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    async with kept(file) as before:
        before.round(now - 30, is_up=False)
        before.round(now - 15)
    with closing(sqlite3.connect(file)) as database:
        database.execute(damage, (value,))
        database.commit()
    async with kept(file) as found:
        found.round(now)
        assert found.writer.fault.startswith("the history file was broken")
        await found.writer.write()
        assert not found.writer.fault
    async with kept(file) as again:
        assert len(again.diagnoses()) == 1


async def test_a_file_with_a_damaged_list_of_free_pages_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    async with kept(file) as before:
        before.round(time.time())
    with file.open("r+b") as stream:
        stream.seek(36)  # how many pages are free
        stream.write(b"\0\0\0\5")
    async with kept(file) as found:
        assert "the history file was broken" in found.notes[0]


async def test_rounds_of_a_clock_that_was_ahead_do_not_stop_the_history(tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite", time.time()
    async with kept(file) as before:
        before.round(now - 15)
        before.round(now + 86_400)
        before.round(now + 86_415)
    async with kept(file) as after:
        after.round(now)
        assert after.store.states[0].timeline.ended == now
    async with kept(file) as again:
        assert again.store.states[0].timeline.ended == pytest.approx(now)


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
            await Kept(file).writer.open()


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
            await found.writer.write()
            ballast = disk / "ballast"
            with pytest.raises(OSError, match="No space left"):
                fill(ballast)
            found.round(now - 35, is_up=False)
            found.round(now - 25)
            await found.writer.write()
            assert "cannot be written" in found.writer.fault
            found.round(now - 15)
            assert [state for state, _ in found.diagnoses()] == ["ok", "proxy_down", "ok"]
            ballast.unlink()
            await found.writer.write()
            assert not found.writer.fault
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
