"""The command `onedata-exporter`."""

from __future__ import annotations

import sys

from exporter.commands.arguments import parse


def main() -> int:
    """Run the command line; returns the exit code."""
    arguments = parse(sys.argv[1:])
    code: int = arguments.run(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
