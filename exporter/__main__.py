"""The command `onedata-exporter`."""

from __future__ import annotations

import sys

from exporter.commands.signals import hold_signals


def main() -> int:
    """Run the command line; returns the exit code."""
    hold_signals()
    from exporter.commands.arguments import parse  # noqa: PLC0415 - takes a while, in which signals wait already
    from exporter.commands.exit_codes import drop_unwritable  # noqa: PLC0415 - likewise

    arguments = parse(sys.argv[1:])
    code: int = arguments.run(arguments)
    drop_unwritable(sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
