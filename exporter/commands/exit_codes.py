"""How a command ends when something fails that it does not expect, such as the writing of its result."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO


def run_to_exit_code(
    run: Callable[[argparse.Namespace], int], arguments: argparse.Namespace, exit_failure: int
) -> int:
    """Return the exit code of `run` after all output is written; else `exit_failure`, with the reason on stderr.

    Python's own exit code for an exception is 1, which to Nagios is a mere warning.
    """
    try:
        code = run(arguments)
        if sys.stdout is not None:  # it is None where standard output is closed
            sys.stdout.flush()
    except OSError as error:
        _give_up(sys.stdout)
        with suppress(OSError):
            print(f"onedata-exporter: {error.strerror or error}", file=sys.stderr)
    except Exception:  # noqa: BLE001 - a bug; its traceback is the only information there is
        traceback.print_exc()
    else:
        return code
    return exit_failure


def drop_unwritable(stream: TextIO | None) -> None:
    """Drop what a full or closed stream did not take; from Python 3.13 on, the exit code would be 120."""
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            _give_up(stream)


def _give_up(stream: TextIO | None) -> None:
    """Drop what could not be written: Python would try, and fail, again at its end."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
