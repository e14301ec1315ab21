"""Keeping the history in its file: every few seconds what is new, in a thread of its own.

If the file cannot be written, the history continues in memory, and what is new is written once that is
possible.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.state.history_rows import Batch, HistoryInUseError, SavedHistory, TargetRows
from exporter.state.incidents import Incident, Incidents
from exporter.state.store import Store
from exporter.state.target_state import TargetState
from exporter.tasks import OwnThread

if TYPE_CHECKING:
    from exporter.state.history_file import HistoryFile

_WRITE_SECONDS = 2.0
_CLEAN_SECONDS = 600.0
_CLOSE_SECONDS = 2.0
_STATES_PER_TURN = 50


class HistoryWriter:
    """The history of a store and its incidents in a file. `note` gets a fault, or nothing once it has ended."""

    def __init__(self, store: Store, incidents: Incidents, file: str, note: Callable[[str], None]) -> None:
        self._store = store
        self._incidents = incidents
        self._path = Path(file)
        self._note = note
        self._thread = OwnThread("history")
        self._file: HistoryFile | None = None
        # The incidents that the file holds.
        self._saved: dict[str, Incident] = {}
        self._cleaned_at = 0.0
        self.fault = ""
        # SQLite needs a megabyte, which only a history with a file takes.
        self._module = importlib.import_module("exporter.state.history_file")

    async def open(self) -> None:
        """Open the file and continue what it holds. A broken file is moved aside, and a new one is made.

        Raises:
            OSError: another process uses the file.
        """
        try:
            saved = await self._thread.run(self._open)
        except HistoryInUseError:
            raise
        except self._module.FAULTS as error:
            if not self._module.is_broken(error):
                self._report(f"the history file cannot be used, the history stays in memory: {error}")
                return
            await self._replace(error)
            return
        self._store.restore(saved.timelines)
        self._incidents.restore(saved.incidents)
        self._saved = {each.incident_id: each for each in saved.incidents}

    def _open(self) -> SavedHistory:
        self._file = self._module.HistoryFile(self._path)
        found: SavedHistory = self._file.load(self._store.retention)
        return found

    async def _replace(self, broken: Exception) -> None:
        """Move a broken file aside, and begin a new one with the history in memory."""
        try:
            aside = await self._thread.run(self._move_aside)
        except self._module.FAULTS as error:
            self._report(f"the history file is broken ({broken}), and cannot be replaced: {error}")
            return
        self._report(f"the history file was broken ({broken}); it is now {aside}, and a new one was begun")
        self._saved = {}
        for state in self._store.states:
            state.timeline.saved_until, state.timeline.events.saved = 0.0, 0

    def _move_aside(self) -> Path:
        self._close()
        aside: Path = self._module.move_aside(self._path)
        self._open()
        return aside

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    async def run(self) -> None:
        """Write what is new every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(_WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what is new."""
        timelines, rows = [], []
        for number, state in enumerate(self._store.states, start=1):
            timeline = state.timeline
            if not timeline.is_saved:
                timelines.append((timeline, timeline.ended, timeline.events.noted))
                rows.append(self._rows(state))
            if number % _STATES_PER_TURN == 0:
                await asyncio.sleep(0)
        now, kept = time.time(), self._incidents.by_id()
        is_due = now - self._cleaned_at >= _CLEAN_SECONDS
        incidents = [each for name, each in kept.items() if self._saved.get(name) is not each]
        gone = self._saved.keys() - kept.keys()
        if not (rows or incidents or gone or is_due):
            return
        batch = Batch(
            rows,
            incidents,
            gone,
            now - self._store.retention if is_due else None,
            {state.target.name for state in self._store.states} if is_due else (),
        )
        if await self._has_written(batch):
            self._cleaned_at = now if is_due else self._cleaned_at
            self._saved = kept
            for timeline, ended, events in timelines:
                timeline.saved_until, timeline.events.saved = ended, events

    async def _has_written(self, batch: Batch) -> bool:
        try:
            await self._thread.run(lambda: self._write_now(batch))
        except self._module.FAULTS as error:
            if self._module.is_broken(error):
                await self._replace(error)
            else:
                self._report(f"the history cannot be written, and stays in memory: {error}")
            return False
        self._report("")
        return True

    def _write_now(self, batch: Batch) -> None:
        if self._file is None:
            self._open()
        if self._file is not None:
            self._file.write(batch)

    def _rows(self, state: TargetState) -> TargetRows:
        timeline = state.timeline
        return TargetRows(
            state.target.name,
            state.target.place,
            tuple(timeline.saved_runs(timeline.saved_until)),
            tuple(timeline.saved_buckets(timeline.saved_until)),
            timeline.events.to_save(),
        )

    def _report(self, fault: str) -> None:
        if fault != self.fault:
            self.fault = fault
            self._note(fault)

    async def close(self) -> None:
        """Write what is new and close the file, unless that takes too long."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.write()
                await self._thread.run(self._close)
        except TimeoutError:
            self._note("the history file does not answer: the last seconds are lost")
        self._thread.stop()
