"""The pace of each target: its own keys, else those of `poll`; what is refused, and what deserves a warning. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.settings.durations import format_duration
from exporter.targets import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exporter.settings.schema import Poll
    from exporter.settings.target_parts import TargetPoll
    from exporter.targets import Target

SHORTEST_INTERVAL_SECONDS = 1.0
# The rules judge latencies over ten minutes, and need some rounds in them.
_LONG_INTERVAL_SECONDS = 300.0


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


def pace_warnings(targets: Iterable[Target], common: Poll) -> Iterator[str]:
    """Yield what is permitted, but costs the targets or the alerts more than it seems."""
    if common.interval < SHORTEST_INTERVAL_SECONDS:
        yield f"poll.interval: {format_duration(common.interval)} polls each cluster more than once per second"
    slow = [target for target in targets if target.schedule.interval > _LONG_INTERVAL_SECONDS]
    if slow:
        longest = max(slow, key=lambda target: target.schedule.interval)
        others = f" and {len(slow) - 1} more" if len(slow) > 1 else ""
        yield (
            f"poll.interval of {longest.name}{others}: with an interval of "
            f"{format_duration(longest.schedule.interval)}, an outage is seen up to that much later, "
            "and latencies are not judged"
        )
