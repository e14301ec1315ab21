"""The bytes of an answer before they are parsed: what passes, and how much at most."""

from __future__ import annotations

import itertools
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.client.wire import MAX_HEAD_BYTES, AnswerFilter, TooLargeError, wire_limit
from exporter.reasons import Reason
from tests.support.polling import everywhere, poll, reasons, target_at
from tests.support.raw_server import RawServers
from tests.support.servers import CONFIGURATION, LOOPBACK, ScriptedServer, Wire

HEAD = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\nX: 1\r\n\r\n{}"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"


def fed(data: bytes, *cuts: int, limit: int = wire_limit(1024)) -> bytes:
    """What passes of bytes that arrive in pieces."""
    answer = AnswerFilter(limit)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return b"".join(answer.feed(data[a:b]) for a, b in itertools.pairwise(places))


@given(st.lists(st.integers(0, 120), max_size=6))
def test_an_ordinary_answer_passes_as_it_is_in_whatever_pieces_it_comes(cuts: list[int]) -> None:
    assert fed(2 * INTERIM + HEAD, *cuts) == 2 * INTERIM + HEAD


@given(st.lists(st.integers(0, 120), max_size=6))
def test_equal_lengths_pass_once_and_different_ones_are_left_to_the_parser_to_refuse(cuts: list[int]) -> None:
    twice = HEAD.replace(b"X: 1", b"content-length: 2")
    assert fed(twice, *cuts) == HEAD.replace(b"X: 1\r\n", b"")
    assert fed(HEAD.replace(b"Length: 2", b"Length: 2, 2"), *cuts) == HEAD
    for different in (HEAD.replace(b"X: 1", b"Content-Length: 3"), HEAD.replace(b": 2", b": 2, 3")):
        assert fed(different, *cuts) == different


async def test_an_answer_with_its_length_twice_is_read_as_rfc_9110_allows() -> None:
    async def twice(wire: Wire) -> None:
        while True:
            facts = CONFIGURATION if "/configuration " in await wire.request() else {"status": "healthy"}
            body = json.dumps(facts).encode()
            length = b"content-length: %d\r\n" % len(body)
            kind = b"content-type: application/json\r\n"
            await wire.send(b"HTTP/1.1 200 OK\r\n" + kind + length + length + b"\r\n" + body)

    async with ScriptedServer(twice) as server:
        assert reasons(await poll(target_at(f"http://{LOOPBACK}:{server.port}"))) == everywhere("ok")


@pytest.mark.parametrize(
    "data",
    [
        INTERIM * 17 + HEAD,
        b"\r\n" * 17 + HEAD,
        HEAD + b" " * wire_limit(1024),
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * MAX_HEAD_BYTES,
    ],
    ids=["interim answers", "empty lines", "a body", "a head"],
)
def test_an_answer_is_refused_as_soon_as_it_is_too_large(data: bytes) -> None:
    with pytest.raises(TooLargeError):
        fed(data, *range(0, len(data), 1000))


@pytest.mark.parametrize(
    "mode",
    [
        "endless interim answers",
        "endless empty lines",
        "endless extensions of a chunk",
        "a length of a chunk without end",
        "endless tiny chunks",
        "endless answers",
    ],
)
async def test_an_endless_answer_costs_little_and_ends_at_once(mode: str) -> None:
    async with RawServers(mode) as servers:
        target = target_at(f"http://{LOOPBACK}:{servers.ports[0]}", timeout=10.0)
        began = time.process_time()
        checkup = await poll(target)
        cpu_seconds = time.process_time() - began
    found = {each for path in reasons(checkup).values() for each in path.values()}
    assert found <= {Reason.TOO_LARGE, Reason.INVALID_BODY}
    assert cpu_seconds < 1.0
    assert servers.requests == [4]
