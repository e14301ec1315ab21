"""`maintenance`: begins and ends the maintenance of a target through its maintenance file."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

from exporter.commands.target_selection import configured, named
from exporter.files import cause, read_note
from exporter.maintenance import maintenance_reason, read_note_text, write_note_text
from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.targets import Target

_EXIT_FAILED = 1
_EXIT_BAD_USAGE = 2
_FILE_MODE = 0o644  # the exporter may run as another user


def run(arguments: argparse.Namespace) -> int:
    """Start or end maintenance. 0: done; 1: the file cannot be written or removed; 2: bad usage or configuration."""
    try:
        target = named(configured(arguments.config_file), arguments.subject)
        file = _file_of(target)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return _EXIT_BAD_USAGE
    try:
        if arguments.action == "start":
            print(_start(target, file, arguments.seconds, arguments.reason))
        else:
            print(_end(target, file))
    except OSError as error:
        print(f"{file}: {cause(error)}", file=sys.stderr)
        return _EXIT_FAILED
    return 0


def _file_of(target: Target) -> Path:
    if not target.maintenance_file:
        what = "is not set; set it, for example in `defaults`: maintenance_file: /run/onedata-exporter/{name}"
        raise ConfigurationError([ConfigError(target.name, "maintenance_file", what)])
    return Path(target.maintenance_file)


def _start(target: Target, file: Path, seconds: float | None, reason: str) -> str:
    end = None if seconds is None else float(ceil(time.time() + seconds))
    _write(file, write_note_text(end, reason) + "\n")
    until = (
        "until `maintenance end`"
        if end is None
        else f"until {datetime.fromtimestamp(end, UTC):%Y-%m-%dT%H:%M:%SZ}"
    )
    return f"{target.name}: maintenance {until}; alerts are suppressed, polling continues ({file})"


def _end(target: Target, file: Path) -> str:
    note = read_note(str(file))
    file.unlink(missing_ok=True)
    now = time.time()
    planned = maintenance_reason(target.maintenance, now, None)
    if planned is not None:
        return f"{target.name}: still in maintenance, by a window of the configuration ({planned or 'no reason given'})"
    if note is None:
        return f"{target.name}: was not in maintenance"
    end, _reason = read_note_text(note)
    return f"{target.name}: maintenance {'had ended before' if end is not None and end <= now else 'ended'}"


def _write(file: Path, text: str) -> None:
    """Replace the file in one step, so that the exporter never reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    number, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as content:
            content.write(text)
            os.fchmod(content.fileno(), _FILE_MODE)
        Path(draft).replace(file)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
