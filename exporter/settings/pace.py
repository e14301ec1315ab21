"""The pace of each target: its own keys, else those of `poll`; and what is refused. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.settings.durations import format_duration
from exporter.targets import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporter.settings.schema import Poll
    from exporter.settings.target_parts import TargetPoll

SHORTEST_INTERVAL_SECONDS = 1.0


def schedule_of(own: TargetPoll, common: Poll) -> Schedule:
    """Return the schedule of a target. A limit that it does not set itself follows its interval."""
    interval = own.interval or common.interval
    return Schedule(
        interval,
        own.details_interval or max(common.details_interval, interval),
        own.timeout or min(common.timeout, interval),
    )


def pace_faults(own: TargetPoll, common: Poll) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a target's own pace: the key, and why."""
    schedule = schedule_of(own, common)
    interval = format_duration(schedule.interval)
    if own.interval is not None and own.interval < SHORTEST_INTERVAL_SECONDS:
        yield "interval", f"must be at least {format_duration(SHORTEST_INTERVAL_SECONDS)}"
    if schedule.details_interval < schedule.interval:
        given = format_duration(schedule.details_interval)
        yield "details_interval", f"{given} is shorter than the target's interval, {interval}"
    if schedule.timeout > schedule.interval:
        yield (
            "timeout",
            f"{format_duration(schedule.timeout)} is longer than the target's interval, {interval}",
        )
