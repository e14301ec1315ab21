"""The tables of a history file, and the versions of them that can be read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from exporter.state.history_rows import HistoryBrokenError

SCHEMA_VERSION = 2
# A file of an older version lacks whole tables only, which are created.
_READABLE_VERSIONS = frozenset({0, 1, SCHEMA_VERSION})  # 0 is a new file
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
CREATE TABLE IF NOT EXISTS events(
    target TEXT, number INTEGER, at REAL NOT NULL, node TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY(target, number)) WITHOUT ROWID;
"""


def prepare(database: sqlite3.Connection, file: Path) -> None:
    """Lock an open file for this process, and give it the tables of this version.

    Raises:
        HistoryBrokenError: the file is of an unknown version, or damaged.
        sqlite3.Error: it is not a database, or another process uses it.
    """
    run = database.execute
    run("PRAGMA locking_mode = EXCLUSIVE")
    run("PRAGMA journal_mode = WAL")
    run("PRAGMA synchronous = NORMAL")
    run("BEGIN IMMEDIATE")
    (version,) = run("PRAGMA user_version").fetchone()
    if version not in _READABLE_VERSIONS:
        raise HistoryBrokenError(f"{file}: has version {version} of the schema, not {SCHEMA_VERSION}")
    for statement in _SCHEMA.split(";"):
        run(statement)
    run(f"PRAGMA user_version = {SCHEMA_VERSION}")
    run("COMMIT")
    (found,) = run("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise HistoryBrokenError(f"{file}: {found}")
