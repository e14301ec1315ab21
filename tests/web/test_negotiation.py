from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.text_format import TextFormat
from exporter.web.negotiation import accepts_gzip, text_format

CLASSIC, OPENMETRICS = TextFormat.CLASSIC, TextFormat.OPENMETRICS
PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_WITH_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
    + PROMETHEUS_3
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param([], CLASSIC, id="no header"),
        pytest.param([""], CLASSIC, id="an empty one"),
        pytest.param(["*/*"], CLASSIC, id="anything"),
        pytest.param(["image/png"], CLASSIC, id="unknown"),
        pytest.param([BROWSER], CLASSIC, id="a browser"),
        pytest.param([PROMETHEUS_2_42], OPENMETRICS, id="Prometheus 2.42"),
        pytest.param([PROMETHEUS_3], OPENMETRICS, id="Prometheus 3"),
        pytest.param([PROMETHEUS_WITH_PROTOBUF], OPENMETRICS, id="Prometheus that prefers protobuf"),
        pytest.param(["text/plain;version=0.0.4"], CLASSIC, id="text by version"),
        pytest.param(["text/plain"], CLASSIC, id="text of any version"),
        pytest.param(["application/openmetrics-text"], OPENMETRICS, id="OpenMetrics of any version"),
        pytest.param(["application/*"], OPENMETRICS, id="a wildcard of one type"),
        pytest.param(["text/*, application/*;q=0.9"], CLASSIC, id="wildcards with q"),
        pytest.param(["application/openmetrics-text;version=0.0.1, */*;q=0.1"], CLASSIC, id="an old version"),
        pytest.param(["application/openmetrics-text;version=9"], CLASSIC, id="a version of the future"),
        pytest.param(
            ['Application/OpenMetrics-Text ; Version="1.0.0" ; Q=1.0'], OPENMETRICS, id="case, spaces, quotes"
        ),
        pytest.param(["text/plain;q=0.5, application/openmetrics-text;q=0.4"], CLASSIC, id="q decides"),
        pytest.param(["text/plain;q=0, */*"], OPENMETRICS, id="text refused"),
        pytest.param(["application/openmetrics-text;q=0"], CLASSIC, id="OpenMetrics refused"),
        pytest.param(["text/plain;q=0, application/openmetrics-text;q=0"], CLASSIC, id="all refused"),
        pytest.param(
            ["*/*, application/openmetrics-text"], OPENMETRICS, id="of equals, what is named more closely"
        ),
        pytest.param(
            [
                "application/openmetrics-text;version=1.0.0;q=0.1, application/openmetrics-text, text/plain;q=0.5"
            ],
            CLASSIC,
            id="the closest wish gives the q",
        ),
        pytest.param(
            ["application/openmetrics-text, text/plain"], OPENMETRICS, id="of equals, what is named first"
        ),
        pytest.param(["text/plain, application/openmetrics-text"], CLASSIC, id="the other way round"),
        pytest.param(["text/plain;q=0.1", "application/openmetrics-text"], OPENMETRICS, id="two headers"),
        pytest.param(["application/openmetrics-text;q=2, text/plain;q=0.1"], CLASSIC, id="a q above 1"),
        pytest.param(["application/openmetrics-text;q=nan, text/plain;q=0.1"], CLASSIC, id="no number"),
        pytest.param(
            ['x/y;z="a, application/openmetrics-text", text/plain;q=0.1'], CLASSIC, id="a comma in quotes"
        ),
    ],
)
def test_the_preferred_text_format_is_chosen(accept: list[str], expected: TextFormat) -> None:
    assert text_format(accept) is expected


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ([], False),
        ([""], False),
        (["gzip"], True),
        (["GZip"], True),
        (["gzip, deflate, br"], True),
        (["deflate", "gzip;q=0.1"], True),
        (["gzip;q=0"], False),
        (["gzip;q=0.000"], False),
        (["identity"], False),
        (["deflate, br"], False),
        (["*"], True),
        (["*;q=0"], False),
        (["*, gzip;q=0"], False),
        (["gzip;q=0.5, identity"], False),
        (["gzip, identity;q=0.5"], True),
        (["gzip;q=0.5, *;q=0"], True),
    ],
)
def test_gzip_is_used_only_when_it_is_welcome(accept_encoding: list[str], expected: bool) -> None:
    assert accepts_gzip(accept_encoding) is expected


@given(st.lists(st.text(alphabet='abgzip*/;,=q."\\01 \t', max_size=60), max_size=3))
def test_no_header_makes_negotiation_fail(headers: list[str]) -> None:
    assert text_format(headers) in TextFormat
    assert accepts_gzip(headers) in {True, False}
