"""Commands in processes of their own that have imported the exporter already.

Importing takes a second of CPU, nearly all that a command of the tests costs. One server a test process has done
that, and forks for each command; the command gets its arguments, environment, folder and standard streams, runs as
`python -m exporter` would, and ends as any process does. The server has no threads, and warnings are errors in it.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[2]
_REQUEST_BYTES = 1 << 20


class Ended(NamedTuple):
    """A command that has run to its end."""

    code: int
    out: str
    err: str


class ForkServer:
    """The side of the tests: starts the server, and asks it for commands."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "tests.support.fork_server", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                cwd=ROOT,
            )

    def close(self) -> None:
        """Stop the server."""
        self._requests.close()
        self._process.wait()

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        program: str = "",
        stdin: str = "",
        seconds: float = 60.0,
    ) -> Ended:
        """Run the command, or a function of the package (`module:name`), until it ends; blocks."""
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(stdin.encode())
            given.seek(0)
            code = self._ask([list(arguments), dict(environment), program], (given, out, err), seconds)
            return Ended(code, _text(out), _text(err))

    def _ask(self, request: object, streams: Sequence[IO[bytes]], seconds: float) -> int:
        """Send a request with its streams and the end of a socket on which the server answers."""
        answer, theirs = socket.socketpair()
        with answer:
            with theirs:
                descriptors = [theirs.fileno(), *(stream.fileno() for stream in streams)]
                socket.send_fds(self._requests, [json.dumps(request).encode()], descriptors)
            answer.settimeout(seconds)
            answers = answer.makefile("r")
            pid = int(answers.readline())
            try:
                return int(answers.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@cache
def fork_server() -> ForkServer:
    """Return the server of this test process."""
    server = ForkServer()
    atexit.register(server.close)
    return server


def _serve(requests: socket.socket) -> None:
    """Fork for every request, and answer with the exit code of its process, until the tests end.

    Return in each forked process once its command is done, by SystemExit.
    """
    running: dict[int, tuple[int, IO[str]]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        while True:
            for key, _events in selector.select():
                if key.fileobj is not requests:
                    selector.unregister(key.fileobj)
                    _finish(key.fd, *running.pop(key.fd))
                    continue
                data, descriptors, _flags, _address = socket.recv_fds(requests, _REQUEST_BYTES, 4)
                if not data:
                    return
                answer, *streams = descriptors
                pid = os.fork()
                if not pid:
                    selector.close()
                    requests.close()
                    os.close(answer)
                    for _pid, other in running.values():
                        other.close()
                    _become(streams, *json.loads(data))
                for stream in streams:
                    os.close(stream)
                answers = os.fdopen(answer, "w", buffering=1)
                print(pid, file=answers)
                process = os.pidfd_open(pid)
                running[process] = pid, answers
                selector.register(process, selectors.EVENT_READ)


def _finish(process: int, pid: int, answers: IO[str]) -> None:
    _pid, status = os.waitpid(pid, 0)
    os.close(process)
    with answers:
        print(os.waitstatus_to_exitcode(status), file=answers)


def _become(streams: Sequence[int], arguments: list[str], environment: dict[str, str], program: str) -> None:
    """Run a command in this forked process; leave by SystemExit."""
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    if program:
        module, _, name = program.partition(":")
        sys.argv = [name, *arguments]
        sys.exit(getattr(import_module(module), name)())
    sys.argv = ["exporter", *arguments]
    runpy.run_module("exporter", run_name="__main__", alter_sys=True)
    sys.exit()


def _import_all() -> None:
    package = import_module("exporter")
    for module in pkgutil.walk_packages(package.__path__, "exporter."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


if __name__ == "__main__":
    _import_all()
    gc.freeze()  # no process of a command goes through what is here already
    with socket.socket(fileno=int(sys.argv[1])) as tests:
        _serve(tests)
