"""What a failed or cancelled request leaves behind: no descriptor that is another's by now, and no connection."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

from exporter.client.client import Client
from exporter.client.connection import RouteConnection
from exporter.log import report_bug
from exporter.operations.operation import Request
from exporter.reasons import Failure
from tests.support.polling import PROXY, target_at
from tests.support.servers import LOOPBACK
from tests.support.waiting import eventually

RESET = struct.pack("ii", 1, 0)
REQUEST = Request("/", read=lambda response: response.status)
# More turns of the event loop than a connection takes to begin its handshake.
TURNS = 30


@contextmanager
def accepting(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server in a thread of its own, which passes each connection on."""

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            serve(connection)

    with socket.create_server((LOOPBACK, 0), backlog=100) as listening:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@asynccontextmanager
async def connected(port: int, seconds: float) -> AsyncIterator[RouteConnection]:
    client = Client(report_bug)
    try:
        async with client.connect(target_at(f"https://{LOOPBACK}:{port}", timeout=seconds), PROXY) as opened:
            yield opened
    finally:
        await client.close()


async def never_idle() -> None:
    """Keep the event loop busy, as many targets do: servers answer between two of its turns."""
    while True:
        threading.Event().wait(0.0005)
        await asyncio.sleep(0)


@asynccontextmanager
async def busy_loop() -> AsyncIterator[None]:
    task = asyncio.create_task(never_idle())
    try:
        yield
    finally:
        task.cancel()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


async def test_a_connection_that_is_reset_closes_no_other_one() -> None:
    with accepting(reset) as port, ExitStack() as stack:
        others = []
        async with connected(port, seconds=5.0) as connection, busy_loop():
            for _ in range(20):
                reply, _ = await connection.exchange(REQUEST)
                assert isinstance(reply, Failure)
                # They have the lowest numbers that are free: that of the connection before is among them.
                others += [tuple(map(stack.enter_context, socket.socketpair())) for _ in range(2)]
        del connection
        gc.collect()
        for one, other in others:
            one.sendall(b"open")
            assert other.recv(4) == b"open"


async def count_handshakes() -> int:
    gc.collect()
    return sum(type(each).__name__ == "SSLProtocol" for each in gc.get_objects())


async def cancel(connection: RouteConnection, turns: int) -> None:
    """Cancel a request after so many turns of the event loop."""
    request = asyncio.create_task(connection.exchange(REQUEST))
    for _ in range(turns):
        await asyncio.sleep(0)
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)


async def test_a_request_that_is_cancelled_leaves_no_handshake_behind() -> None:
    accepted: list[socket.socket] = []
    with ExitStack() as stack, accepting(accepted.append) as port:
        async with connected(port, seconds=0.5) as connection, busy_loop():
            for turns in [*range(TURNS)] * 2:
                await cancel(connection, turns)
        assert accepted
        for each in accepted:
            stack.enter_context(each)
        await eventually(count_handshakes, lambda left: left == 0, seconds=10.0)
