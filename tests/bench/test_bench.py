from __future__ import annotations

import os
import re
import time

import pytest

from bench.__main__ import INTERLEAVED, MANY_CLUSTERS, ONCE, PAGE
from bench.machine import cpu_seconds, measured, peak_mib, resident_mib
from bench.table import (
    BEGIN,
    END,
    MANY_BEGIN,
    MANY_END,
    MANY_ROWS,
    ROWS,
    put_between_markers,
    table,
)

FIGURES = {
    "check_ms": 2.0, "added_ms": 1.0, "checks": 100.0, "checks_of_core": 200.0, "share": 0.25,
    "rounds_per_target": 1.0, "late_p99_ms": 12.34, "peak_mib": 130.5, "series": 314_025.0,
    "page_cpu": 0.3, "reference_cpu": 1.0, "page_seconds": 0.5,
    "page_mb": 35.8, "wire_mb": 1.5, "stall_ms": 9.0,
    "quiet_ms": 3.0, "start_cpu": 0.4, "round_ms": 4.0,
}  # fmt: skip
NAMES = (*INTERLEAVED, *ONCE)


def test_every_row_has_median_spread_and_whether_it_meets_its_aim() -> None:
    results = {name: [FIGURES] for name in NAMES}
    results["two"] = [{**FIGURES, "check_ms": each} for each in (0.8, 1.2, 0.6)]
    results["blackbox"] = results["bare"] = [FIGURES] * 3
    results["six"] = [{**FIGURES, "check_ms": 0.5}] * 3
    head, rule, *lines = table(results).splitlines()
    assert (head.count("|"), rule.count("|")) == (6, 6)
    assert len(lines) == len(ROWS)
    assert {line.count("|") for line in lines} == {6}
    first = [cell.strip() for cell in lines[0].split("|")[2:-1]]
    assert first == ["0.40", "0.30 – 0.60", "0.45", "yes"]
    (memory,) = (line for line in lines if "| 130 MiB | " in line and line.startswith("| – peak memory"))
    assert memory.endswith("| **no** |")
    (series,) = (line for line in lines if "series" in line)
    assert "| 314,025 |" in series


def test_shards_and_discovery_have_a_table_of_their_own() -> None:
    figures = {
        "targets": 1660.0,
        "share": 0.6,
        "rounds": 1.0,
        "wire_mb": 2.5,
        "found_seconds": 12.0,
        "list_cpu": 1.2,
        "list_requests": 2001.0,
        "peak_mib": 170.0,
    }
    _head, _rule, *lines = table({name: [figures] for name in MANY_CLUSTERS}, MANY_ROWS).splitlines()
    assert len(lines) == len(MANY_ROWS)
    page = PAGE.read_text(encoding="utf-8")
    assert put_between_markers(page, "new", MANY_BEGIN, MANY_END).count("\nnew\n") == 1


def test_a_table_takes_the_place_of_the_one_before_and_nothing_else() -> None:
    page = f"# Title\n{BEGIN}\nold\n{END}\nmore\n"
    assert put_between_markers(page, "new") == f"# Title\n{BEGIN}\nnew\n{END}\nmore\n"
    with pytest.raises(ValueError, match="lacks"):
        put_between_markers("# Title\n", "new")


def test_the_page_has_a_place_for_the_table() -> None:
    assert put_between_markers(PAGE.read_text(encoding="utf-8"), "new").count("\nnew\n") == 1


def test_cpu_time_and_memory_of_a_process_are_measured() -> None:
    before = time.process_time()
    with measured(os.getpid()) as span:
        while time.process_time() - before < 0.05:
            re.sub("a", "b", "a" * 1000)
    assert span.cpu > 0.04
    assert span.seconds > 0
    assert abs(cpu_seconds(os.getpid()) - time.process_time()) < 0.05
    assert 1.0 < resident_mib(os.getpid()) <= peak_mib(os.getpid())
