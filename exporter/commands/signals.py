"""Signals that wait from the first moment of the process until a command handles them.

By default they would kill it, with the exit code of a failure. A server takes them as long as its handlers
are installed; all other commands let them kill as usual.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_CHECK_SECONDS = 0.1
_ALL = (*STOP_SIGNALS, signal.SIGHUP)


def hold_signals() -> None:
    """Let the signals wait."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)


def release_signals() -> None:
    """Take the signals that have arrived meanwhile, and all further ones."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ALL)


class Stopped(Exception):  # noqa: N818 - a state, no error
    """A signal to stop arrived while the process waited for something."""


def run_unless_stopped(function: Callable[[], Result], timeout_seconds: float = 5.0) -> Result:
    """Return what a function returns that may take for ever, as one that reads files of a dead server.

    Signals that are held stay so meanwhile: a quick function is never interrupted.

    Raises:
        Stopped: a signal to stop came, and the function did not return within `timeout_seconds`.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller
            errors.append(error)

    running = threading.Thread(target=run, name="file access", daemon=True)
    running.start()
    running.join(timeout_seconds)
    while running.is_alive():
        if signal.sigpending().intersection(STOP_SIGNALS):
            raise Stopped
        running.join(_CHECK_SECONDS)
    if errors:
        raise errors[0]
    return results[0]


@contextmanager
def released_signals() -> Iterator[None]:
    """Release the signals within the block."""
    release_signals()
    try:
        yield
    finally:
        hold_signals()
