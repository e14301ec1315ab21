"""Every page and parameter against what a client could send, byte for byte, on the sockets of the real exporter."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import bcrypt
import pytest

from exporter.credentials import Auth, Secret
from exporter.settings.web_config import ListenAddress, WebConfig
from exporter.web.access_control import AccessControl
from exporter.web.app import create_app
from exporter.web.listening import listen
from tests.support.checkups import make_checkup, make_details, make_target
from tests.support.waiting import eventually
from tests.web.conftest import Backend

CANARY = "canary-51d0"
_QUIET_SECONDS = 0.2
MARK = "<script>alert(1)</script>"
PATHS = (
    *("/", "/metrics", "/targets/my-zone", "/targets/", "/targets/%00", "/probe", "/api/v1/targets"),
    *("/api/v1/sd", "/-/healthy", "/-/ready", "/-/reload", "/nowhere", "//", "/..", "/%2e%2e/", "*", ""),
)
NAMES = ("target", "debug", "name[]", "module", "x", "", "target[]", MARK)
VALUES = (
    *(
        "my-zone",
        "true",
        "",
        "0",
        "-1",
        "9" * 400,
        MARK,
        "%00",
        "%ff%fe",
        "%F0%9F%92%A9",
        "a\x7fb",
        "../../x",
    ),
    *(
        "https://169.254.169.254/",
        "my-zone%0d%0aX-Injected: 1",
        "{{7*7}}",
        "'\"><img src=x>",
        "onedata_polls_total",
    ),
)
HEADERS = (
    *("Accept", "Accept-Encoding", "Authorization", "X-Prometheus-Scrape-Timeout-Seconds", "Host", "Cookie"),
    *("Content-Length", "Transfer-Encoding", "Expect", "Connection", "Upgrade", "Origin", "Range", "X" * 300),
)
HEADER_VALUES = (
    *(
        "",
        "gzip;q=0.5, *;q=nan",
        "text/plain;version=9",
        "application/openmetrics-text;version=1.0.0",
        "chunked",
    ),
    *(
        "Basic",
        "Basic ====",
        "Basic YTpi",
        "nan",
        "1e309",
        "-5",
        "0.001",
        "10",
        "100-continue",
        "websocket",
        MARK,
    ),
    *("q=" * 900, "\x00", "é", "close", "bytes=0-1", '"' * 500, "a;" * 500),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "G@T", "get", MARK)
VERSIONS = ("HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "HTTP/0.9", "", "HTTP/1.1 x")
BODIES = (b"", b"x" * 10_000, b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"\x00\xff")


def request(dice: random.Random) -> bytes:
    """Some request, mostly wrong in one place or several."""
    query = "&".join(
        f"{dice.choice(NAMES)}={dice.choice(VALUES)}" for _ in range(dice.choice((0, 1, 1, 2, 30)))
    )
    path = dice.choice(PATHS) if dice.random() < 0.8 else f"/targets/{dice.choice(VALUES)}"
    method = dice.choice(METHODS) if dice.random() < 0.3 else "GET"
    version = dice.choice(VERSIONS) if dice.random() < 0.1 else "HTTP/1.1"
    lines = [f"{method} {path}{'?' if query else ''}{query} {version}", "Host: exporter.test"]
    lines += [
        f"{dice.choice(HEADERS)}: {dice.choice(HEADER_VALUES)}"
        for _ in range(dice.choice((0, 0, 0, 1, 1, 2, 200)))
    ]
    body = dice.choice(BODIES) if dice.random() < 0.1 else b""
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8") + body


async def answer_to(place: ListenAddress, sent: bytes) -> bytes:
    """The answer, which the server ends unless it waits for more of a body that was announced."""
    reader, writer = await asyncio.open_connection(*place)
    answer = b""
    try:
        writer.write(sent)
        while data := await asyncio.wait_for(reader.read(65536), _QUIET_SECONDS if answer else 5.0):
            answer += data
    except (OSError, TimeoutError):
        pass
    finally:
        writer.close()
    return answer


@pytest.fixture
async def place(backend: Backend, request: pytest.FixtureRequest) -> AsyncIterator[ListenAddress]:
    """A site with secrets behind it, and in front of it if the test wants so."""
    target = replace(make_target(), auth=Auth(token=Secret(CANARY), passphrase=Secret(CANARY)))
    backend.know(target)
    backend.record(make_checkup(target))
    backend.store.record_details(target, make_details(target), time.monotonic())
    hashed = bcrypt.hashpw(CANARY.encode(), bcrypt.gensalt(4)).decode()
    web_config = WebConfig(users=(("alice", hashed),)) if getattr(request, "param", False) else WebConfig()
    async with AsyncExitStack() as stack:
        app = create_app(backend.pages(access_control=AccessControl(web_config)))
        (address,) = await listen(stack, app, [ListenAddress("127.0.0.1", 0)])
        assert isinstance(address, ListenAddress)
        yield address


@pytest.mark.parametrize(
    ("place", "expected"),
    [(False, {200, 400, 404, 405, 417}), (True, {400, 401})],
    ids=["open", "with passwords"],
    indirect=["place"],
)
async def test_nothing_that_is_sent_breaks_a_page_is_reflected_or_shows_a_secret(
    backend: Backend, place: ListenAddress, expected: set[int]
) -> None:
    dice = random.Random(19443)  # noqa: S311 - the same dice every time
    statuses = set()
    for _ in range(800):
        sent = request(dice)
        answer = (await answer_to(place, sent)).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not answer:
            continue
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        statuses.add(status)
        text = head.decode("latin-1").lower()
        assert status != 500, sent
        assert "x-content-type-options: nosniff" in text, (sent, head)
        assert "content-security-policy: default-src 'none'" in text, (sent, head)
        assert "\r\nx-injected" not in text, sent
        if "application/json" not in text:
            assert MARK.encode() not in body, sent
        assert CANARY.encode() not in answer, sent
    assert not backend.bugs
    assert statuses >= expected


async def test_a_flood_of_connections_is_bounded_and_passes(place: ListenAddress) -> None:
    async def idle() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*place)

    held = [await idle() for _ in range(600)]

    async def turned_away() -> int:
        return sum(reader.at_eof() or reader.exception() is not None for reader, _ in held)

    await eventually(turned_away, lambda count: count == 600 - 512)
    for _, writer in held:
        writer.close()
    asking = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    await eventually(lambda: answer_to(place, asking), lambda answer: b"200 OK" in answer)
