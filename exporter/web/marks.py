"""How states are shown: a symbol, a word and a tone, so that nothing is told by colour alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from exporter.diagnosis import Diagnosis
from exporter.report.account import PathAccount
from exporter.report.findings import Finding
from exporter.report.severity import Severity, severity_of
from exporter.symptoms import UP, Symptom
from exporter.web.status import TargetStatus
from exporter.web.wording import NOT_KNOWN


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
    findings = sum(bool(target.account and target.account.findings) for target in targets)
    everything = f"{len(targets)} target{'' if len(targets) == 1 else 's'}"
    if broken:
        return Mark("bad", "✕", f"{broken} of {everything} need{'s' if broken == 1 else ''} attention")
    if waiting:
        return Mark(
            "idle", "…", f"{waiting} of {everything} await{'s' if waiting == 1 else ''} the first round"
        )
    if findings:
        have = "has" if findings == 1 else "have"
        return Mark("warn", "!", f"{findings} of {everything} {have} something wrong beside the diagnosis")
    if not targets:
        return Mark("idle", NOT_KNOWN, "No targets are configured")
    return Mark("good", "✓", "The one target is well" if len(targets) == 1 else f"All {everything} are well")


FILTERS = {
    "diagnosis_mark": diagnosis_mark,
    "finding_mark": finding_mark,
    "headline": headline,
    "mark_in": mark_in,
    "mark_of_path": mark_of_path,
    "status_mark": status_mark,
    "why_silent": why_silent,
}
