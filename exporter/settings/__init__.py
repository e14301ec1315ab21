"""What the exporter is told to do: read from command line, environment and a YAML file, and judged before it starts."""

from exporter.door import ListenAddress
from exporter.settings.conversion import Settings
from exporter.settings.faults import ConfigurationError, Fault
from exporter.settings.loading import load
from exporter.settings.schema import Log, Poll, Web
from exporter.settings.values import LogFormat, LogLevel
from exporter.settings.web_file import read_door

__all__ = [
    "ConfigurationError",
    "Fault",
    "ListenAddress",
    "Log",
    "LogFormat",
    "LogLevel",
    "Poll",
    "Settings",
    "Web",
    "load",
    "read_door",
]
