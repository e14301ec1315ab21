"""Many clients at once: those who only hold on make room for who asks, and nothing is made for who has left."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from exporter.web.app import create_app
from exporter.web.connection_limit import ConnectionLimit
from exporter.web.listening import listen
from exporter.web_config import ListenAddress
from tests.support.waiting import eventually
from tests.web.conftest import AppContext
from tests.web.test_fuzz import answer_to

ASKING = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
_MEBIBYTE = 2**20


class LimitedConnection:
    """A connection that knows only whether it was turned away."""

    def __init__(self) -> None:
        self.away = False

    def evict(self) -> None:
        self.away = True


def guests(connection_limit: ConnectionLimit, count: int) -> list[LimitedConnection]:
    made = [LimitedConnection() for _ in range(count)]
    for connection in made:
        connection_limit.come(connection)
    return made


def away(made: list[LimitedConnection]) -> list[int]:
    return [number for number, connection in enumerate(made) if connection.away]


class TestCrowd:
    def test_one_too_many_takes_the_place_of_who_was_not_answered_for_longest(self) -> None:
        connection_limit = ConnectionLimit()
        made = guests(connection_limit, 512)
        connection_limit.answer(made[0], 10)
        connection_limit.answered(made[0])
        connection_limit.go(made[1])
        guests(connection_limit, 2)
        assert away(made) == [2]

    def test_who_takes_no_answer_makes_room_for_the_next_ones(self) -> None:
        connection_limit = ConnectionLimit()
        made = guests(connection_limit, 6)
        for connection in made[:4]:
            connection_limit.answer(connection, 10 * _MEBIBYTE)
        assert away(made) == [0]
        connection_limit.answered(made[2])
        connection_limit.answer(made[5], 20 * _MEBIBYTE)
        assert away(made) == [0, 1]

    def test_the_latest_answer_may_be_of_any_size(self) -> None:
        connection_limit = ConnectionLimit()
        made = guests(connection_limit, 3)
        connection_limit.answer(made[0], 100 * _MEBIBYTE)
        connection_limit.answer(made[1], 100 * _MEBIBYTE)
        assert away(made) == [0]


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Any]) -> AsyncIterator[ListenAddress]:
    app = web.Application()
    app.router.add_get("/", handler)
    async with AsyncExitStack() as stack:
        (address,) = await listen(stack, app, [ListenAddress("127.0.0.1", 0)])
        assert isinstance(address, ListenAddress)
        yield address


async def test_clients_that_hold_on_to_their_connections_lock_nobody_out(site: AppContext) -> None:
    async with AsyncExitStack() as stack:
        (address,) = await listen(stack, create_app(site.pages()), [ListenAddress("127.0.0.1", 0)])
        assert isinstance(address, ListenAddress)
        for _ in range(600):
            _, writer = await asyncio.open_connection(*address)
            stack.callback(writer.close)
        assert b"200 OK" in await answer_to(address, ASKING.replace(b"/ ", b"/-/healthy "))


async def test_answers_that_nobody_takes_do_not_pile_up() -> None:
    async def large(_request: web.Request) -> web.Response:
        return web.Response(body=bytes(8 * _MEBIBYTE))

    async with serving(large) as address, AsyncExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(address)) for _ in range(10)]
        turned_away: set[socket.socket] = set()
        for each in held:
            each.sendall(ASKING)

        async def count() -> int:
            turned_away.update(each for each in held if each.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            return len(turned_away)

        await eventually(count, lambda number: number == len(held) - 4)


async def test_few_large_pages_are_made_at_once(site: AppContext) -> None:
    class Pages:
        """Writes a page when it is told to; `begun` is how many were begun."""

        def __init__(self) -> None:
            self.begun = 0
            self.go_on = asyncio.Event()

        async def page(self, *_wanted: object) -> AsyncIterator[bytes]:
            self.begun += 1
            await self.go_on.wait()
            yield b"page"

        compressed_page = page

        def round_page(self, *_wanted: object) -> bytes:
            return b""

    pages = Pages()
    app = create_app(replace(site.pages(), exposition=pages))
    async with TestClient(TestServer(app)) as client:
        asked = [
            asyncio.ensure_future(client.get("/metrics", headers={"Accept-Encoding": "identity"}))
            for _ in range(20)
        ]

        async def begun() -> int:
            return pages.begun

        await eventually(begun, lambda number: number == 4)
        assert (await client.get("/-/healthy")).status == 200
        assert pages.begun == 4
        pages.go_on.set()
        assert {(await each).status for each in asked} == {200}


async def test_nothing_is_made_for_who_has_left() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return web.Response()

    async with serving(slow) as address:
        _, writer = await asyncio.open_connection(*address)
        writer.write(ASKING)
        await asyncio.wait_for(began.wait(), 10)
        writer.close()
        await asyncio.wait_for(ended.wait(), 10)


async def test_a_reload_comes_to_its_end_though_who_asked_for_it_has_left(site: AppContext) -> None:
    began, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def reload() -> bool:
        began.set()
        await go_on.wait()
        done.set()
        return True

    async with AsyncExitStack() as stack:
        app = create_app(site.pages(reload=reload))
        ended = asyncio.Event()

        @web.middleware
        async def watch(request: web.Request, handler: Callable[[web.Request], Any]) -> Any:
            try:
                return await handler(request)
            finally:
                ended.set()

        app.middlewares.append(watch)
        (address,) = await listen(stack, app, [ListenAddress("127.0.0.1", 0)])
        assert isinstance(address, ListenAddress)
        _, writer = await asyncio.open_connection(*address)
        writer.write(b"POST /-/reload HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(began.wait(), 10)
        writer.close()
        await asyncio.wait_for(ended.wait(), 10)
        go_on.set()
        await asyncio.wait_for(done.wait(), 10)
