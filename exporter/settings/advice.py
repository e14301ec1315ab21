"""Warnings about a configuration that is valid and yet probably unintended."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.certificates import REFUSED_ELSEWHERE
from exporter.settings.certificates import strict_objections
from exporter.settings.durations import format_duration
from exporter.settings.watched_files import ca_files, secret_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exporter.targets import Target

# Onepanel itself gives up a request to its other hosts after five seconds, and reports it in its answer.
SLOWEST_ANSWER_SECONDS = 6.0
_SHORT_INTERVAL_SECONDS = 5.0
# The rules judge latencies over ten minutes, and need some rounds in them.
_LONG_INTERVAL_SECONDS = 300.0


def target_warnings(targets: Sequence[Target]) -> Iterator[str]:
    """Yield a line for each kind of keys that cost the clusters or the alerts more than it seems.

    Reads the files of authorities, and the modes of files of secrets, never their content.
    """
    yield from _paces(targets)
    yield from _same_hosts(targets)
    for file in sorted({file for target in targets for file in secret_files(target)}):
        if _is_readable_by_others(file):
            yield f"{file}: every user of this host can read the secret in it; set its mode to 0600"
    for file in sorted({file for target in targets for file in ca_files(target)}):
        if objections := list(strict_objections(file)):
            yield f"{file}: {REFUSED_ELSEWHERE}: {', and '.join(objections)}"


def _paces(targets: Sequence[Target]) -> Iterator[str]:
    if short := [each for each in targets if each.schedule.interval < _SHORT_INTERVAL_SECONDS]:
        interval = format_duration(min(each.schedule.interval for each in short))
        yield f"poll.interval of {_names(short)}: {interval} loads the clusters; 5s is enough for alerts"
    if long := [each for each in targets if each.schedule.interval > _LONG_INTERVAL_SECONDS]:
        interval = format_duration(max(each.schedule.interval for each in long))
        yield (
            f"poll.interval of {_names(long)}: with an interval of {interval}, an outage is seen up to that much "
            "later, and latencies are not judged"
        )
    if hasty := [each for each in targets if each.auth and each.schedule.timeout < SLOWEST_ANSWER_SECONDS]:
        timeout = format_duration(min(each.schedule.timeout for each in hasty))
        yield (
            f"poll.timeout of {_names(hasty)}: {timeout} is shorter than Onepanel may take for the status of services; "
            "set 6s or more, or a stuck node hides the services of the others"
        )


def _names(targets: Sequence[Target]) -> str:
    more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
    return f"{targets[0].name}{more}"


def _same_hosts(targets: Sequence[Target]) -> Iterator[str]:
    first: dict[str, str] = {}
    for target in targets:
        if target.domain in first:
            yield f"target {target.name}: has the same host as target {first[target.domain]}, which is polled twice"
        first.setdefault(target.domain, target.name)


def _is_readable_by_others(file: str) -> bool:
    try:
        return bool(Path(file).stat().st_mode & stat.S_IROTH)
    except OSError:  # removed meanwhile; the next read reports it
        return False
