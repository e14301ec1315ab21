"""One finding, beside the diagnosis."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.report.severity import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, in a sentence."""

    severity: Severity
    message: str
