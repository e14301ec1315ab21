"""Listening: over TCP, on Unix sockets, and on the sockets that systemd hands over."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from exporter.web.connection_limit import ConnectionLimit
from exporter.web.protocol import LimitedProtocol
from exporter.web.tls import HANDSHAKE_SECONDS
from exporter.web_config import Address, ListenAddress, UnixAddress

_BACKLOG = 1024
_SHUTDOWN_SECONDS = 1.0
_FIRST_SYSTEMD_DESCRIPTOR = 3

BoundAddress = ListenAddress | UnixAddress


async def listen(
    stack: AsyncExitStack,
    app: web.Application,
    addresses: Iterable[Address],
    context: ssl.SSLContext | None = None,
) -> list[BoundAddress]:
    """Serve an application on all addresses until the stack is left; returns where it listens in the end.

    Raises:
        OSError: an address cannot be listened on; the message names it.
    """
    # Nothing is made for those who have left.
    runner = web.AppRunner(app, shutdown_timeout=_SHUTDOWN_SECONDS, handler_cancellation=True)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    bound: list[BoundAddress] = []
    factory = partial(LimitedProtocol, runner.server, ConnectionLimit(), loop=asyncio.get_running_loop())
    for address in addresses:
        try:
            servers = [await _serve(factory, address, each, context) for each in _sockets(stack, address)]
        except OSError as error:
            raise OSError(error.errno, f"{address}: {error.strerror or error}") from None
        for server in servers:
            stack.callback(server.close)
            bound += [_bound(each) for each in server.sockets]
    return bound


async def _serve(
    factory: Callable[[], LimitedProtocol],
    address: Address,
    opened: socket.socket | None,
    context: ssl.SSLContext | None,
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    options: dict[str, Any] = {"backlog": _BACKLOG}
    if context is not None:
        options |= {"ssl": context, "ssl_handshake_timeout": HANDSHAKE_SECONDS}
    if opened is None and isinstance(address, ListenAddress):
        return await loop.create_server(factory, address.host or None, address.port, **options)
    return await loop.create_server(factory, sock=opened, **options)


def _sockets(stack: AsyncExitStack, address: Address) -> list[socket.socket] | list[None]:
    """The sockets of an address that are open already; None for one that the event loop opens."""
    if isinstance(address, ListenAddress):
        return [None]
    if isinstance(address, UnixAddress):
        opened = _open_unix(address.path)
        stack.callback(partial(Path(address.path).unlink, missing_ok=True))
        return [opened]
    return inherited_sockets(os.environ)


def _open_unix(path: str) -> socket.socket:
    """A socket at this path; one that was left there by a process that is gone is replaced."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_abandoned(path):
            Path(path).unlink()
        opened.bind(path)
    except OSError:
        opened.close()
        raise
    return opened


def _is_abandoned(path: str) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            return False
        knocking.settimeout(1.0)
        try:
            knocking.connect(path)
        except ConnectionRefusedError:
            return True
    return False


def inherited_sockets(environ: Mapping[str, str]) -> list[socket.socket]:
    """The listening sockets that systemd has opened for this very process, as `LISTEN_FDS` tells.

    Raises:
        OSError: there are none, or one is no listening stream socket.
    """
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal() or count == "0":
        raise OSError("systemd has handed over no sockets: start the exporter by its .socket unit")
    opened = [
        socket.socket(fileno=number)
        for number in range(_FIRST_SYSTEMD_DESCRIPTOR, _FIRST_SYSTEMD_DESCRIPTOR + int(count))
    ]
    for each in opened:
        if not each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise OSError("systemd has handed over a socket that does not listen: use ListenStream=")
        each.set_inheritable(False)
    return opened


def _bound(opened: Any) -> BoundAddress:
    name = opened.getsockname()
    if opened.family == socket.AF_UNIX:
        return UnixAddress(name)
    return ListenAddress(*name[:2])
