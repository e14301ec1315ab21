"""From figures to the table of docs/performance.md. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

# What was measured, repetition by repetition: `results["blackbox"][0]["check_ms"]`.
Results: TypeAlias = Mapping[str, Sequence[Mapping[str, float]]]

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
MANY_BEGIN, MANY_END = "<!-- bench: many clusters: begin -->", "<!-- bench: many clusters: end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what, how it is read off the results, and at most how much it is to be."""

    what: str
    read: Callable[[Results], list[float]]
    unit: str = ""
    aim: float | None = None


def of(name: str, key: str, factor: float = 1.0) -> Callable[[Results], list[float]]:
    """One figure of each repetition."""
    return lambda results: [factor * figures[key] for figures in results[name]]


def ratio(ours: tuple[str, str], theirs: tuple[str, str]) -> Callable[[Results], list[float]]:
    """One figure through another, repetition by repetition: the two were measured next to each other."""
    return lambda results: [
        figures[ours[1]] / others[theirs[1]]
        for figures, others in zip(results[ours[0]], results[theirs[0]], strict=True)
    ]


ROWS = (
    Row(
        "CPU per check, 2 operations a round and path, relative to blackbox_exporter",
        ratio(("two", "check_ms"), ("blackbox", "check_ms")),
        aim=0.45,
    ),
    Row(
        "CPU per check, 6 operations a round and path, relative to blackbox_exporter",
        ratio(("six", "check_ms"), ("blackbox", "check_ms")),
        aim=0.28,
    ),
    Row("– the exporter, 2 operations", of("two", "check_ms"), "ms"),
    Row("– the exporter, 6 operations", of("six", "check_ms"), "ms"),
    Row("– blackbox_exporter", of("blackbox", "check_ms"), "ms"),
    Row(
        "– a bare loop of aiohttp and uvloop, 2 operations, relative to blackbox_exporter",
        ratio(("bare", "check_ms"), ("blackbox", "check_ms")),
    ),
    Row(
        "the same with RSA keys, 2 operations, relative to blackbox_exporter",
        ratio(("two, RSA", "check_ms"), ("blackbox, RSA", "check_ms")),
    ),
    Row("– the exporter, 2 operations", of("two, RSA", "check_ms"), "ms"),
    Row("– blackbox_exporter", of("blackbox, RSA", "check_ms"), "ms"),
    Row("latency that the exporter adds to what it measures", of("two", "added_ms"), "ms"),
    Row(
        "checks per second at saturation, relative to blackbox_exporter",
        ratio(("saturated", "checks"), ("saturated blackbox", "checks")),
    ),
    Row(
        "– the same for each second of CPU",
        ratio(("saturated", "checks_of_core"), ("saturated blackbox", "checks_of_core")),
    ),
    Row("– the exporter, 2 operations", of("saturated", "checks"), "/s"),
    Row("– blackbox_exporter", of("saturated blackbox", "checks"), "/s"),
    Row("1,000 targets every 15 s: share of one core", of("1000 targets", "share", 100), "%", 30),
    Row("– rounds made, of those planned", of("1000 targets", "rounds_per_target", 100), "%"),
    Row("– rounds' delay, 99th percentile, handshake included", of("1000 targets", "late_p99_ms"), "ms", 100),
    Row("– peak memory", of("1000 targets", "peak_mib"), "MiB", 130),
    Row("`/metrics` of 1,000 targets: series", of("page", "series")),
    Row(
        "– CPU relative to generate_latest, gzip included",
        ratio(("page", "page_cpu"), ("page", "reference_cpu")),
        aim=0.2,
    ),
    Row("– size", of("page", "page_mb"), "MB"),
    Row("– size with gzip", of("page", "wire_mb"), "MB"),
    Row("– time to answer, targets polled every 15 s", of("1000 targets", "page_seconds"), "s"),
    Row("– longest wait of another page meanwhile", of("1000 targets", "stall_ms"), "ms", 20),
    Row("– longest wait of another page without a scrape", of("1000 targets", "quiet_ms"), "ms"),
    Row("one target: peak memory", of("1 targets", "peak_mib"), "MiB", 60),
    Row("100 targets: peak memory", of("100 targets", "peak_mib"), "MiB"),
    Row(
        "CPU from start to the first answered `/metrics`, one target", of("1 targets", "start_cpu"), "s", 0.7
    ),
    Row(
        "CPU from start to the first answered `/metrics`, 1,000 targets", of("1000 targets", "start_cpu"), "s"
    ),
    Row(
        "CPU of a round: 1,000 targets relative to 10",
        ratio(("1000 targets", "round_ms"), ("10 targets", "round_ms")),
        aim=1.0,
    ),
)


MANY_ROWS = (
    Row("a shard of 10,000 targets, `--shard 0/12`: targets", of("shard", "targets")),
    Row("– share of one core, 15 s interval", of("shard", "share", 100.0), "%"),
    Row("– rounds made, of those planned", of("shard", "rounds", 100.0), "%"),
    Row("– peak memory", of("shard", "peak_mib"), "MiB"),
    Row("– size of `/metrics` with gzip", of("shard", "wire_mb"), "MB"),
    Row(
        "1,000 clusters discovered from one zone: time from the start to the last target",
        of("discovery", "found_seconds"),
        "s",
    ),
    Row("– requests of one list", of("discovery", "list_requests")),
    Row("– CPU of one list", of("discovery", "list_cpu"), "s"),
    Row("– peak memory", of("discovery", "peak_mib"), "MiB"),
)


def table(results: Results, rows: Sequence[Row] = ROWS) -> str:
    """Return the rows in Markdown: median, spread, aim, and whether it is reached."""
    lines = ["| what | median | least – most | at most | reached |", "|---|---:|---:|---:|---|"]
    for row in rows:
        values = row.read(results)
        middle = statistics.median(values)
        spread = f"{_text(min(values))} – {_text(max(values))}" if len(values) > 1 else ""
        aim = "" if row.aim is None else f"{row.aim:g} {row.unit}".rstrip()
        reached = "" if row.aim is None else "yes" if middle <= row.aim else "**no**"
        lines.append(
            f"| {row.what} | {_text(middle)} {row.unit} | {spread} | {aim} | {reached} |".replace("  |", " |")
        )
    return "\n".join(lines)


def put_between_markers(page: str, text: str, begin: str = BEGIN, end: str = END) -> str:
    """Return the page with another text between the markers; raises ValueError when they are missing."""
    before, found, rest = page.partition(begin)
    _old, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"the page lacks {begin} or {end}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def _text(value: float) -> str:
    if abs(value) >= 100:  # noqa: PLR2004 - digits that say something
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004 - likewise
