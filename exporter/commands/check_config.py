"""`check-config`: whether a configuration can be used, before it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from exporter.commands.config_summary import summary, targets_text
from exporter.settings.environment_file import read_environment_file
from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.settings.loading import load

if TYPE_CHECKING:
    import argparse

    from exporter.settings.conversion import Settings

EXIT_BAD_CONFIGURATION = 2
_NO_FILE = ConfigError("command line", "", "--config.file or --environment-file is required")


def run(arguments: argparse.Namespace) -> int:
    """Validate the files without the environment, and print what they mean and what is probably unintended.

    Return 0 if they are valid, with or without warnings, else 2, with one line for each fault.
    """
    try:
        settings = _load(arguments)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    file = arguments.config_file or arguments.environment_file
    print(f"{file}: valid, {targets_text(len(settings.all_targets))}")
    for line in summary(settings):
        print(line)
    for warning in settings.warnings:
        print(f"warning: {warning}")
    return 0


def _load(arguments: argparse.Namespace) -> Settings:
    if arguments.environment_file is None:
        if arguments.config_file is None:
            raise ConfigurationError([_NO_FILE])
        return load(arguments.config_file, environ={})
    variables = read_environment_file(arguments.environment_file)
    return load(arguments.config_file, environ=variables, environment_name=str(arguments.environment_file))
