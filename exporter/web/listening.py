"""Listening: over TCP, on Unix sockets, and on the sockets that systemd hands over."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, ExitStack, suppress
from functools import partial
from pathlib import Path

from aiohttp import web

from exporter.settings.web_config import Address, ListenAddress, UnixAddress
from exporter.web.acceptor import Acceptor, CurrentContext

_BACKLOG = 1024
_SHUTDOWN_SECONDS = 1.0
_FIRST_SYSTEMD_DESCRIPTOR = 3

BoundAddress = ListenAddress | UnixAddress


async def listen(
    stack: AsyncExitStack,
    app: web.Application,
    addresses: Iterable[Address],
    context: CurrentContext = lambda: None,
) -> list[BoundAddress]:
    """Serve an application on all addresses until the stack is left; return the addresses that were bound.

    `context` gives the TLS context for each new connection.

    Raises:
        OSError: an address cannot be listened on; the message names it.
    """
    # No answer is made for a client that has left.
    runner = web.AppRunner(app, shutdown_timeout=_SHUTDOWN_SECONDS, handler_cancellation=True)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    if runner.server is None:
        raise RuntimeError("aiohttp has set up no server")
    acceptor = Acceptor(runner.server, context)
    opened = await _open_all(stack, addresses)
    stack.push_async_callback(acceptor.stop)
    for each in opened:
        acceptor.start(each)
    return [_bound(each) for each in opened]


async def _open_all(stack: AsyncExitStack, addresses: Iterable[Address]) -> list[socket.socket]:
    """Open the listening sockets of all addresses before the first connection is accepted."""
    opened: list[socket.socket] = []
    for address in addresses:
        try:
            sockets = await _open(stack, address)
        except OSError as error:
            raise OSError(error.errno, f"{address}: {error.strerror or error}") from None
        for each in sockets:
            stack.callback(each.close)
        opened += sockets
    return opened


async def _open(stack: AsyncExitStack, address: Address) -> list[socket.socket]:
    if isinstance(address, ListenAddress):
        return await _open_tcp(address)
    if isinstance(address, UnixAddress):
        opened = _open_unix(address.path)
        stack.callback(partial(Path(address.path).unlink, missing_ok=True))
        opened.listen(_BACKLOG)
        return [opened]
    return inherited_sockets(os.environ)


async def _open_tcp(address: ListenAddress) -> list[socket.socket]:
    """Open a socket for each IP address of the host that this system can use; without a host, for all interfaces."""
    found = await asyncio.get_running_loop().getaddrinfo(
        address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    opened: list[socket.socket] = []
    with ExitStack() as on_failure:
        for family, _, _, _, place in dict.fromkeys(found):
            try:
                each = socket.socket(family, socket.SOCK_STREAM)
            except OSError:
                continue  # a system without IPv6
            on_failure.callback(each.close)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            each.bind(place)
            each.listen(_BACKLOG)
            opened.append(each)
        if not opened:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        on_failure.pop_all()
    return opened


def _open_unix(path: str) -> socket.socket:
    """Bind a socket at this path; replace one that a process left there that is gone."""
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
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            return False
        client.settimeout(1.0)
        try:
            client.connect(path)
        except ConnectionRefusedError:
            return True
    return False


def inherited_sockets(environ: Mapping[str, str]) -> list[socket.socket]:
    """Return the listening sockets that systemd has opened for this very process, as given by `LISTEN_FDS`.

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


def _bound(opened: socket.socket) -> BoundAddress:
    name = opened.getsockname()
    if opened.family == socket.AF_UNIX:
        return UnixAddress(name)
    return ListenAddress(*name[:2])
