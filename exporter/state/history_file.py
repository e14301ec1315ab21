"""The history in an SQLite file. Every function runs in the thread of its file; see `history_keeper.py`.

The file is in WAL mode, and locked for as long as the process lives: a killed process loses the last seconds only.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from exporter.state.history_rows import (
    Batch,
    HistoryBrokenError,
    HistoryInUseError,
    SavedHistory,
    TargetRows,
    incident_of,
    row_of,
)
from exporter.state.latencies import LatencyBucket
from exporter.state.timeline import Lane, SavedBucket, SavedRun, Timeline

SCHEMA_VERSION = 1
_MODE = 0o600
_LOCK_SECONDS = 1.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS targets(name TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs(
    target TEXT, kind TEXT, node TEXT, began REAL, ended REAL NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY(target, kind, node, began)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latencies(
    target TEXT, path TEXT, began REAL, count INTEGER NOT NULL, minimum REAL NOT NULL, mean REAL NOT NULL,
    maximum REAL NOT NULL, p95 REAL NOT NULL, PRIMARY KEY(target, path, began)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incidents(
    id TEXT PRIMARY KEY, target TEXT NOT NULL, node TEXT NOT NULL, diagnosis_before TEXT NOT NULL,
    diagnosis TEXT NOT NULL, since REAL NOT NULL, until REAL, reasons TEXT NOT NULL, evidence BLOB NOT NULL
    ) WITHOUT ROWID;
"""


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
        self._places: dict[str, str] = {}
        self._database = sqlite3.connect(
            file, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(file)
        except sqlite3.Error as error:
            self._database.close()
            raise _explained(error, file) from error
        except BaseException:
            self._database.close()
            raise

    def _prepare(self, file: Path) -> None:
        run = self._database.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run("BEGIN IMMEDIATE")
        (version,) = run("PRAGMA user_version").fetchone()
        if version not in {0, SCHEMA_VERSION}:
            raise HistoryBrokenError(f"{file}: has version {version} of the schema, not {SCHEMA_VERSION}")
        for statement in _SCHEMA.split(";"):
            run(statement)
        run(f"PRAGMA user_version = {SCHEMA_VERSION}")
        run("COMMIT")
        (found,) = run("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise HistoryBrokenError(f"{file}: {found}")
        self._places = dict(run("SELECT name, place FROM targets").fetchall())

    def load(self, retention: float) -> SavedHistory:
        """Return what the file holds; raise sqlite3.Error or ValueError if it is broken."""
        saved, run = SavedHistory(), self._database.execute
        timelines = {name: Timeline(retention) for name in self._places}
        for name, kind, node, *row in run(
            "SELECT target, kind, node, began, ended, state FROM runs ORDER BY target, kind, node, began"
        ):
            if name in timelines:
                timelines[name].restore_run(SavedRun(Lane(kind, node), *row))
        for name, path, *row in run("SELECT * FROM latencies ORDER BY target, path, began"):
            if name in timelines:
                timelines[name].restore_bucket(SavedBucket(path, LatencyBucket(*row)))
        for timeline in timelines.values():
            timeline.forget_before(time.time() - retention)
            timeline.saved_until = timeline.ended
        saved.timelines = {(name, self._places[name]): timeline for name, timeline in timelines.items()}
        saved.incidents = [incident_of(row) for row in run("SELECT * FROM incidents ORDER BY since")]
        return saved

    def write(self, batch: Batch) -> None:
        """Write a batch in one transaction; raise sqlite3.Error."""
        run = self._database.execute
        run("BEGIN IMMEDIATE")
        try:
            places = {each.name: each.place for each in batch.targets}
            for rows in batch.targets:
                self._write_target(rows)
            self._write_incidents(batch)
            if batch.forget_before is not None:
                self._forget_before(batch.forget_before)
            run("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                run("ROLLBACK")
            raise
        self._places |= places

    def _write_target(self, rows: TargetRows) -> None:
        run, many = self._database.execute, self._database.executemany
        if self._places.get(rows.name) != rows.place:
            run("DELETE FROM runs WHERE target = ?", (rows.name,))
            run("DELETE FROM latencies WHERE target = ?", (rows.name,))
            run("INSERT OR REPLACE INTO targets VALUES(?, ?)", (rows.name, rows.place))
        many(
            "INSERT OR REPLACE INTO runs VALUES(?, ?, ?, ?, ?, ?)",
            [(rows.name, *each.lane, each.began, each.ended, each.state) for each in rows.runs],
        )
        many(
            "INSERT OR REPLACE INTO latencies VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
            [(rows.name, each.path, *each.bucket) for each in rows.buckets],
        )

    def _write_incidents(self, batch: Batch) -> None:
        run = self._database.execute
        for each in batch.incidents:
            run("INSERT OR REPLACE INTO incidents VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", row_of(each))
        if batch.incidents:
            closed = {found for (found,) in run("SELECT id FROM incidents WHERE until IS NOT NULL")}
            for gone in closed.difference(batch.closed_ids):
                run("DELETE FROM incidents WHERE id = ?", (gone,))

    def _forget_before(self, time: float) -> None:
        run = self._database.execute
        run("DELETE FROM runs WHERE ended < ?", (time,))
        run("DELETE FROM latencies WHERE began < ?", (time,))

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
