"""What the exporter is told to do: read from command line, environment and a YAML file, and judged before it starts."""

from exporter.settings.conversion import Settings
from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.settings.loading import load
from exporter.settings.schema import Log, Poll, Web
from exporter.settings.values import LogFormat, LogLevel
from exporter.settings.web_config_file import read_web_config
from exporter.web_config import ListenAddress

__all__ = [
    "ConfigError",
    "ConfigurationError",
    "ListenAddress",
    "Log",
    "LogFormat",
    "LogLevel",
    "Poll",
    "Settings",
    "Web",
    "load",
    "read_web_config",
]
