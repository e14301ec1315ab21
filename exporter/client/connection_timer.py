"""Watching a connection being opened: where it stands, and how long each phase took.

aiohttp opens connections deep inside a request. The resolver, the socket factory and the SSL object
report to the watch of the task they run in, which a context variable carries there.
"""

from __future__ import annotations

import ssl
import time
from contextvars import ContextVar
from enum import Enum, auto

from exporter.observation import Phase


class Stage(Enum):
    """How far the opening of a connection has come; what a timeout means depends on it."""

    IDLE = auto()
    RESOLVING = auto()
    CONNECTING = auto()
    HANDSHAKING = auto()
    OPEN = auto()


class ConnectionTimer:
    """The opening of one connection. Times are seconds of `time.perf_counter`.

    `server_spoke` says whether anything came back in the handshake: who resets before that has not begun
    to speak TLS, as a load balancer with nobody behind it.
    """

    def __init__(self) -> None:
        self.stage = Stage.IDLE
        self.phases: dict[Phase, float] = {}
        self.address: tuple[str, int] | None = None
        self.ssl_object: ssl.SSLObject | None = None
        self.certificate_der: bytes | None = None
        self.server_spoke = False
        self.opened_at = 0.0
        self.given_up = False
        self._phase_began = 0.0

    def begin(self, stage: Stage) -> None:
        """A phase begins."""
        self.stage = stage
        self._phase_began = time.perf_counter()

    def finish(self, phase: Phase) -> None:
        """The phase begun last is finished."""
        self.opened_at = time.perf_counter()
        self.phases[phase] = self.opened_at - self._phase_began

    def connecting_to(self, address: tuple[str, int]) -> None:
        """A socket is about to be connected. A second one (the other IP version) goes on with the same phase."""
        self.address = address
        if self.stage is not Stage.CONNECTING:
            self.begin(Stage.CONNECTING)

    def connected(self) -> None:
        """The socket is connected; counted once, whoever notices first (TLS, or aiohttp's own signal)."""
        if self.stage is Stage.CONNECTING:
            self.finish(Phase.CONNECT)


current_timer: ContextVar[ConnectionTimer | None] = ContextVar("current_watch", default=None)


class TimedSSLObject(ssl.SSLObject):
    """An SSL object that tells the watch when its handshake begins and ends."""

    def do_handshake(self) -> None:
        """Called again and again until it no longer raises SSLWantReadError."""
        timer = current_timer.get()
        if timer is None:
            super().do_handshake()
            return
        if timer.ssl_object is not self:
            timer.connected()
            timer.ssl_object = self
            timer.begin(Stage.HANDSHAKING)
        else:
            timer.server_spoke = True
        super().do_handshake()
        timer.finish(Phase.TLS)
        timer.stage = Stage.OPEN
        # Taken at once: an SSL object that has failed since then no longer gives it away.
        timer.certificate_der = self.getpeercert(binary_form=True)
