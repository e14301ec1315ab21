"""What the exporter is told to do: read from command line, environment and a YAML file, and judged before it starts."""

from exporter.settings.addresses import ListenAddress
from exporter.settings.conversion import Settings
from exporter.settings.faults import ConfigurationError, Fault
from exporter.settings.loading import load
from exporter.settings.schema import Log, Poll, Web
from exporter.settings.values import LogFormat, LogLevel

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
]
