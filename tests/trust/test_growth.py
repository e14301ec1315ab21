"""The time of every parser of foreign text grows in proportion to the text, whatever is in it."""

from __future__ import annotations

import base64
import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from exporter.credentials.caveats import read_caveats
from exporter.operations import health, users, worker_report
from exporter.operations.responses import Response, sanitize
from exporter.operations.timestamps import read_timestamp
from exporter.settings.addresses import parse_host, parse_listen_address, parse_origin
from exporter.settings.durations import parse_duration
from exporter.settings.timestamps import parse_timestamp
from exporter.settings.web_keys import WebFile
from exporter.settings.yaml_text import parse_yaml
from exporter.web.negotiation import accepts_gzip, text_format
from exporter.web.passwords import parse_authorization
from exporter.web.probing import scrape_seconds

pytestmark = pytest.mark.long

_LARGEST_FACTOR = 2.5
_ENOUGH_SECONDS = 0.005
_LONGEST_TEXT = 100_000
_ATTEMPTS = 20
# What the system takes to give and take back the memory for the text itself; no text that quick stops anything.
_PAGE_FAULTS_SECONDS = 0.005

Parser = Callable[[str], object]
Text = Callable[[int], str]


def json_answer(read: Callable[[Response], object]) -> Parser:
    return lambda text: read(Response(200, "application/json", text.encode()))


def xml_answer(text: str) -> object:
    return worker_report.read(Response(200, "text/xml", text.encode()))


def origin(text: str) -> object:
    return parse_origin(text, allow_http=True)


def scrape_timeout(text: str) -> object:
    return scrape_seconds({"X-Prometheus-Scrape-Timeout-Seconds": text}, 15.0)


def token(packet: bytes) -> Text:
    """A token of n packets, as `read_caveats` decodes it."""
    escapes = str.maketrans({"0": "00", "_": "01", "-": "02", "=": "05"})

    def make(count: int) -> str:
        raw = b"0010location a\n" + packet * count
        return base64.urlsafe_b64encode(raw).decode().translate(escapes)

    return make


