"""`probe`: one round of one target, told to a person or to Nagios."""

from __future__ import annotations

import argparse
import asyncio
import sys

from exporter import log
from exporter.commands.process_age import process_age
from exporter.commands.target_selection import select_target
from exporter.polling.rounds import FreshRound, FreshRounds
from exporter.report import (
    Severity,
    explain,
    fault_line,
    list_exchanges,
    status_line,
    summarize,
    write_json,
    write_text,
)
from exporter.settings.errors import ConfigurationError
from exporter.targets import Target

# What the process needs to write its result and to end.
_EXIT_SECONDS = 0.2


def run(arguments: argparse.Namespace) -> int:
    """Look at the target once. 0: ok; 1: warning; 2: critical; 3: unknown, also for a bad configuration."""
    log.configure("error", "logfmt")
    is_url = "://" in arguments.subject
    try:
        target = select_target(
            arguments,
            name=None if is_url else arguments.subject,
            url=arguments.subject if is_url else None,
        )
    except ConfigurationError as error:
        return _cannot(arguments, str(error))
    seconds = arguments.deadline - process_age() - _EXIT_SECONDS
    if seconds <= 0:
        return _cannot(
            arguments, f"{target.name}: the deadline leaves no time for a request; give a longer one"
        )
    try:
        checkup, traces = asyncio.run(_poll_target(target, seconds))
    except KeyboardInterrupt:
        return _cannot(arguments, "interrupted")
    summary = summarize(checkup)
    if arguments.format == "nagios":
        print(status_line(summary))
    elif arguments.format == "json":
        print(write_json(summary, **({"exchanges": list_exchanges(traces)} if arguments.explain else {})))
    else:
        print(write_text(summary), end="")
    if arguments.explain and arguments.format != "json":
        explanation = explain(checkup, traces)
        # Nagios calls what follows the status line the long output; a bar would begin performance data there, too.
        print("\n" + (explanation.replace("|", "/") if arguments.format == "nagios" else explanation), end="")
    return summary.severity.exit_code


async def _poll_target(target: Target, seconds: float) -> FreshRound:
    rounds = FreshRounds(_report_bug)
    try:
        return await rounds.take(target, seconds)
    finally:
        await rounds.close()


def _report_bug(where: str, error: Exception) -> None:
    log.get_logger().error("unhandled error; please report it", where=where, exc_info=error)


def _cannot(arguments: argparse.Namespace, message: str) -> int:
    if arguments.format == "nagios":
        print(fault_line(message))
    else:
        print(message, file=sys.stderr)
    return Severity.UNKNOWN.exit_code
