"""`check-config`: whether a configuration file can be used, before it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load

if TYPE_CHECKING:
    import argparse

EXIT_BAD_CONFIGURATION = 2


def run(arguments: argparse.Namespace) -> int:
    """Judge the file alone, without the environment. 0: valid; 2: not, with each fault on a line of its own."""
    try:
        settings = load(arguments.config_file, environ={})
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    count = len(settings.targets)
    print(f"{arguments.config_file}: valid, {count} target{'' if count == 1 else 's'}")
    return 0
