"""The command `onedata-exporter`."""

from __future__ import annotations

import sys

from exporter.commands.signals import hold_signals


def main() -> int:
    """Run the command line; returns the exit code."""
    hold_signals()
    from exporter.commands.arguments import parse  # noqa: PLC0415 - takes a while, in which signals wait already

    arguments = parse(sys.argv[1:])
    code: int = arguments.run(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
