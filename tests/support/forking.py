"""Commands in processes of their own that have imported the exporter already.

Importing takes a second of CPU, nearly all that a command of the tests costs. The standard library's fork server does
that once a test process, and forks for each command. The command gets its arguments, environment and standard streams,
runs as `python -m exporter` would, with warnings as errors, and ends as any process does.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import sys
import tempfile
import threading
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import IO, NamedTuple

from tests.support.coverage import measuring

_BEGINNING = threading.Lock()


class Ended(NamedTuple):
    """A command that has run to its end."""

    code: int
    out: str
    err: str


def run_forked(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    program: str = "",
    stdin: str = "",
    seconds: float = 60.0,
) -> Ended:
    """Run the command, or a function of the package (`module:name`), until it ends; blocks."""
    with ExitStack() as stack:
        given, out, err = streams = [stack.enter_context(tempfile.NamedTemporaryFile()) for _ in range(3)]
        given.write(stdin.encode())
        given.flush()
        names = [stream.name for stream in streams]
        with _BEGINNING:  # commands are run by several threads
            context = _context()
        process = context.Process(target=_become, args=(names, list(arguments), dict(environment), program))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(_text(err))
        return Ended(process.exitcode, _text(out), _text(err))


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.imported"])
    with measuring():
        forkserver.ensure_running()
    return context


def _text(file: IO[bytes]) -> str:
    return Path(file.name).read_text(encoding="utf-8")


def _become(streams: Sequence[str], arguments: list[str], environment: dict[str, str], program: str) -> None:
    """Run a command in this forked process."""
    for own, name in zip((sys.stdin, sys.stdout, sys.stderr), streams, strict=True):
        stream = os.open(name, os.O_RDWR)
        os.dup2(stream, own.fileno())
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    warnings.simplefilter("error")
    # A process of this kind ends without these.
    try:
        _run(arguments, program)
    finally:
        atexit._run_exitfuncs()


def _run(arguments: list[str], program: str) -> None:
    if program:
        module, _, name = program.partition(":")
        sys.argv = [name, *arguments]
        sys.exit(getattr(import_module(module), name)())
    sys.argv = ["exporter", *arguments]
    runpy.run_module("exporter", run_name="__main__", alter_sys=True)
