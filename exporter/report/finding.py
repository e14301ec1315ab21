"""One finding, beside the diagnosis."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.report.severity import Severity
from exporter.targets import Route


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, in a sentence."""

    severity: Severity
    message: str


def name_of(route: Route) -> str:
    """Return how a finding names a route."""
    return f"{route.path} path" + (f" of {route.node}" if route.node else "")
