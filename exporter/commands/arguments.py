"""The command line: its options, read into values."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from exporter.commands.command_list import COMMANDS, SERVE
from exporter.commands.flags import Flag
from exporter.commands.parsing import CommandLineParser
from exporter.version import __version__

PROGRAM = "onedata-exporter"

_DESCRIPTION = """\
Prometheus exporter that watches both paths to every Onepanel of an Onedata cluster:
the proxy path (port 443) and the direct path (port 9443).
"""
_EXAMPLES = """\
examples:
  onedata-exporter --target https://my.zone.domain.org
  onedata-exporter --config.file onedata-exporter.yml --web.listen-address 127.0.0.1:19443
  onedata-exporter check-config --config.file onedata-exporter.yml
  onedata-exporter demo
  onedata-exporter probe https://my.zone.domain.org --explain
  onedata-exporter users create --url https://my.zone.domain.org --token-file token --username alice

'serve' may be left out. 'onedata-exporter serve --help' lists its options. Every setting
can also be given in the environment, such as ONEDATA_EXPORTER_POLL__INTERVAL=30s; an
option wins over the environment, and the environment over the file.
"""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the command line as values. Bad usage ends the process with a message and exit code 2 (`probe`: 3).

    In the result `run` is to be called with the result itself, `config_file` is a Path or None, and
    `flags` are the settings that were given, by key path, as `exporter.settings.load` takes them.
    """
    parser = command_line_parser()
    options_first = not argv or (argv[0].startswith("-") and argv[0] not in {"-h", "--help", "--version"})
    try:
        arguments = parser.parse_args([SERVE.name, *argv] if options_first else argv)
    except SystemExit as end:
        # Unknown options are noticed above the command's own parser.
        wanted = next((command for command in COMMANDS if [command.name] == list(argv[:1])), SERVE)
        raise SystemExit(wanted.exit_bad_usage if end.code else 0) from None
    given = vars(arguments)
    keys = {flag.key_path for flag in arguments.command.flags}
    arguments.flags = {key: given[key] for key in keys if given[key] is not None}
    arguments.run = arguments.command.run
    return arguments


def command_line_parser() -> CommandLineParser:
    """Return the parser of the program, with all commands of the list."""
    parser = CommandLineParser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        below = commands.add_parser(
            command.name, help=command.help, description=command.help, allow_abbrev=False
        )
        below.set_defaults(command=command, config_file=None)
        command.add_arguments(below)
        for flag in command.flags:
            _add_flag(below, flag)
    return parser


def _add_flag(parser: argparse.ArgumentParser, flag: Flag) -> None:
    names = (flag.option, *flag.aliases)
    if not flag.metavar:
        parser.add_argument(*names, dest=flag.key_path, action="store_const", const=True, help=flag.help)
        return
    parser.add_argument(
        *names,
        dest=flag.key_path,
        metavar=flag.metavar,
        help=flag.help,
        action="append" if flag.repeatable else "store",
    )
