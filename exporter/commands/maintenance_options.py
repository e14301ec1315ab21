"""The options of `maintenance`."""

from __future__ import annotations

import argparse

from exporter.commands.options import add_config_file, duration

_EPILOG = """\
exit codes: 0 done; 1 the file cannot be written or removed; 2 bad usage or configuration

The command writes or removes the `maintenance_file` of the target. The exporter that polls the target must
see the same file: run the command on its host, or use a directory that all exporters share.
"""


def add_maintenance_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `maintenance`, each with its options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    start = _action(actions, "start", "begin maintenance of a target, or change its end and its reason")
    start.add_argument(
        "--for",
        dest="seconds",
        metavar="DURATION",
        type=duration,
        help="end it after this time, such as 2h; without it, maintenance lasts until `maintenance end`",
    )
    start.add_argument("--reason", metavar="TEXT", type=_line, default="", help="shown on pages and by probe")
    _action(actions, "end", "end the maintenance of a target")


def _action(actions: argparse._SubParsersAction, name: str, text: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]  # the type is private to argparse
    parser: argparse.ArgumentParser = actions.add_parser(
        name,
        help=text,
        description=text,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    parser.add_argument("subject", metavar="NAME", help="the name of a target")
    add_config_file(parser)
    return parser


def _line(text: str) -> str:
    if not text.isprintable():
        raise argparse.ArgumentTypeError("must be one line of text")
    return text
