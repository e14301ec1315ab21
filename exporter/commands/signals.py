"""Signals that wait from the first moment of the process until somebody knows what to do with them.

By default they would kill it, with an exit code that tells of a failure. Who serves takes them once its handlers
are there, and no longer when these are gone; all other commands let them kill as usual.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_ALL = (*STOP_SIGNALS, signal.SIGHUP)


def hold_signals() -> None:
    """Let the signals wait."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)


def release_signals() -> None:
    """Take the signals that came in the meantime, and all further ones."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ALL)


@contextmanager
def released_signals() -> Iterator[None]:
    """Within, signals are taken."""
    release_signals()
    try:
        yield
    finally:
        hold_signals()
