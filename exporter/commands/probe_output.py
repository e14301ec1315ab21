"""What `probe` prints: text, JSON or a status line, of one target or of all. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from exporter.diagnosis.checkup import Checkup
from exporter.observation import Trace
from exporter.report import (
    Severity,
    Summary,
    explain,
    fault_line,
    list_exchanges,
    members,
    status_line,
    write_text,
)


class Probed(NamedTuple):
    """One fresh round with its summary and exchanges; `maintenance` is its reason, None without any."""

    checkup: Checkup
    summary: Summary
    traces: tuple[Trace, ...]
    maintenance: str | None


def write_one(probed: Sequence[Probed], output_format: str, *, explained: bool) -> str:
    """Return the output for one target."""
    (one,) = probed
    if output_format == "json":
        return json.dumps(_members(one, explained=explained), indent=2) + "\n"
    if output_format == "nagios":
        # Nagios calls what follows the status line the long output; a bar would begin performance data there, too.
        more = f"\n{explain(one.checkup, one.traces)}".replace("|", "/") if explained else ""
        return f"{status_line(one.summary, one.maintenance)}\n{more}"
    more = f"\n{explain(one.checkup, one.traces)}" if explained else ""
    return write_text(one.summary, one.maintenance) + more


def write_all(probed: Sequence[Probed], output_format: str, *, explained: bool) -> str:
    """Return the output for all targets; for Nagios one line of counts, then a line for each target."""
    if output_format == "json":
        return json.dumps([_members(each, explained=explained) for each in probed], indent=2) + "\n"
    if output_format == "nagios":
        ranked = sorted(probed, key=lambda each: -_rank(each))
        lines = [status_line(each.summary, each.maintenance).partition(" | ")[0] for each in ranked]
        return "\n".join([_count_line(ranked), *lines, ""])
    return "\n".join(write_one([each], output_format, explained=explained) for each in probed)


def _rank(probed: Probed) -> int:
    return list(Severity).index(probed.summary.severity)


def _count_line(ranked: Sequence[Probed]) -> str:
    counts = Counter(each.summary.severity for each in ranked)
    worst = ranked[0].summary.severity
    affected = [each for each in ranked if each.summary.severity is not Severity.OK]
    maintained = sum(each.maintenance is not None for each in ranked)
    words = f"{len(ranked) - len(affected)} of {len(ranked)} targets ok"
    if maintained:
        words += f" ({maintained} in MAINTENANCE)"
    if affected:
        named = ", ".join(f"{each.summary.target}: {each.summary.headline}" for each in affected)
        words += f"; {named}"
    performance = " ".join(f"{severity}={counts[severity]};;;0;{len(ranked)}" for severity in Severity)
    return fault_line(words, worst) + f" | {performance}"


def _members(probed: Probed, *, explained: bool) -> dict[str, object]:
    exchanges = {"exchanges": list_exchanges(probed.traces)} if explained else {}
    return {**members(probed.summary), "maintenance": probed.maintenance, **exchanges}
