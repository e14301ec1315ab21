"""`probe`: one round of one target, or of all, reported to a person or to Nagios."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from exporter import log
from exporter.commands.probe_output import Probed, write_all, write_one
from exporter.commands.process_age import process_age
from exporter.commands.target_selection import select_target, select_targets
from exporter.diagnosis.wording import COMMAND, COMMAND_WITH_URL
from exporter.files import read_note
from exporter.maintenance import maintenance_reason
from exporter.polling.rounds import FreshRounds
from exporter.report import Severity, fault_line, summarize
from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.targets import Target

_AT_ONCE = 20
# What the process needs to write its result and to end.
_EXIT_SECONDS = 0.2


class _Selection(NamedTuple):
    targets: Sequence[Target]
    is_url: bool = False


def run(arguments: argparse.Namespace) -> int:
    """Poll the target once. 0: ok; 1: warning; 2: critical; 3: unknown, also for a bad configuration."""
    log.configure("error", "logfmt")
    try:
        selected = _select(arguments)
    except ConfigurationError as error:
        return _cannot(arguments, str(error))
    seconds = arguments.deadline - process_age() - _EXIT_SECONDS
    if seconds <= 0:
        where = ", ".join(target.name for target in selected.targets)
        return _cannot(arguments, f"{where}: the deadline leaves no time for a request; give a longer one")
    try:
        probed = asyncio.run(_poll(selected, seconds))
    except KeyboardInterrupt:
        return _cannot(arguments, "interrupted")
    write = write_all if arguments.all else write_one
    print(write(probed, arguments.format, explained=arguments.explain), end="")
    return max((each.summary.severity for each in probed), key=list(Severity).index).exit_code


def _select(arguments: argparse.Namespace) -> _Selection:
    if arguments.all == (arguments.subject is not None):
        what = "give either the name of a target, a URL, or --all"
        raise ConfigurationError([ConfigError("command line", "", what)])
    if arguments.all:
        return _Selection(select_targets(arguments))
    is_url = "://" in arguments.subject
    name, url = (None, arguments.subject) if is_url else (arguments.subject, None)
    return _Selection((select_target(arguments, name=name, url=url),), is_url)


async def _poll(selected: _Selection, seconds: float) -> list[Probed]:
    """Poll every target, so many at once, within the same deadline."""
    deadline = time.monotonic() + seconds
    slots = asyncio.Semaphore(_AT_ONCE)
    rounds = FreshRounds(log.report_bug)

    async def poll(target: Target) -> Probed:
        async with slots:
            checkup, traces = await rounds.take(target, max(deadline - time.monotonic(), 0.001))
        wording = COMMAND_WITH_URL if selected.is_url else COMMAND
        note = read_note(target.maintenance_file) if target.maintenance_file else None
        maintenance = maintenance_reason(target.maintenance, checkup.finished_at, note)
        summary = summarize(checkup, wording)
        if maintenance is not None:
            summary = replace(summary, severity=Severity.OK)
        return Probed(checkup, summary, tuple(traces), maintenance)

    try:
        return await asyncio.gather(*(poll(target) for target in selected.targets))
    finally:
        await rounds.close()


def _cannot(arguments: argparse.Namespace, message: str) -> int:
    if arguments.format == "nagios":
        print(fault_line(message))
    else:
        print(message, file=sys.stderr)
    return Severity.UNKNOWN.exit_code
