"""One checkup reported to people and to Nagios: as text, JSON or a status line, all from one summary. Pure."""

from exporter.report.explanation import explain, list_exchanges
from exporter.report.formatting import members, write_json, write_text
from exporter.report.severity import Severity
from exporter.report.status_line import fault_line, status_line
from exporter.report.summary import Summary, summarize

__all__ = [
    "Severity",
    "Summary",
    "explain",
    "fault_line",
    "list_exchanges",
    "members",
    "status_line",
    "summarize",
    "write_json",
    "write_text",
]
