"""The history in an SQLite file. Every function runs in the thread of its file; see `history_writer.py`.

The file is in WAL mode, and locked for as long as the process lives: a killed process loses the last seconds only.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Collection
from pathlib import Path

from exporter.state.history_rows import (
    Batch,
    HistoryBrokenError,
    HistoryInUseError,
    SavedHistory,
    TargetRows,
    bucket_of,
    event_of,
    incident_of,
    row_of,
    run_of,
)
from exporter.state.history_schema import prepare
from exporter.state.timeline import Timeline

_MODE = 0o600
_LOCK_SECONDS = 1.0
# What is later than this was written while the clock was wrong.
_CLOCK_SECONDS = 60.0
# What an access may raise.
FAULTS = (sqlite3.Error, OSError, ValueError)


class HistoryFile:
    """An open file."""

    def __init__(self, file: Path) -> None:
        """Open the file, or create it.

        Raises:
            HistoryInUseError: another process uses it.
            HistoryBrokenError: it is not a history that this version can read.
            OSError: it cannot be opened or created.
        """
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE))
        file.chmod(_MODE)
        self._database = sqlite3.connect(
            file, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._database.text_factory = bytes.decode  # what is no UTF-8 raises ValueError: the file is broken
        try:
            prepare(self._database, file)
            self._places = self._read_places()
        except sqlite3.Error as error:
            self._database.close()
            raise _explained(error, file) from error
        except BaseException:
            self._database.close()
            raise

    def _read_places(self) -> dict[str, str]:
        return dict(self._database.execute("SELECT name, place FROM targets").fetchall())

    def load(self, retention: float) -> SavedHistory:
        """Return what the file holds up to now; raise sqlite3.Error, OSError or ValueError if it is broken."""
        saved, run, latest = SavedHistory(), self._database.execute, time.time() + _CLOCK_SECONDS
        timelines = {name: Timeline(retention) for name in self._places}
        for name, *row in run(
            "SELECT target, kind, node, began, ended, state FROM runs ORDER BY target, kind, node, began"
        ):
            found = run_of(*row)
            if name in timelines and found.ended <= latest:
                timelines[name].restore_run(found)
        for name, *row in run("SELECT * FROM latencies ORDER BY target, path, began"):
            bucket = bucket_of(*row)
            if name in timelines and bucket.bucket.began <= latest:
                timelines[name].restore_bucket(bucket)
        for name, *row in run("SELECT target, at, node, text FROM events ORDER BY target, number"):
            if name in timelines:
                timelines[name].events.add(event_of(*row))
        for timeline in timelines.values():
            timeline.events.saved = timeline.events.noted
            timeline.forget_before(time.time() - retention)
            timeline.saved_until = timeline.ended
        saved.timelines = {(name, self._places[name]): timeline for name, timeline in timelines.items()}
        saved.incidents = [incident_of(row) for row in run("SELECT * FROM incidents ORDER BY since")]
        return saved

    def write(self, batch: Batch) -> None:
        """Write a batch in one transaction; raise sqlite3.Error."""
        run, many = self._database.execute, self._database.executemany
        run("BEGIN IMMEDIATE")
        try:
            places = {each.name: each.place for each in batch.targets}
            for rows in batch.targets:
                self._write_target(rows)
            many("DELETE FROM incidents WHERE id = ?", [(gone,) for gone in batch.gone])
            many(
                "INSERT OR REPLACE INTO incidents VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(row_of, batch.incidents),
            )
            if batch.forget_before is not None:
                self._forget_before(batch.forget_before, batch.configured)
            run("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                run("ROLLBACK")
            raise
        self._places = self._read_places() if batch.forget_before is not None else self._places | places

    def _write_target(self, rows: TargetRows) -> None:
        run, many = self._database.execute, self._database.executemany
        if self._places.get(rows.name) != rows.place:
            run("DELETE FROM runs WHERE target = ?", (rows.name,))
            run("DELETE FROM latencies WHERE target = ?", (rows.name,))
            run("DELETE FROM events WHERE target = ?", (rows.name,))
            run("INSERT OR REPLACE INTO targets VALUES(?, ?)", (rows.name, rows.place))
        many(
            "INSERT OR REPLACE INTO runs VALUES(?, ?, ?, ?, ?, ?)",
            [(rows.name, *each.lane, each.began, each.ended, each.state) for each in rows.runs],
        )
        many(
            "INSERT OR REPLACE INTO latencies VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
            [(rows.name, each.path, *each.bucket) for each in rows.buckets],
        )
        if rows.events:
            run("DELETE FROM events WHERE target = ?", (rows.name,))
            many(
                "INSERT INTO events VALUES(?, ?, ?, ?, ?)",
                [
                    (rows.name, number, each.at, each.node, each.text)
                    for number, each in enumerate(rows.events)
                ],
            )

    def _forget_before(self, time: float, configured: Collection[str]) -> None:
        run = self._database.execute
        run("DELETE FROM runs WHERE ended < ?", (time,))
        run("DELETE FROM latencies WHERE began < ?", (time,))
        named = {name for (name,) in run("SELECT name FROM targets")}
        seen = {name for (name,) in run("SELECT DISTINCT target FROM runs")}
        for name in named.difference(seen, configured):
            run("DELETE FROM events WHERE target = ?", (name,))
            run("DELETE FROM targets WHERE name = ?", (name,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def move_aside(file: Path) -> Path:
    """Give a broken file and its log another name, so that a new one can be made; return the name."""
    aside = file.with_name(f"{file.name}.broken-{time.time_ns()}")
    file.rename(aside)
    for suffix in ("-wal", "-shm"):
        log = file.with_name(file.name + suffix)
        if log.exists():
            log.rename(aside.with_name(aside.name + suffix))
    return aside


def is_broken(error: Exception) -> bool:
    """Return whether an error means that the content of the file is broken, not that it cannot be accessed now."""
    if isinstance(error, HistoryBrokenError | ValueError):
        return True
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _explained(error: sqlite3.Error, file: Path) -> OSError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return HistoryInUseError(f"{file}: another process uses this history file")
    if is_broken(error) or name == "SQLITE_ERROR":
        return HistoryBrokenError(f"{file}: {error}")
    return OSError(f"{file}: {error}")
