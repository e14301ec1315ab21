"""Fuzz every parser of foreign text: it returns or refuses in the documented way, and soon, whatever it is given.

`--seconds` are shared among the parsers. What fails is kept in build/fuzz, made as small as it gets, and tried first in
the next run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import FlakyFailure

from exporter.certificates import parse_certificate
from exporter.client.wire import AnswerFilter, TooLargeError
from exporter.credentials.caveats import read_caveats
from exporter.operations import (
    configuration,
    dns_check,
    emergency_passphrase,
    health,
    node,
    providers,
    users,
    web_certificate,
    worker_configuration,
    worker_report,
    zone_clock,
    zone_connectivity,
)
from exporter.operations.responses import Response
from exporter.settings.addresses import parse_listen_address, parse_origin
from exporter.settings.durations import parse_duration
from exporter.settings.timestamps import parse_timestamp
from exporter.settings.yaml_text import parse_yaml
from exporter.web.negotiation import accepts_gzip, text_format
from exporter.web.passwords import parse_authorization
from tools.generated import ROOT

_CORPUS = ROOT / "build" / "fuzz"
_LONGEST_SECONDS = 1.0
_BATCH = 50

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
    max_leaves=20,
)


class Parser(NamedTuple):
    """A parser of bytes; it may raise only `refusals`. Foreign bytes contain `words` more often than chance has it."""

    parse: Callable[[bytes], object]
    words: tuple[bytes, ...] = ()
    refusals: tuple[type[Exception], ...] = ()


def _of_text(parse: Callable[[str], object], *words: bytes) -> Parser:
    return Parser(lambda data: parse(data.decode("utf-8", "surrogateescape")), words, (ValueError,))


def _of_header(parse: Callable[[str], object], *words: bytes) -> Parser:
    return Parser(lambda data: parse(data.decode("latin-1")), words)


def _of_response(read: Callable[[Response], object], *keys: str) -> Parser:
    words = (
        *(json.dumps(key).encode() for key in keys),
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"null",
        b"1e999",
    )
    return Parser(lambda data: read(Response(200, "application/json", data)), words)


def _report(data: bytes) -> object:
    return worker_report.read(Response(200, "text/xml", data))


def _filter(data: bytes) -> object:
    answer = AnswerFilter(100_000)
    return [answer.feed(data[start : start + 7]) for start in range(0, len(data), 7)]


PARSERS: Mapping[str, Parser] = {
    "health": _of_response(health.read, "healthy", "ok"),
    "configuration": _of_response(configuration.read, "domain", "version", "build", "zoneName", "deployed"),
    "dns_check": _of_response(dns_check.read, "domain", "summary", "timestamp", "expected", "got"),
    "emergency_passphrase": _of_response(emergency_passphrase.read, "isSet"),
    "node": _of_response(node.read, "hostname", "clusterType"),
    "users": _of_response(users.read_ids, "ids"),
    "user": _of_response(users.read_user, "userId", "username", "fullName"),
    "web_certificate": _of_response(
        web_certificate.read, "letsEncrypt", "expirationTime", "status", "lastFailure"
    ),
    "worker_configuration": _of_response(
        worker_configuration.read, "compatibleOneproviderVersions", "version"
    ),
    "zone_clock": _of_response(zone_clock.read, "timeMillis"),
    "zone_connectivity": _of_response(zone_connectivity.read, "status", "oz_connectivity"),
    "provider": _of_response(lambda answer: providers.read_provider(answer, "p1"), "providerId", "domain"),
    "cluster": _of_response(providers.read_cluster, "clusterId", "type", "serviceId", "onepanelVersion"),
    "worker report": Parser(
        _report, (b"<healthdata", b" status='ok'", b"<oz_worker", b">", b"/>", b"<!--", b"]]>")
    ),
    "answer": Parser(
        _filter,
        (b"HTTP/1.1 100 C", b"HTTP/1.1 200 OK", b"\r\n", b"\n", b"content-length: 5"),
        (TooLargeError,),
    ),
    "certificate": Parser(
        lambda data: parse_certificate(data, verified=False), (b"0\x82", b"\x06\x03U\x04\x03")
    ),
    "token": _of_header(read_caveats, b"0006a", b"cid time < ", b"MDAx"),
    "Accept": _of_header(lambda text: text_format([text]), b"text/plain", b";q=0.5", b'"', b'\\"', b","),
    "Accept-Encoding": _of_header(lambda text: accepts_gzip([text]), b"gzip", b";q=", b"*", b","),
    "Authorization": _of_header(parse_authorization, b"Basic ", b"YTpi"),
    "YAML": _of_text(
        parse_yaml, b"a: ", b"- ", b"&a ", b"*a", b"<<: ", b"\n", b"!!int ", b"{", b"[", b"0x", b"1:30"
    ),
    "URL": _of_text(
        lambda text: parse_origin(text, allow_http=True), b"https://", b"[", b"]", b":443", b"xn--", b"@"
    ),
    "listen address": _of_text(parse_listen_address, b"unix:/", b"[::1]", b":1"),
    "duration": _of_text(parse_duration, b"1h", b"ms", b"1e9"),
    "timestamp": _of_text(parse_timestamp, b"2026-12-01T20:00:00", b"Z", b"+01:00"),
}


def foreign_bytes(parser: Parser) -> st.SearchStrategy[bytes]:
    """Return what an attacker may send: noise, documents, and the parser's own words between them."""
    pieces = st.binary(max_size=20) | _JSON.map(lambda value: json.dumps(value).encode())
    if parser.words:
        pieces |= st.sampled_from(parser.words)
    return st.lists(pieces, max_size=12).map(b"".join)


def fuzz(name: str, seconds: float) -> int:
    """Return how many inputs one parser was given; raise what it must not raise."""
    parser, tried = PARSERS[name], 0
    deadline = time.monotonic() + seconds

    @settings(
        max_examples=_BATCH,
        deadline=None,
        derandomize=False,
        database=DirectoryBasedExampleDatabase(_CORPUS),
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(foreign_bytes(parser))
    def try_all(data: bytes) -> None:
        nonlocal tried
        tried += 1
        began = time.process_time()
        with suppress(*parser.refusals):
            parser.parse(data)
        if (taken := time.process_time() - began) > _LONGEST_SECONDS:
            raise TimeoutError(f"the parser takes {taken:.1f} s")

    while not tried or time.monotonic() < deadline:
        try_all()
    return tried


def main() -> int:
    """Fuzz all parsers; return 1 if one failed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=300.0, help="for all parsers together")
    share_seconds = arguments.parse_args().seconds / len(PARSERS)
    failed = False
    for name in PARSERS:
        try:
            print(f"{name}: {fuzz(name, share_seconds)} inputs")
        except (Exception, FlakyFailure) as error:  # noqa: BLE001 - whatever it is, the parser must not raise it
            failed = True
            print(f"{name}: {error!r}\n" + "\n".join(getattr(error, "__notes__", ())), file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
