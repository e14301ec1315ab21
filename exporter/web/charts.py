"""Pictures of the past as SVG, each with its text. Pure.

Colours come from the style sheet by class; everything that a colour shows is in the text, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from markupsafe import Markup

from exporter.diagnosis.rules import Diagnosis
from exporter.state.runs import Runs
from exporter.state.timeline import Timeline
from exporter.targets import AccessPath
from exporter.web.badges import Badge, diagnosis_badge, path_badge, status_badge

_TONES = ("", "idle", "good", "warn", "bad")
_LANE_HEIGHT = 5
_MOST_WORDS = 3
_WHOLE = 0.99995

Shown = Callable[[Any], Badge]


class Window(NamedTuple):
    """The time that a picture shows, in seconds since the epoch."""

    since: float
    until: float

    @property
    def seconds(self) -> float:
        """Return its length."""
        return self.until - self.since


class ChartLane(NamedTuple):
    """One line of a timeline: its name, the runs of one or more nodes, and how a state is shown."""

    name: str
    runs: Sequence[Runs[Any]]
    shown: Shown


def availability(timeline: Timeline, since: float) -> float | None:
    """Return for which share of the time that was watched the diagnosis was `ok`; None if nothing was watched."""
    seconds = timeline.diagnoses.seconds_by_state(since)
    watched = sum(seconds.values())
    return seconds.get(Diagnosis.OK, 0.0) / watched if watched else None


def lanes_of(timeline: Timeline, nodes: Iterable[str], expected: Iterable[AccessPath]) -> list[ChartLane]:
    """Return the lanes of both paths and of the diagnosis."""
    names, wanted = tuple(nodes), frozenset(expected)
    paths = [
        ChartLane(
            f"{path.value.capitalize()} path",
            [timeline.path(path, node) for node in names],
            _path_shown(expected=path in wanted),
        )
        for path in AccessPath
    ]
    return [*paths, ChartLane("Diagnosis", [timeline.diagnoses], diagnosis_badge)]


def service_lanes(timeline: Timeline) -> list[ChartLane]:
    """Return the lanes of the services."""
    return [
        ChartLane(f"{name.capitalize()}s", [runs], status_badge) for name, runs in timeline.services().items()
    ]


def _path_shown(*, expected: bool) -> Shown:
    return lambda symptom: path_badge(symptom, expected=expected)


def bar(lanes: Sequence[ChartLane], window: Window, slots: int, text: str) -> Markup:
    """Return one picture of lanes above one another; of several states within one slot it shows the worst."""
    parts = []
    for number, lane in enumerate(lanes):
        ranks = _ranks(lane, window, slots)
        middle = _LANE_HEIGHT * number + 2
        for rank, tone in enumerate(_TONES):
            strokes = "".join(f"M{began} {middle}h{length}" for began, length in _stretches(ranks, rank))
            if tone and strokes:
                parts.append(Markup('<path class="{}" d="{}"/>').format(tone, strokes))
    return Markup(
        '<svg class="day" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(slots, _LANE_HEIGHT * len(lanes) - 1, text, Markup("").join(parts))


def _ranks(lane: ChartLane, window: Window, slots: int) -> list[int]:
    ranks = [0] * slots
    rank_of: dict[StrEnum, int] = {}
    for run in (run for runs in lane.runs for run in runs):
        if run.state is None or run.ended <= window.since:
            continue
        if run.state not in rank_of:
            rank_of[run.state] = _TONES.index(lane.shown(run.state).tone)
        rank = rank_of[run.state]
        first = max(0, int((run.began - window.since) / window.seconds * slots))
        last = min(slots - 1, int((run.ended - window.since) / window.seconds * slots))
        for slot in range(first, last + 1):
            ranks[slot] = max(ranks[slot], rank)
    return ranks


def _stretches(ranks: Sequence[int], rank: int) -> Iterable[tuple[int, int]]:
    began = None
    for slot, each in enumerate([*ranks, -1]):
        if each == rank and began is None:
            began = slot
        elif each != rank and began is not None:
            yield began, slot - began
            began = None


def lane_text(lane: ChartLane, window: Window) -> str:
    """Return for how long a lane had each state, the longest first."""
    by_state: dict[StrEnum, float] = {}
    for runs in lane.runs:
        for state, lasted in runs.seconds_by_state(window.since).items():
            by_state[state] = by_state.get(state, 0.0) + lasted
    seconds = {lane.shown(state).word: lasted for state, lasted in by_state.items()}
    watched = sum(seconds.values())
    if not watched:
        return "not polled yet"
    parts = sorted(seconds.items(), key=lambda item: -item[1])
    words = [f"{word} {percent(lasted / watched)}" for word, lasted in parts[:_MOST_WORDS]]
    more = len(parts) - _MOST_WORDS
    return ", ".join([*words, f"{more} more states"] if more > 0 else words)


def percent(share: float | None) -> str:
    """Return a share in percent: 100 % is all of it."""
    if share is None:
        return "–"
    if share >= _WHOLE:
        return "100 %"
    return f"{100 * share:.2f} %"
