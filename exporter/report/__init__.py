"""One checkup told to people and to Nagios: as text, JSON or a status line, all from the same account. Pure."""

from exporter.report.account import Account, give_account
from exporter.report.explanation import explain, list_exchanges
from exporter.report.severity import Severity
from exporter.report.status_line import fault_line, status_line
from exporter.report.writing import write_json, write_text

__all__ = [
    "Account",
    "Severity",
    "explain",
    "fault_line",
    "give_account",
    "list_exchanges",
    "status_line",
    "write_json",
    "write_text",
]
