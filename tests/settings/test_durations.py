from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.settings.durations import format_duration, parse_duration

YEAR_MS = 365 * 86_400_000


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("500ms", 0.5),
        ("15s", 15),
        ("1m30s", 90),
        ("2h", 7200),
        ("1d", 86_400),
        ("1w", 604_800),
        ("1y", 31_536_000),
        ("1h1ms", 3600.001),
        ("15", 15),
        ("0.25", 0.25),
        (15, 15),
        (0.5, 0.5),
    ],
)
def test_a_duration_is_read_in_seconds(written: object, seconds: float) -> None:
    assert parse_duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "s",
        "1x",
        "30s1m",
        "1m1m",
        "-1s",
        "1.5s",
        " 1s",
        "1s ",
        "1e3",
        "nan",
        "٣s",
        None,
        True,
        [1],
        float("nan"),
    ],
)
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=re.escape("must be a duration such as 500ms, 15s or 1m30s")):
        parse_duration(written)


@pytest.mark.parametrize("written", ["0s", "0", 0, -1, "2y", float("inf"), 10**400, "999999999999999y"])
def test_a_duration_is_longer_than_nothing_and_at_most_a_year(written: object) -> None:
    with pytest.raises(ValueError, match="must be longer than 0 and at most a year"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.5, "500ms"), (15, "15s"), (90, "1m30s"), (3600, "1h"), (0, "0s"), (86_461.5, "1d1m1s500ms")],
)
def test_a_duration_is_written_as_short_as_it_can_be(seconds: float, written: str) -> None:
    assert format_duration(seconds) == written


@given(st.integers(1, YEAR_MS))
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@given(st.text() | st.integers() | st.floats())
def test_nothing_but_a_positive_duration_comes_out(written: object) -> None:
    try:
        seconds = parse_duration(written)
    except ValueError:
        return
    assert 0 < seconds <= YEAR_MS / 1000
