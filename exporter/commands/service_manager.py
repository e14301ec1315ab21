"""Notifications for the service manager that started this process, by systemd's protocol (sd_notify(3))."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress

_USEC_PER_SECOND = 1_000_000


class ServiceManager:
    """The manager that `NOTIFY_SOCKET` names; without one, notifications go nowhere.

    Its variables are taken out of the environment, so that no child process notifies it instead of this one.
    """

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        name = environment.pop("NOTIFY_SOCKET", "")
        # A leading @ means Linux' abstract namespace.
        self._address = "\0" + name[1:] if name.startswith("@") else name
        timeout, pid = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", str(os.getpid()))
        is_watched = timeout.isdecimal() and pid == str(os.getpid())
        self._watchdog_seconds = int(timeout) / _USEC_PER_SECOND if is_watched else 0.0

    def ready(self) -> None:
        """Report that the process serves, or that a reload has ended."""
        self._notify("READY=1")

    def reloading(self) -> None:
        """Report the beginning of a reload; `ready` reports its end."""
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Report that the process is ready, keep the watchdog informed meanwhile, and report the stop."""
        self.ready()
        loop = asyncio.get_running_loop()
        heartbeat: asyncio.Handle | None = None

        def beat() -> None:
            nonlocal heartbeat
            self._notify("WATCHDOG=1")
            heartbeat = loop.call_later(self._watchdog_seconds / 2, beat)

        if self._watchdog_seconds > 0:
            beat()
        try:
            yield
        finally:
            if heartbeat is not None:
                heartbeat.cancel()
            self._notify("STOPPING=1")

    def _notify(self, state: str) -> None:
        if not self._address:
            return
        # A manager that does not read must not hold up the exporter.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), socket.MSG_DONTWAIT, self._address)
