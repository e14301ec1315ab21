"""What numbers and states mean, as texts and colours. A colour never stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

from exporter.diagnosis.rules import RULE_OF, SEVERITY, Diagnosis

RED, ORANGE, YELLOW, GREEN, BLUE, GREY = "red", "orange", "yellow", "green", "blue", "#8e8e8e"


@dataclass(frozen=True, slots=True)
class Word:
    """A state, the number that stands for it in queries (the higher, the worse), and how it is shown."""

    code: int
    state: str
    text: str
    color: str


def _ranked(*states: tuple[str, str]) -> tuple[Word, ...]:
    """Words from the best to the worst; the text is the state itself."""
    return tuple(
        Word(code, state, state.replace("_", " "), color) for code, (state, color) in enumerate(states)
    )


_DIAGNOSIS_COLORS = {
    Diagnosis.OK: GREEN,
    Diagnosis.UNHEALTHY: ORANGE,
    Diagnosis.CERTIFICATE: ORANGE,
    Diagnosis.MISMATCH: ORANGE,
    Diagnosis.DIRECT_DOWN: ORANGE,
    Diagnosis.NOT_DEPLOYED: BLUE,
    Diagnosis.UNKNOWN: GREY,
}
DIAGNOSES = _ranked(*((state, _DIAGNOSIS_COLORS.get(state, RED)) for state in reversed(SEVERITY)))
FIRST_STEPS = tuple(
    Word(word.code, word.state, RULE_OF[Diagnosis(word.state)].first_step.replace("`", ""), word.color)
    for word in DIAGNOSES
)
MEANINGS = tuple(
    Word(word.code, word.state, RULE_OF[Diagnosis(word.state)].meaning.replace("`", ""), word.color)
    for word in DIAGNOSES
)
COMPONENTS = _ranked(
    ("healthy", GREEN),
    ("starting", BLUE),
    ("stopping", YELLOW),
    ("unknown", GREY),
    ("unhealthy", ORANGE),
    ("missing", RED),
    ("unreachable", RED),
    ("stopped", RED),
)
REPORTS = _ranked(("ok", GREEN), ("out_of_sync", ORANGE), ("error", RED))
WEB_CERTIFICATES = _ranked(
    ("valid", GREEN),
    ("regenerating", BLUE),
    ("unknown", GREY),
    ("near_expiration", ORANGE),
    ("domain_mismatch", RED),
    ("expired", RED),
)
RENEWALS = _ranked(
    ("fine", GREEN),
    ("off", GREY),
    ("elsewhere", GREY),
    ("stuck", ORANGE),
    ("worker_down", ORANGE),
    ("job_lost", ORANGE),
    ("failing", RED),
)
DNS_CHECKS = _ranked(
    ("ok", GREEN), ("unknown", GREY), ("missing_records", ORANGE), ("bad_records", RED), ("unresolvable", RED)
)
PATHS = (
    Word(0, "down", "DOWN", RED),
    Word(1, "unhealthy", "unhealthy", ORANGE),
    Word(2, "up", "up", GREEN),
    Word(3, "not_expected", "not expected", GREY),
)


def mapped(words: Sequence[Word]) -> list[dashboard.ValueMapping]:
    """Return the words as Grafana's value mappings."""
    results = {
        str(word.code): dashboard.ValueMappingResult(text=word.text, color=word.color, index=word.code)
        for word in words
    }
    return [dashboard.ValueMap(options=results)]


NONE = mapped([Word(0, "none", "none", GREEN)])


def yes_or_no(no: str, yes: str) -> list[dashboard.ValueMapping]:
    """Value mappings of 0, which is bad, and 1."""
    return mapped([Word(0, "no", no, RED), Word(1, "yes", yes, GREEN)])


def _between(low: float | None, high: float | None, text: str, color: str, index: int) -> dashboard.RangeMap:
    result = dashboard.ValueMappingResult(text=text or None, color=color, index=index)
    return dashboard.RangeMap(options=dashboard.DashboardRangeMapOptions(low, high, result))


EXPIRED: tuple[dashboard.ValueMapping, ...] = (_between(None, 0, "expired", RED, 0),)
OVERSPENT: tuple[dashboard.ValueMapping, ...] = (_between(None, 0, "overspent", RED, 0),)


def http_statuses() -> list[dashboard.ValueMapping]:
    """Value mappings of HTTP status codes by their class; 0 is no answer."""
    ranges = ((200, 299, GREEN), (300, 399, YELLOW), (400, 499, ORANGE), (500, 599, RED))
    return [
        *mapped([Word(0, "none", "no answer", RED)]),
        *(_between(low, high, "", color, index) for index, (low, high, color) in enumerate(ranges, start=1)),
    ]


def below(*steps: tuple[float, str], above: str) -> builders.ThresholdsConfig:
    """Thresholds: up to each limit (rising) its colour, then the last one."""
    limits: list[float | None] = [None, *(limit for limit, _color in steps)]
    colors = [*(color for _limit, color in steps), above]
    return (
        builders.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(*step) for step in zip(limits, colors, strict=True)])
    )
