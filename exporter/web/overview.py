"""What the status page needs to know of every target to select, group and sort them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exporter.diagnosis.rules import SEVERITY, Diagnosis
from exporter.state.target_state import TargetState
from exporter.state.timeline import DAY_SECONDS
from exporter.targets import Kind
from exporter.web.badges import diagnosis_badge
from exporter.web.charts import availability
from exporter.web.query import BAD, RESERVED, ROWS_PER_PAGE, ZONE, Query, Sort

_MOST_CHOICES = 40
_MOST_LABELS = 4


class Entry(NamedTuple):
    """One target. `zone` is the name of the target of its zone, its own for a Onezone; empty if it is not known."""

    state: TargetState
    diagnosis: Diagnosis
    is_waiting: bool
    is_stale: bool
    has_findings: bool
    kind: Kind
    zone: str

    @property
    def name(self) -> str:
        """Return the name of the target."""
        return self.state.target.name

    @property
    def needs_attention(self) -> bool:
        """Return whether something is wrong."""
        return not self.is_waiting and self.diagnosis is not Diagnosis.OK

    @property
    def labels(self) -> Mapping[str, str]:
        """Return the user's labels."""
        return dict(self.state.target.labels)


def entry_of(state: TargetState, zone: str, monotonic: float) -> Entry:
    """Return the entry of a target at one time."""
    checkup, last = state.fresh(monotonic), state.checkup
    kind = state.target.kind if state.target.kind is not Kind.AUTO else (last.kind if last else Kind.AUTO)
    return Entry(
        state=state,
        diagnosis=checkup.worst if checkup else Diagnosis.UNKNOWN,
        is_waiting=last is None,
        is_stale=last is not None and checkup is None,
        has_findings=checkup is not None and state.has_findings,
        kind=kind,
        zone=state.target.name if kind is Kind.ONEZONE else zone or state.target.onezone,
    )


class Group(NamedTuple):
    """The targets of one value of a label, or of one zone, as far as they are on this page."""

    value: str
    entries: Sequence[Entry]
    size: int
    bad: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What the status page shows. `counts` are of the targets that the query selects, whatever their state."""

    query: Query
    total: Sequence[Entry]
    counts: Mapping[Diagnosis, int]
    selected: int
    pages: int
    groups: Sequence[Group]
    choices: Mapping[str, Sequence[str]]


def overview(entries: Sequence[Entry], query: Query, now: float) -> Overview:
    """Return what a query selects of all targets."""
    chosen = [each for each in entries if _matches(each, query)]
    counts = Counter(each.diagnosis for each in chosen)
    shown = [each for each in chosen if _has_state(each, query.state)]
    shown.sort(key=lambda each: _order(each, query.sort, now))
    sizes = Counter(_group(each, query.group) for each in shown)
    bad = Counter(_group(each, query.group) for each in shown if _has_state(each, BAD))
    if query.group:  # stable: within a group the order stays
        shown.sort(key=lambda each: (not _group(each, query.group), _group(each, query.group)))
    pages = max(1, -(-len(shown) // ROWS_PER_PAGE))
    page = min(query.page, pages)
    rows = shown[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
    values = dict.fromkeys(_group(each, query.group) for each in rows)
    groups = [
        Group(value, [each for each in rows if _group(each, query.group) == value], sizes[value], bad[value])
        for value in values
    ]
    return Overview(query, entries, _ordered(counts), len(shown), pages, groups, _choices(entries))


def _ordered(counts: Mapping[Diagnosis, int]) -> Mapping[Diagnosis, int]:
    return {diagnosis: counts[diagnosis] for diagnosis in SEVERITY if diagnosis in counts}


def _matches(entry: Entry, query: Query) -> bool:
    labels = entry.labels
    return (
        (not query.kind or entry.kind.value == query.kind)
        and (not query.zone or entry.zone == query.zone)
        and all(labels.get(name) == value for name, value in query.labels)
        and (not query.text or _has_text(entry, query.text.casefold()))
    )


def _has_text(entry: Entry, text: str) -> bool:
    target = entry.state.target
    words = (entry.diagnosis.value, diagnosis_badge(entry.diagnosis).word)
    texts = (target.name, target.url, *words, *(value for _, value in target.labels))
    return any(text in each.casefold() for each in texts)


def _has_state(entry: Entry, state: str) -> bool:
    if state == BAD:
        return entry.diagnosis is not Diagnosis.OK
    return not state or entry.diagnosis.value == state


def _group(entry: Entry, group: str) -> str:
    if group == ZONE:
        return entry.zone
    return entry.labels.get(group, "") if group else ""


def _order(entry: Entry, sort: Sort, now: float) -> tuple[object, ...]:
    since = max(entry.state.diagnosed_since.values(), default=0.0)
    by: Mapping[Sort, tuple[object, ...]] = {
        Sort.URGENCY: (not entry.needs_attention, SEVERITY.index(entry.diagnosis), not entry.has_findings),
        Sort.NAME: (),
        Sort.SINCE: (-since,),
    }
    if sort is Sort.AVAILABILITY:
        share = availability(entry.state.timeline, now - DAY_SECONDS)
        return (2.0 if share is None else share, entry.name)
    return (*by[sort], entry.name)


def _choices(entries: Sequence[Entry]) -> Mapping[str, Sequence[str]]:
    """Return the values to choose from: of kind, zone and the first labels."""
    found: dict[str, set[str]] = {"kind": set(), ZONE: set()}
    for entry in entries:
        if entry.kind is not Kind.AUTO:
            found["kind"].add(entry.kind.value)
        if entry.zone:
            found[ZONE].add(entry.zone)
        for name, value in entry.state.target.labels:
            if name not in RESERVED and (name in found or len(found) < _MOST_LABELS + 2):
                found.setdefault(name, set()).add(value)
    return {name: sorted(values)[:_MOST_CHOICES] for name, values in found.items() if len(values) > 1}
