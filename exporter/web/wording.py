"""How the pages put values into words: durations, moments, states. Pure; the filters of the templates.

A state is always a symbol and a word, so that nothing is told by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

from markupsafe import Markup, escape

from exporter.diagnosis import UP, Diagnosis, Symptom
from exporter.durations import format_duration
from exporter.report.account import PathAccount
from exporter.report.findings import Finding
from exporter.report.severity import Severity, severity_of
from exporter.web.status import TargetStatus

NOT_KNOWN = "–"


class Mark(NamedTuple):
    """How a state is shown: `tone` is the class that colours it."""

    tone: str
    symbol: str
    word: str


_SEVERITY_MARKS: Mapping[Severity, tuple[str, str]] = {
    Severity.OK: ("good", "✓"),
    Severity.UNKNOWN: ("warn", "?"),
    Severity.WARNING: ("warn", "!"),
    Severity.CRITICAL: ("bad", "✕"),
}
_WAITING = ("No round is finished yet.", "Nothing: the first round comes within one interval.")
_STALE = (
    "The last round is more than three intervals old: what it said is no longer shown.",
    "See the exporter's log: it does not get to look at this target.",
)
_SYMPTOM_WORDS: Mapping[Symptom, str] = {
    Symptom.HEALTHY: "up",
    Symptom.FULL: "database full",
    Symptom.EMPTY_503: "empty 503",
    Symptom.FOREIGN: "not Onepanel",
    Symptom.CERTIFICATE: "certificate or TLS",
    Symptom.LOST: "cut off",
    Symptom.UNSEEN: "not known",
}
_MS_PER_SECOND = 1000
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def path_mark(symptom: Symptom, *, expected: bool = True) -> Mark:
    """The mark of a path. One that is not expected to work is no cause for alarm."""
    word = _SYMPTOM_WORDS.get(symptom, symptom.value.replace("_", " "))
    if symptom is Symptom.HEALTHY:
        return Mark("good", "✓", word)
    if not expected:
        return Mark("idle", NOT_KNOWN, f"{word}, not expected to work")
    if symptom is Symptom.UNSEEN:
        return Mark("idle", "…", word)
    return Mark("warn", "!", word) if symptom in UP else Mark("bad", "✕", word)


def mark_of_path(path: PathAccount) -> Mark:
    """The mark of a path in a round."""
    return path_mark(path.symptom, expected=path.expected)


def status_mark(status: StrEnum) -> Mark:
    """The mark of the status of a service, a module, a certificate or a DNS check."""
    return Mark(*_SEVERITY_MARKS[severity_of(status)], status.value.replace("_", " "))


def finding_mark(finding: Finding) -> Mark:
    """The mark of something that is wrong beside the diagnosis."""
    return Mark(*_SEVERITY_MARKS[finding.severity], finding.message)


def hosts(components: Mapping[str, Mapping[str, StrEnum]]) -> list[str]:
    """All hosts that run any of the services, each once."""
    return list(dict.fromkeys(host for by_host in components.values() for host in by_host))


def why_silent(target: TargetStatus) -> tuple[str, str]:
    """Why nothing is said of a target, and what to do first."""
    return _STALE if target.stale else _WAITING


def diagnosis_mark(diagnosis: Diagnosis, *, stale: bool = False, waiting: bool = False) -> Mark:
    """The mark of a diagnosis. `waiting`: no round is finished yet; `stale`: the last one is too old."""
    if stale:
        return Mark("warn", "!", "no recent round")
    if waiting:
        return Mark("idle", "…", "first round pending")
    if diagnosis is Diagnosis.OK:
        return Mark("good", "✓", "ok")
    if diagnosis is Diagnosis.UNKNOWN:
        return Mark("warn", "?", "unknown")
    return Mark("bad", "✕", diagnosis.value.replace("_", " "))


def mark_in(target: TargetStatus, diagnosis: Diagnosis) -> Mark:
    """The mark of a diagnosis of a target, or of one of its nodes."""
    return diagnosis_mark(diagnosis, stale=target.stale, waiting=target.finished_at is None)


def headline(targets: list[TargetStatus]) -> Mark:
    """The state of everything, in one sentence."""
    broken = sum(target.needs_attention for target in targets)
    waiting = sum(target.finished_at is None for target in targets)
    everything = f"{len(targets)} target{'' if len(targets) == 1 else 's'}"
    if broken:
        return Mark("bad", "✕", f"{broken} of {everything} need{'s' if broken == 1 else ''} attention")
    if waiting:
        return Mark(
            "idle", "…", f"{waiting} of {everything} await{'s' if waiting == 1 else ''} the first round"
        )
    if not targets:
        return Mark("idle", NOT_KNOWN, "No targets are configured")
    return Mark("good", "✓", "The one target is well" if len(targets) == 1 else f"All {everything} are well")


def latency(seconds: float | None) -> str:
    """A short duration: `57 ms`, `2.4 s`."""
    if seconds is None:
        return NOT_KNOWN
    milliseconds = round(seconds * 1000)
    if milliseconds >= _MS_PER_SECOND:
        return f"{seconds:.1f} s"
    return f"{milliseconds} ms" if milliseconds else "< 1 ms"


def span(seconds: float | None) -> str:
    """A long duration in its two largest units: `4 s`, `12 min`, `2 h 5 min`, `3 d`."""
    if seconds is None or not math.isfinite(seconds):
        return NOT_KNOWN
    left = max(0, int(seconds))
    parts = []
    for unit, unit_seconds in _UNITS:
        count, left = divmod(left, unit_seconds)
        if count:
            parts.append((count, unit))
    if not parts:
        return "0 s"
    keep = 2 if parts[0][1] == "h" and len(parts) > 1 and parts[1][1] == "min" else 1
    return " ".join(f"{count} {unit}" for count, unit in parts[:keep])


def moment(at: float | None) -> str:
    """A moment in UTC: `2026-11-23 08:34:42 UTC`."""
    when = _utc(at)
    return f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else NOT_KNOWN


def clock(at: float) -> str:
    """The time of day of a moment, in UTC."""
    when = _utc(at)
    return f"{when:%H:%M:%S}" if when else NOT_KNOWN


def machine_moment(at: float | None) -> str:
    """A moment as the `datetime` attribute of HTML wants it."""
    when = _utc(at)
    return when.isoformat(timespec="seconds") if when else ""


def segment(name: str) -> str:
    """A name as one segment of a URL path. Lone surrogates, which have no UTF-8, are replaced."""
    return quote(name.encode("utf-8", "replace"), safe="")


def with_code(text: str) -> Markup:
    """Text with what stands between backticks set as code."""
    pieces = (escape(piece) for piece in text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else piece
        for number, piece in enumerate(pieces)
    )


def capitalize_first(text: str) -> str:
    """Text with its first letter made a capital."""
    return text[:1].upper() + text[1:]


def _utc(at: float | None) -> datetime | None:
    try:
        return None if at is None else datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None  # a certificate may claim any year


FILTERS = {
    "capitalize_first": capitalize_first,
    "clock": clock,
    "code": with_code,
    "duration": format_duration,
    "finding_mark": finding_mark,
    "headline": headline,
    "hosts": hosts,
    "latency": latency,
    "machine_moment": machine_moment,
    "mark_in": mark_in,
    "mark_of_path": mark_of_path,
    "moment": moment,
    "segment": segment,
    "span": span,
    "status_mark": status_mark,
    "why_silent": why_silent,
    "diagnosis_mark": diagnosis_mark,
}
