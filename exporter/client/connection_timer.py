"""The opening of a connection, observed: where it stands, how long each phase took, which addresses were tried.

aiohttp opens connections deep inside a request. The resolver, the socket factory and the SSL object
report to the timer of the task they run in, which a context variable carries there.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, overload

from exporter.client.reachable import check_reachable
from exporter.client.wire import wire_limit
from exporter.observation import Phase
from exporter.targets import ReachableAddresses

Address = tuple[str, int]
_LATER_SECONDS = 1.0


class Stage(Enum):
    """How far the opening of a connection has come; what a timeout means depends on it."""

    IDLE = auto()
    RESOLVING = auto()
    CONNECTING = auto()
    HANDSHAKING = auto()
    OPEN = auto()


@dataclass(slots=True)
class Attempt:
    """An attempt to connect to an address: connected, failed, or without an answer yet. `began_at` is a time."""

    address: Address
    began_at: float
    error: OSError | None = None
    is_connected: bool = False


class ConnectionTimer:
    """The opening of one connection. Times are seconds of `time.perf_counter`.

    `seconds` is how long the request may take in all. `is_sent`: whether the request was written to a connection.
    `server_spoke`: whether the server sent anything in the handshake. A reset before that means that TLS has
    not begun, as with a load balancer without a server. `addresses` is how many the name has. The chains are
    in DER; `verify_code` is OpenSSL's, of a certificate that was refused. `lookup_began_at` is when the
    lookup that is waited for was started, perhaps by another request. `ready_at` is when the request could be sent,
    or its connection be opened.
    """

    def __init__(self, seconds: float, max_body_bytes: int = 0) -> None:
        self.seconds = seconds
        self.stage = Stage.IDLE
        self.phases: dict[Phase, float] = {}
        self.attempts: list[Attempt] = []
        self.addresses = 1
        self.sockets: list[ReportingSocket] = []
        self.ssl_object: ssl.SSLObject | None = None
        self.served_chain: tuple[bytes, ...] = ()
        self.verified_chain: tuple[bytes, ...] = ()
        self.verify_code = 0
        self.is_sent = False
        self.server_spoke = False
        self.ready_at = 0.0
        self.opened_at = 0.0
        self.given_up = False
        self.lookup_began_at: float | None = None
        self.wire_limit = wire_limit(max_body_bytes)
        self.reachable = ReachableAddresses.ANY
        self._phase_began = 0.0

    def begin(self, stage: Stage) -> None:
        """Begin a phase."""
        self.stage = stage
        self._phase_began = time.perf_counter()

    def finish(self, phase: Phase) -> None:
        """Finish the phase begun last."""
        self.opened_at = time.perf_counter()
        self.phases[phase] = self.opened_at - self._phase_began

    def connecting_to(self, address: Address) -> Attempt:
        """Note that a socket is about to be connected. A second one continues the same phase."""
        if self.stage is not Stage.CONNECTING:
            self.begin(Stage.CONNECTING)
        attempt = Attempt(address, time.perf_counter())
        self.attempts.append(attempt)
        return attempt

    def connected(self) -> None:
        """Note that the socket is connected; TLS and aiohttp's own signal may both report it."""
        if self.stage is Stage.CONNECTING:
            self.finish(Phase.CONNECT)

    @property
    def handshake_seconds(self) -> float:
        """Return when the event loop may end the handshake: after the timeout of the request, which is the first one.

        Until then the loop holds 256 KiB and more of a request that was cancelled while its connection opened.
        """
        return self.seconds + _LATER_SECONDS

    @property
    def address(self) -> Address | None:
        """Return the address that is connected, else the one tried last."""
        connected = [each for each in self.attempts if each.is_connected]
        attempts = connected or self.attempts
        return attempts[-1].address if attempts else None

    @property
    def connected_socket(self) -> socket.socket | None:
        """Return the socket that was connected."""
        connected = (each for each in self.sockets if each.attempt and each.attempt.is_connected)
        return next((each for each in connected if each.fileno() >= 0), None)


current_timer: ContextVar[ConnectionTimer | None] = ContextVar("current_timer", default=None)


class ReportingSocket(socket.socket):
    """A socket that reports how its attempt to connect ended: aiohttp keeps only one error of all addresses."""

    attempt: Attempt | None = None

    def __init__(self, *kind: int) -> None:
        super().__init__(*kind)
        self._identity = _identity(self.fileno())

    def disown(self) -> None:
        """Forget the descriptor if the event loop has closed it: by now it may be another connection's.

        uvloop leaves the number here if a connection is reset before its handshake. Python would close it again.
        """
        with suppress(OSError):
            if _identity(self.fileno()) == self._identity:
                return
        self.detach()

    def connect(self, address: Any, /) -> None:
        """Begin to connect; an address may be refused at once."""
        try:
            super().connect(address)
        except (BlockingIOError, InterruptedError):
            raise
        except OSError as error:
            self._report(error)
            raise
        self._report(None)

    @overload
    def getsockopt(self, level: int, optname: int, /) -> int: ...
    @overload
    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes: ...
    def getsockopt(self, level: int, optname: int, *buflen: int) -> int | bytes:
        """Return an option; the event loop learns from one whether the connection was opened."""
        value = super().getsockopt(level, optname, *buflen)
        if (level, optname) == (socket.SOL_SOCKET, socket.SO_ERROR) and isinstance(value, int):
            self._report(OSError(value, os.strerror(value)) if value else None)
        return value

    def _report(self, error: OSError | None) -> None:
        if self.attempt is not None and not self.attempt.is_connected:
            self.attempt.error, self.attempt.is_connected = error, error is None


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def open_socket(info: Any) -> ReportingSocket:
    """Open a socket for aiohttp to connect to an address, as the running request's timer notes."""
    family, kind, protocol, _name, where = info
    timer = current_timer.get()
    if timer is not None:
        check_reachable(where[0], timer.reachable)
    opened = ReportingSocket(family, kind, protocol)
    if timer is not None:
        opened.attempt = timer.connecting_to((where[0], where[1]))
        timer.sockets.append(opened)
    return opened
