"""How states are shown: a symbol, a word and a tone, so that nothing is shown by colour alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from exporter.diagnosis.rules import Diagnosis
from exporter.diagnosis.symptoms import UP, Symptom
from exporter.report.finding import Finding
from exporter.report.severity import Severity, severity_of
from exporter.report.summary import PathSummary
from exporter.state.history import PastPath
from exporter.web.filters import NOT_KNOWN
from exporter.web.status import TargetStatus


class Badge(NamedTuple):
    """How a state is shown: `tone` is the class that colours it."""

    tone: str
    symbol: str
    word: str


_SEVERITY_BADGES: Mapping[Severity, tuple[str, str]] = {
    Severity.OK: ("good", "✓"),
    Severity.UNKNOWN: ("warn", "?"),
    Severity.WARNING: ("warn", "!"),
    Severity.CRITICAL: ("bad", "✕"),
}
_WAITING = ("No round has finished yet.", "Nothing: the first round follows within one interval.")
_STALE = (
    "The last round is more than three intervals old. Its result is not shown.",
    "See the exporter's log: this target is not polled.",
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


def path_badge(symptom: Symptom, *, expected: bool = True) -> Badge:
    """Return the mark of a path. One that is not expected to work is no cause for alarm."""
    word = _SYMPTOM_WORDS.get(symptom, symptom.value.replace("_", " "))
    if symptom is Symptom.HEALTHY:
        return Badge("good", "✓", word)
    if not expected:
        return Badge("idle", NOT_KNOWN, f"{word}, not expected to work")
    if symptom is Symptom.UNSEEN:
        return Badge("idle", "…", word)
    return Badge("warn", "!", word) if symptom in UP else Badge("bad", "✕", word)


def badge_of_path(path: PathSummary | PastPath) -> Badge:
    """Return the mark of a path in a round."""
    return path_badge(path.symptom, expected=path.expected)


def status_badge(status: StrEnum) -> Badge:
    """Return the mark of the status of a service, a module, a certificate or a DNS check."""
    return Badge(*_SEVERITY_BADGES[severity_of(status)], status.value.replace("_", " "))


def finding_badge(finding: Finding) -> Badge:
    """Return the mark of something that is wrong beside the diagnosis."""
    return Badge(*_SEVERITY_BADGES[finding.severity], finding.message)


def why_silent(target: TargetStatus) -> tuple[str, str]:
    """Return why nothing is known of a target, and what to do first."""
    return _STALE if target.stale else _WAITING


def diagnosis_badge(diagnosis: Diagnosis, *, stale: bool = False, waiting: bool = False) -> Badge:
    """Return the mark of a diagnosis. `waiting`: no round is finished yet; `stale`: the last one is too old."""
    if stale:
        return Badge("warn", "!", "no recent round")
    if waiting:
        return Badge("idle", "…", "first round pending")
    if diagnosis is Diagnosis.OK:
        return Badge("good", "✓", "ok")
    if diagnosis is Diagnosis.UNKNOWN:
        return Badge("warn", "?", "unknown")
    return Badge("bad", "✕", diagnosis.value.replace("_", " "))


def word_badge(diagnosis: str) -> Badge:
    """Return the badge of a diagnosis by its word, which may be that of another version."""
    if diagnosis in set(Diagnosis):
        return diagnosis_badge(Diagnosis(diagnosis))
    return Badge("idle", NOT_KNOWN, diagnosis.replace("_", " "))


def badge_in(target: TargetStatus, diagnosis: Diagnosis) -> Badge:
    """Return the mark of a diagnosis of a target, or of one of its nodes."""
    return diagnosis_badge(diagnosis, stale=target.stale, waiting=target.finished_at is None)


class Judged(Protocol):
    """What the headline needs to know of a target."""

    @property
    def needs_attention(self) -> bool:
        """Return whether its diagnosis is not ok."""

    @property
    def is_waiting(self) -> bool:
        """Return whether no round is finished yet."""

    @property
    def has_findings(self) -> bool:
        """Return whether something is wrong beside the diagnosis."""


def headline(targets: Sequence[Judged]) -> Badge:
    """Return the state of all targets, in one sentence."""
    broken = sum(target.needs_attention for target in targets)
    waiting = sum(target.is_waiting for target in targets)
    findings = sum(target.has_findings for target in targets)
    everything = f"{len(targets)} target{'' if len(targets) == 1 else 's'}"
    if broken:
        return Badge("bad", "✕", f"{broken} of {everything} need{'s' if broken == 1 else ''} attention")
    if waiting:
        return Badge(
            "idle", "…", f"{waiting} of {everything} await{'s' if waiting == 1 else ''} the first round"
        )
    if findings:
        have = "has" if findings == 1 else "have"
        return Badge("warn", "!", f"{findings} of {everything} {have} other findings")
    if not targets:
        return Badge("idle", NOT_KNOWN, "No targets are configured")
    return Badge("good", "✓", f"{everything}, all healthy")


FILTERS = {
    "diagnosis_badge": diagnosis_badge,
    "finding_badge": finding_badge,
    "headline": headline,
    "badge_in": badge_in,
    "badge_of_path": badge_of_path,
    "status_badge": status_badge,
    "why_silent": why_silent,
    "word_badge": word_badge,
}
