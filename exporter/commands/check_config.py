"""`check-config`: whether a configuration can be used, before it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from exporter.settings.environment_file import read_environment_file
from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.settings.loading import load

if TYPE_CHECKING:
    import argparse

    from exporter.settings.conversion import Settings

EXIT_BAD_CONFIGURATION = 2
_NO_FILE = ConfigError("command line", "", "--config.file or --environment-file is required")


def run(arguments: argparse.Namespace) -> int:
    """Validate the files without the environment. Return 0 if they are valid, else 2, with one line for each fault."""
    try:
        settings = _load(arguments)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    print(
        f"{arguments.config_file or arguments.environment_file}: valid, {_targets(len(settings.all_targets))}"
    )
    if settings.shard.count > 1:
        print(f"shard {settings.shard}: {len(settings.targets)} of {_targets(len(settings.all_targets))}")
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


def _targets(count: int) -> str:
    return f"{count} target{'' if count == 1 else 's'}"
