"""A service manager's side of sd_notify(3): a datagram socket, and what was sent to it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import eventually


class NotifySocket:
    """A bound socket; `name` is the value of NOTIFY_SOCKET, `states` are all notifications so far."""

    def __init__(self, name: str, channel: socket.socket) -> None:
        self.name = name
        self._channel = channel
        self._states: list[str] = []

    def states(self) -> list[str]:
        while True:
            try:
                self._states.append(self._channel.recv(4096).decode())
            except BlockingIOError:
                return self._states

    async def first(self, beginning: str, after: int = 0) -> int:
        """The index of the first notification from `after` on that begins so, once it is there."""

        async def find() -> int:
            states = self.states()
            found = [index for index, state in enumerate(states) if state.startswith(beginning)]
            return next((index for index in found if index >= after), -1)

        return await eventually(find, lambda index: index >= 0, 20.0)


@contextmanager
def notify_socket(name: str | Path) -> Iterator[NotifySocket]:
    """Bind a socket to a path, or to an abstract name that begins with @."""
    text = str(name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind("\0" + text[1:] if text.startswith("@") else text)
        channel.setblocking(False)  # noqa: FBT003 - the standard library's signature
        if not text.startswith("@"):
            Path(text).chmod(0o777)
        yield NotifySocket(text, channel)