REPORT = '<healthdata status="ok"><oz_worker name="oz_worker@a" status="ok">{}</oz_worker></healthdata>'
# A dangling quote with escaped ones in it took the old expression the square of its length.
CASES: dict[str, tuple[Parser, Text]] = {
    **{
        f"{name}: {case}": (parser, make)
        for name, parser in {
            "Accept": lambda text: text_format([text]),
            "Accept, in many headers": lambda text: text_format(text.split("\n")),
            "Accept-Encoding": lambda text: accepts_gzip([text]),
        }.items()
        for case, make in {
            "an open quote": lambda n: '"' + '\\"' * n,
            "many open quotes": lambda n: ('"' + '\\"' * 20 + "\n") * (n // 20),
            "quotes": lambda n: '"a"' * n,
            "backslashes": lambda n: '"' + "\\" * n,
            "elements": lambda n: "a," * n,
            "parameters": lambda n: "a" + ";b=c" * n,
            "semicolons": lambda n: ";" * n,
            "white space": lambda n: "a;" + " " * n + "b",
            "one quality": lambda n: "a;q=0." + "0" * n,
        }.items()
    },
    "Authorization": (parse_authorization, lambda n: "Basic " + "QUFB" * n),
    "Authorization: white space": (parse_authorization, lambda n: "Basic" + " " * n),
    "scrape timeout": (scrape_timeout, lambda n: "9" * n),
    "worker report: modules": (xml_answer, lambda n: REPORT.format("".join(f"<m{i} status='ok'/>" for i in range(n)))),
    "worker report: attributes": (xml_answer, lambda n: "<healthdata " + "".join(f"a{i}='' " for i in range(n)) + "/>"),
    "worker report: one name": (xml_answer, lambda n: REPORT.format(f"<{'m' * n}/>")),
    "worker report: a comment": (xml_answer, lambda n: REPORT.format(f"<!--{'-a' * n}-->")),
    "worker report: an open comment": (xml_answer, lambda n: f"<healthdata><!--{'a' * n}"),
    "worker report: references": (xml_answer, lambda n: "<healthdata status='" + "&amp;" * n + "'/>"),
    "worker report: nested": (xml_answer, lambda n: "<a>" * n),
    "JSON: nested": (json_answer(health.read), lambda n: "[" * n),
    "JSON: keys": (json_answer(health.read), lambda n: json.dumps({str(i): i for i in range(n)})),
    "JSON: digits": (json_answer(health.read), lambda n: "1" * n),
    "JSON: fractions": (json_answer(health.read), lambda n: "0." + "1" * n),
    "JSON: escapes": (json_answer(health.read), lambda n: '"' + "\\u0041" * n),
    "list of users": (json_answer(users.read_ids), lambda n: json.dumps({"ids": [str(i) for i in range(n)]})),
    "foreign words": (sanitize, lambda n: "\x00 " * n),
    "time of Onepanel": (read_timestamp, lambda n: "2026-12-01T20:00:00." + "0" * n),
    "token: packets": (read_caveats, token(b"0006a\n")),
    "token: caveats": (read_caveats, token(b"0013cid time < 123\n")),
    "token: escapes": (read_caveats, lambda n: "0" * n),
    "URL: labels": (origin, lambda n: "https://" + "a." * n),
    "URL: brackets": (origin, lambda n: "https://" + "[" * n),
    "URL: signs": (origin, lambda n: "https://" + "@:/" * n),
    "host: hyphens": (parse_host, lambda n: "-" * n),
    "host: letters of other alphabets": (parse_host, lambda n: "\u00e9" * n),
    "host: digits and dots": (parse_host, lambda n: "1." * n),
    "host: colons": (parse_host, lambda n: ":" * n),
    "listen address": (parse_listen_address, lambda n: "[" * n + ":1"),
    "duration: digits": (parse_duration, lambda n: "1" * n),
    "duration: units": (parse_duration, lambda n: "1m" * n),
    "date and time": (parse_timestamp, lambda n: "2026-12-01T20:00:00." + "0" * n),
    "YAML: keys": (parse_yaml, lambda n: "".join(f"k{i}: v\n" for i in range(n))),
    "YAML: one line": (parse_yaml, lambda n: "a: " + "b " * n),
    "YAML: a list": (parse_yaml, lambda n: "- a\n" * n),
    "YAML: an inline list": (parse_yaml, lambda n: "[" + "a, " * n + "]"),
    "YAML: nested": (parse_yaml, lambda n: "[" * n),
    "YAML: nested by indentation": (parse_yaml, lambda n: "".join(f"{' ' * i}a:\n" for i in range(min(n, 200)))),
    "YAML: an open quote": (parse_yaml, lambda n: "a: '" + "b c\n  " * n),
    "YAML: escapes": (parse_yaml, lambda n: 'a: "' + "\\n" * n),
    "YAML: comments": (parse_yaml, lambda n: "#\n" * n),
    "YAML: a block of text": (parse_yaml, lambda n: "a: |\n" + "  b\n" * n),
    "YAML: anchors": (parse_yaml, lambda n: "".join(f"- &a{i} b\n" for i in range(n))),
    "YAML: aliases": (parse_yaml, lambda n: "- &a b\n" + "- *a\n" * n),
    "YAML: question marks": (parse_yaml, lambda n: "? " * n),
    "YAML: tabs": (parse_yaml, lambda n: "a:\n" + "\t" * n),
    "web configuration: users": (
        lambda text: WebFile.model_validate(parse_yaml(text)),
        lambda n: "basic_auth_users:\n" + "".join(f"  u{i}: $2y$10${'a' * 53}\n" for i in range(n)),
    ),
}  # fmt: skip


@contextmanager
def undisturbed() -> Iterator[None]:
    """No garbage is collected meanwhile."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds_of(parse: Parser, text: str) -> float:
    """The CPU time of one go. What is wrong with the text is for other tests."""
    began = time.process_time()
    with suppress(Exception):
        parse(text)
    return time.process_time() - began


@pytest.mark.parametrize(("parse", "make"), CASES.values(), ids=CASES.keys())
def test_twice_as_much_text_takes_about_twice_as_long(parse: Parser, make: Text) -> None:
    count = 500
    with undisturbed():
        while seconds_of(parse, text := make(count)) < _ENOUGH_SECONDS and len(text) < _LONGEST_TEXT:
            count *= 2
        twice = make(2 * count)
        once_seconds, twice_seconds = [], []
        for _ in range(_ATTEMPTS):
            once_seconds.append(seconds_of(parse, text))
            twice_seconds.append(seconds_of(parse, twice))
            # Below a millisecond the clock decides, and nothing that short can stop anything.
            if min(twice_seconds) <= max(_LARGEST_FACTOR * min(once_seconds), 0.001):
                return
    pytest.fail(f"{len(text)} characters: {min(once_seconds)} s, {len(twice)}: {min(twice_seconds)} s")


def test_the_square_of_the_length_is_noticed() -> None:
    with pytest.raises(pytest.fail.Exception):
        test_twice_as_much_text_takes_about_twice_as_long(
            lambda text: [text.count("b", place) for place in range(len(text))], lambda n: "a" * n
        )
