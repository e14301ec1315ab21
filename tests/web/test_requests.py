"""The limits of a request: its headers, its body, and the host that it names."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web

from exporter.settings.web_config import ListenAddress
from exporter.web.app import create_app, create_health_app
from exporter.web.listening import listen
from exporter.web.origins import host_of, is_same_origin
from tests.support.waiting import eventually
from tests.web.conftest import Backend
from tests.web.test_fuzz import answer_to

HEALTHY = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n%bConnection: close\r\n\r\n"
BOMB = gzip.compress(bytes(50 * 2**20))


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[ListenAddress]:
    async with AsyncExitStack() as stack:
        (address,) = await listen(stack, app, [ListenAddress("127.0.0.1", 0)])
        assert isinstance(address, ListenAddress)
        yield address


def status(answer: bytes) -> int:
    return int(answer.split()[1])


@pytest.fixture(params=[create_app, create_health_app], ids=["pages", "health address"])
async def place(backend: Backend, request: pytest.FixtureRequest) -> AsyncIterator[ListenAddress]:
    async with serving(request.param(backend.pages())) as address:
        yield address
    assert not backend.bugs


def posted(body: bytes, *headers: bytes, length: bool = True) -> bytes:
    given = [b"POST /-/healthy HTTP/1.1", b"Host: x", *headers]
    if length:
        given.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*given, b"", b""]) + body


class TestHeaders:
    async def test_a_megabyte_of_open_quotes_holds_nothing_up(
        self, backend: Backend, place: ListenAddress
    ) -> None:
        del backend
        quotes = b'"' + b'\\"' * 4000 + b"\r\n"
        headers = (b"Accept: " + quotes) * 60 + (b"Accept-Encoding: " + quotes) * 60
        began = time.process_time()
        answer = await answer_to(place, HEALTHY % headers)
        assert status(answer) == 431
        assert time.process_time() - began < 2.0  # it was 52 s

    @pytest.mark.parametrize(("count", "expected"), [(5, 431), (3, 200)])
    async def test_the_headers_of_a_request_have_a_limit_in_all(
        self, place: ListenAddress, count: int, expected: int
    ) -> None:
        answer = await answer_to(place, HEALTHY % ((b"X: " + b"x" * 8000 + b"\r\n") * count))
        assert status(answer) == expected


class TestBodies:
    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            pytest.param(posted(b"x" * 4096), 405, id="a small one"),
            pytest.param(posted(b"x" * 4097), 413, id="a large one"),
            pytest.param(posted(b"", b"Content-Length: 9999999", length=False), 413, id="a large one announced"),
            pytest.param(posted(BOMB, b"Content-Encoding: gzip"), 413, id="a bomb"),
            pytest.param(posted(b"junk", b"Content-Encoding: gzip"), 405, id="no gzip"),
            pytest.param(posted(b"junk", b"Content-Encoding: br"), 405, id="no brotli"),
            pytest.param(
                posted(b"1\r\nx\r\n" * 5000, b"Transfer-Encoding: chunked", length=False), 413, id="many chunks"
            ),
            pytest.param(
                posted(b"zz\r\n", b"Transfer-Encoding: chunked", length=False), 400, id="no chunk"
            ),
            pytest.param(
                posted(b"1\r\nx\r\n0\r\n\r\n", b"Transfer-Encoding: chunked", length=False), 405, id="one chunk"
            ),
        ],
    )  # fmt: skip
    async def test_a_body_is_small_and_never_decompressed(
        self, place: ListenAddress, caplog: pytest.LogCaptureFixture, sent: bytes, expected: int
    ) -> None:
        began = time.process_time()
        answer = await answer_to(place, sent)
        assert status(answer) == expected
        assert time.process_time() - began < 1.0
        assert not caplog.records

    async def test_a_body_that_does_not_arrive_is_not_waited_for(
        self, place: ListenAddress, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("exporter.web.middlewares.BODY_SECONDS", 0.1)
        reader, writer = await asyncio.open_connection(*place)
        writer.write(posted(b"", b"Content-Length: 10", length=False))
        assert status(await asyncio.wait_for(reader.read(), 10)) == 408
        writer.close()

    async def test_a_client_that_leaves_amid_its_body_is_no_bug(
        self, place: ListenAddress, backend: Backend, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(5):
            _, writer = await asyncio.open_connection(*place)
            writer.write(posted(b"abc", b"Content-Length: 10", length=False))
            await writer.drain()
            writer.transport.abort()
        assert status(await answer_to(place, HEALTHY % b"")) == 200
        assert not backend.bugs
        assert not caplog.records


async def test_an_answer_that_a_closed_connection_cannot_take_ends_quietly(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    """The whole of a refused body is not read: the connection is closed after the answer."""
    async with serving(create_app(backend.pages())) as place:
        reader, writer = await asyncio.open_connection(*place)
        writer.write(posted(b"x" * 10_000_000))

        async def answered() -> bytes:
            try:
                return await asyncio.wait_for(reader.read(65536), 5)
            except ConnectionError:
                return b""

        assert status(await answered()) == 413
        await eventually(answered, lambda data: data == b"")
        writer.close()
    assert not caplog.records


class TestHosts:
    @pytest.mark.parametrize(
        ("host", "path", "expected"),
        [
            ("exporter.test", "/", 200),
            ("Exporter.Test.:19443", "/", 200),
            ("[::1]:19443", "/", 200),
            ("evil.test", "/", 421),
            ("evil.test", "/metrics", 421),
            ("evil.test", "/nowhere", 421),
            ("", "/", 421),
            ("[::1", "/", 421),
            ("exporter.test.evil.test", "/", 421),
            ("10.0.0.1:19443", "/-/healthy", 200),
            ("10.0.0.1:19443", "/-/ready", 200),
        ],
    )
    async def test_only_the_allowed_names_are_served_and_probes_by_address(
        self, backend: Backend, host: str, path: str, expected: int
    ) -> None:
        pages = backend.pages(allowed_hosts=frozenset({"exporter.test", "::1"}))
        async with serving(create_app(pages)) as place:
            sent = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            assert status(await answer_to(place, sent.encode())) == expected

    async def test_every_name_is_served_unless_some_are_allowed(self, backend: Backend) -> None:
        async with serving(create_app(backend.pages())) as place:
            sent = b"GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n"
            assert status(await answer_to(place, sent)) == 200

    @pytest.mark.parametrize(
        ("origin", "host", "allowed", "same"),
        [
            ("http://a:1", "a:1", (), True),
            ("http://a:1", "a:2", (), False),
            ("http://b:1", "a:1", (), False),
            ("null", "a:1", (), False),
            ("http://evil:1", "evil:1", ("a",), False),
            ("http://a:1", "a:1", ("a",), True),
            ("", "", (), True),
        ],
    )
    def test_a_form_is_of_the_same_origin(
        self, origin: str, host: str, allowed: tuple[str, ...], *, same: bool
    ) -> None:
        assert is_same_origin(origin, host, allowed) is same

    async def test_a_rebound_name_does_not_pass_the_check_of_origins(self, backend: Backend) -> None:
        async def reload() -> bool:
            return True

        for allowed, expected in ((frozenset[str](), 200), (frozenset({"exporter.test"}), 421)):
            pages = backend.pages(reload=reload, allowed_hosts=allowed)
            async with serving(create_app(pages)) as place:
                sent = (
                    b"POST /-/reload HTTP/1.1\r\nHost: e:1\r\nOrigin: http://e:1\r\nConnection: close\r\n\r\n"
                )
                assert status(await answer_to(place, sent)) == expected


@pytest.mark.parametrize(
    ("authority", "host"),
    [("a", "a"), ("A.B:1", "a.b"), ("a.", "a"), ("[::1]", "::1"), ("[::1]:80", "::1"), ("[::1]x", ""), (":80", "")],
)  # fmt: skip
def test_the_host_of_an_authority(authority: str, host: str) -> None:
    assert host_of(authority) == host
