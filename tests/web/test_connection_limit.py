"""Many clients at once: idle connections make room for active ones, and no page is made for a client that has left."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from exporter.settings.web_config import ListenAddress
from exporter.web.app import create_app
from exporter.web.connection_limit import ConnectionLimit
from exporter.web.listening import listen
from tests.support.waiting import eventually
from tests.web.conftest import Backend
from tests.web.test_fuzz import answer_to

ASKING = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
_MEBIBYTE = 2**20


class LimitedConnection:
    """A connection that knows only whether it was evicted."""

    def __init__(self) -> None:
        self.evicted = False

    def evict(self) -> None:
        self.evicted = True


def accepted(limit: ConnectionLimit, count: int) -> list[LimitedConnection]:
    made = [LimitedConnection() for _ in range(count)]
    for connection in made:
        limit.add(connection)
    return made


def evicted(made: list[LimitedConnection]) -> list[int]:
    return [number for number, connection in enumerate(made) if connection.evicted]


class TestConnectionLimit:
    def test_at_the_limit_the_least_recently_served_connection_is_closed(self) -> None:
        limit = ConnectionLimit()
        made = accepted(limit, 512)
        limit.begin_answer(made[0], 10)
        limit.end_answer(made[0])
        limit.remove(made[1])
        accepted(limit, 2)
        assert evicted(made) == [2]

    def test_clients_that_take_no_answer_make_room_for_the_next_answers(self) -> None:
        limit = ConnectionLimit()
        made = accepted(limit, 6)
        for connection in made[:4]:
            limit.begin_answer(connection, 10 * _MEBIBYTE)
        assert evicted(made) == [0]
        limit.end_answer(made[2])
        limit.begin_answer(made[5], 20 * _MEBIBYTE)
        assert evicted(made) == [0, 1]

    def test_the_latest_answer_may_be_of_any_size(self) -> None:
        limit = ConnectionLimit()
        made = accepted(limit, 3)
        limit.begin_answer(made[0], 100 * _MEBIBYTE)
        limit.begin_answer(made[1], 100 * _MEBIBYTE)
        assert evicted(made) == [0]


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Any]) -> AsyncIterator[ListenAddress]:
    app = web.Application()
    app.router.add_get("/", handler)
    async with AsyncExitStack() as stack:
        (address,) = await listen(stack, app, [ListenAddress("127.0.0.1", 0)])
        assert isinstance(address, ListenAddress)
        yield address


async def test_clients_that_hold_their_connections_lock_no_client_out(backend: Backend) -> None:
    async with AsyncExitStack() as stack:
        (address,) = await listen(stack, create_app(backend.pages()), [ListenAddress("127.0.0.1", 0)])
        assert isinstance(address, ListenAddress)
        for _ in range(600):
            _, writer = await asyncio.open_connection(*address)
            stack.callback(writer.close)
        assert b"200 OK" in await answer_to(address, ASKING.replace(b"/ ", b"/-/healthy "))


async def test_answers_that_no_client_reads_do_not_pile_up() -> None:
    async def large(_request: web.Request) -> web.Response:
        return web.Response(body=bytes(8 * _MEBIBYTE))

    async with serving(large) as address, AsyncExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(address)) for _ in range(10)]
        rejected: set[socket.socket] = set()
        for each in held:
            each.sendall(ASKING)

        async def count() -> int:
            rejected.update(each for each in held if each.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            return len(rejected)

        await eventually(count, lambda number: number == len(held) - 4)


class Pages:
    """Writes each page when `go_on` is set; `begun` are the names that were asked for."""

    def __init__(self) -> None:
        self.begun: list[frozenset[str]] = []
        self.ended = 0
        self.go_on = asyncio.Event()

    async def page(self, _text_format: object, names: frozenset[str]) -> AsyncIterator[bytes]:
        self.begun.append(names)
        try:
            await self.go_on.wait()
        finally:
            self.ended += 1
        yield b"page"

    compressed_page = page

    def round_page(self, *_wanted: object) -> bytes:
        return b""


@asynccontextmanager
async def asking(backend: Backend, pages: Pages) -> AsyncIterator[Callable[[str], asyncio.Future[Any]]]:
    """Something that asks for a page of `/metrics` over a connection of its own."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with TestClient(
        TestServer(create_app(replace(backend.pages(), exposition=pages))), connector=connector
    ) as client:
        yield lambda query: asyncio.ensure_future(
            client.get(f"/metrics{query}", headers={"Accept-Encoding": "identity"})
        )


async def test_one_page_in_the_making_serves_all_requests_for_the_same(backend: Backend) -> None:
    pages = Pages()
    async with asking(backend, pages) as ask:
        asked = [ask("") for _ in range(100)]

        async def waiting() -> int:
            return sum(shared.callers for shared in backend.shared._running.values())

        await eventually(waiting, lambda number: number == 100)
        pages.go_on.set()
        assert {(await each).status for each in asked} == {200}
        assert pages.begun == [frozenset()]
        assert (await ask("")).status == 200
        assert len(pages.begun) == 2


async def test_few_parts_of_the_metrics_are_made_at_once_and_the_whole_waits_for_none(
    backend: Backend,
) -> None:
    pages = Pages()
    async with asking(backend, pages) as ask:
        asked = [ask(f"?name[]=a{number}") for number in range(20)]

        async def begun() -> int:
            return len(pages.begun)

        await eventually(begun, lambda number: number == 4)
        asked.append(ask(""))
        await eventually(begun, lambda number: number == 5)
        assert pages.begun[-1] == frozenset()
        pages.go_on.set()
        assert {(await each).status for each in asked} == {200}


async def test_a_page_that_no_client_waits_for_is_not_made_to_its_end(backend: Backend) -> None:
    pages = Pages()
    async with AsyncExitStack() as stack:
        app = create_app(replace(backend.pages(), exposition=pages))
        (address,) = await listen(stack, app, [ListenAddress("127.0.0.1", 0)])
        assert isinstance(address, ListenAddress)
        asked = [await asyncio.open_connection(*address) for _ in range(3)]
        for _, writer in asked:
            writer.write(ASKING.replace(b"/ ", b"/metrics "))

        async def waiting() -> int:
            return sum(shared.callers for shared in backend.shared._running.values())

        await eventually(waiting, lambda number: number == 3)
        for _, writer in asked[:2]:
            writer.close()
        await eventually(waiting, lambda number: number == 1)
        assert not pages.ended
        asked[2][1].close()

        async def ended() -> int:
            return pages.ended

        await eventually(ended, lambda number: number == 1)
        assert not backend.shared._running


async def test_a_request_ends_when_its_client_disconnects() -> None:
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


async def test_a_reload_finishes_although_its_client_disconnects(backend: Backend) -> None:
    began, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def reload() -> bool:
        began.set()
        await go_on.wait()
        done.set()
        return True

    async with AsyncExitStack() as stack:
        app = create_app(backend.pages(reload=reload))
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
