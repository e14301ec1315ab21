"""What is written into a history file and read from it, and the faults of the file. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.state.events import Event
from exporter.state.incidents import Incident
from exporter.state.timeline import SavedBucket, SavedRun, Timeline


class HistoryInUseError(OSError):
    """Another process uses the file."""


class HistoryBrokenError(OSError):
    """The file is no history that this version can read."""


@dataclass(frozen=True, slots=True)
class TargetRows:
    """What is new of one target; if one of its events is new, all of them."""

    name: str
    place: str
    runs: Sequence[SavedRun]
    buckets: Sequence[SavedBucket]
    events: Sequence[Event] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be written. `forget_before` is the end of the retention; None to delete nothing this time.

    A target that has nothing after that time is deleted, too, unless it is among those that are `configured`.
    """

    targets: Sequence[TargetRows] = ()
    incidents: Sequence[Incident] = ()
    closed_ids: Sequence[str] = ()
    forget_before: float | None = None
    configured: Collection[str] = ()


@dataclass(slots=True)
class SavedHistory:
    """What the file holds, by name and place of the targets."""

    timelines: dict[tuple[str, str], Timeline] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)


def incident_of(row: Iterable[object]) -> Incident:
    """Return the incident of a row; raise HistoryBrokenError or ValueError if it is none."""
    incident_id, target, node, before, after, since, until, reasons, evidence = row
    return Incident(
        incident_id=str(incident_id),
        target=str(target),
        node=str(node),
        before=str(before),
        after=str(after),
        since=_number(since),
        until=None if until is None else _number(until),
        reasons=_reasons(str(reasons)),
        packed_evidence=evidence if isinstance(evidence, bytes) else b"",
    )


def event_of(at: object, node: object, text: object) -> Event:
    """Return the event of a row; raise HistoryBrokenError if it is none."""
    return Event(_number(at), str(node), str(text))


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise HistoryBrokenError(f"not a number: {type(value).__name__}")
    return float(value)


def _reasons(text: str) -> Mapping[str, str | None]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise HistoryBrokenError("the reasons of an incident are no mapping")
    return {str(path): None if reason is None else str(reason) for path, reason in found.items()}


def row_of(each: Incident) -> tuple[object, ...]:
    """Return the row of an incident."""
    return (
        *(each.incident_id, each.target, each.node, each.before, each.after, each.since, each.until),
        json.dumps(dict(each.reasons)),
        each.packed_evidence,
    )
