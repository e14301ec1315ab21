"""The ports of the simulator: none keeps a connection when it closes."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from exporter.simulator.behaviour import Listening
from exporter.simulator.listener import Listener, reset_on_close


async def _serve(connection: socket.socket) -> None:
    with connection:
        try:
            await asyncio.Event().wait()
        finally:
            reset_on_close(connection)


@pytest.mark.parametrize("turns", range(5))
async def test_a_port_that_closes_leaves_no_connection_open_however_young(turns: int) -> None:
    listener = Listener(("127.0.0.1",), _serve)
    listener.reserve(0)
    await listener.move(Listening.OPEN)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5.0) as client:
        for _ in range(turns):
            await asyncio.sleep(0)
        await listener.move(Listening.CLOSED)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    await listener.release()
    gc.collect()  # a socket that nobody has closed warns now
