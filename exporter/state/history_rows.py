"""What is written into a history file and read from it, and the faults of the file. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.state.events import Event
from exporter.state.incidents import Incident
from exporter.state.latencies import LatencyBucket
from exporter.state.timeline import Lane, SavedBucket, SavedRun, Timeline

_LATEST = 1e11  # seconds since the epoch, in the year 5138
_MOST_REQUESTS = 0xFFFF


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
    """What is to be written. `incidents` are new or have changed; those of the ids `gone` are deleted.

    `forget_before` is the end of the retention; None to delete nothing of the timelines this time.
    A target that has nothing after that time is deleted, too, unless it is among those that are `configured`.
    """

    targets: Sequence[TargetRows] = ()
    incidents: Sequence[Incident] = ()
    gone: Collection[str] = ()
    forget_before: float | None = None
    configured: Collection[str] = ()


@dataclass(slots=True)
class SavedHistory:
    """What the file holds, by name and place of the targets."""

    timelines: dict[tuple[str, str], Timeline] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)


def run_of(kind: object, node: object, began: object, ended: object, state: object) -> SavedRun:
    """Return the run of a row; raise HistoryBrokenError if it is none."""
    return SavedRun(Lane(str(kind), str(node)), _number(began), _number(ended), str(state))


def bucket_of(path: object, began: object, requests: object, *seconds: object) -> SavedBucket:
    """Return the five minutes of a row; raise HistoryBrokenError if it holds none."""
    count = int(_number(requests))
    if not 1 <= count <= _MOST_REQUESTS:
        raise HistoryBrokenError(f"not a number of requests: {count}")
    minimum, mean, maximum, p95 = map(_number, seconds)
    return SavedBucket(str(path), LatencyBucket(_number(began), count, minimum, mean, maximum, p95))


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
    if not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise HistoryBrokenError(f"not a number of seconds or requests: {type(value).__name__}")
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
