"""A descriptor kept aside, for what is loaded only when somebody needs it.

Modules and templates that many exporters never use are loaded late, to save memory. The moment when they
are needed may be the one when no descriptor is left to read them with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_kept: list[int] = []


@contextmanager
def keeping() -> Iterator[None]:
    """Keep a descriptor aside while within."""
    _keep()
    try:
        yield
    finally:
        _let_go()


@contextmanager
def lent() -> Iterator[None]:
    """Have the descriptor that is kept aside, if one is, free for opening files, one at a time, while within.

    What is done within must not wait: in the meantime anybody could take it.
    """
    was_kept = bool(_kept)
    _let_go()
    try:
        yield
    finally:
        if was_kept:
            _keep()


def _keep() -> None:
    with suppress(OSError):  # so few are left that there is nothing to keep aside
        _kept.append(os.open(os.devnull, os.O_RDONLY))


def _let_go() -> None:
    while _kept:
        os.close(_kept.pop())
