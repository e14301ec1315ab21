"""The list of commands. To add a command, write its module and add one entry to `COMMANDS`.

A command's module has `run(arguments) -> exit code` and is imported only when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from dataclasses import dataclass

from exporter.commands.demo_options import add_demo_arguments
from exporter.commands.exit_codes import run_to_exit_code
from exporter.commands.flags import DEMO_FLAGS, SERVE_FLAGS, Flag
from exporter.commands.maintenance_options import add_maintenance_arguments
from exporter.commands.options import (
    add_check_credentials_arguments,
    add_config_file,
    add_fleet_arguments,
    add_healthcheck_arguments,
    add_probe_arguments,
    file_name,
)
from exporter.commands.signals import release_signals
from exporter.commands.users_options import add_users_arguments
from exporter.report.severity import Severity

SHELLS = ("bash", "zsh", "fish")
COMPLETION_PLACES = """\
examples:
  onedata-exporter completion bash >~/.local/share/bash-completion/completions/onedata-exporter
  onedata-exporter completion zsh >/usr/local/share/zsh/site-functions/_onedata-exporter
  onedata-exporter completion fish >~/.config/fish/completions/onedata-exporter.fish

The packages for Debian and RPM install these files.
"""


@dataclass(frozen=True)
class Command:
    """One command; its options are `flags` (keys of the configuration) and what `add_arguments` adds.

    `exit_failure` is its exit code when it fails in a way that it does not expect, as when its output cannot
    be written. `is_stopped`: signals stop it in good order, rather than kill it.
    """

    name: str
    help: str
    module: str
    flags: tuple[Flag, ...] = ()
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _: None
    exit_bad_usage: int = 2
    exit_failure: int = 1
    is_stopped: bool = False

    def run(self, arguments: argparse.Namespace) -> int:
        """Import the command's module and run it; returns the exit code."""
        if not self.is_stopped:
            release_signals()
        run: Callable[[argparse.Namespace], int] = importlib.import_module(self.module).run
        return run_to_exit_code(run, arguments, self.exit_failure)


def _add_checked_files(parser: argparse.ArgumentParser) -> None:
    add_config_file(parser)
    parser.add_argument(
        "--environment-file",
        metavar="FILE",
        type=file_name,
        help="file with variables, as `EnvironmentFile=` of systemd and `env_file` of Compose read it",
    )


def _add_shell(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = COMPLETION_PLACES
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help="bash, zsh or fish")


SERVE = Command(
    "serve",
    "watch the targets and serve their metrics; the command when none is given",
    "exporter.commands.serve",
    SERVE_FLAGS,
    add_config_file,
    is_stopped=True,
)
COMMANDS = (
    SERVE,
    Command(
        "check-config",
        "report every fault of a configuration (exit code 0: valid, 2: not)",
        "exporter.commands.check_config",
        add_arguments=_add_checked_files,
    ),
    Command(
        "config-schema",
        "print the JSON Schema of the configuration file, for editors",
        "exporter.commands.config_schema",
    ),
    Command(
        "completion",
        "print the completion of this command line for a shell: bash, zsh or fish",
        "exporter.commands.completion",
        add_arguments=_add_shell,
    ),
    Command(
        "demo",
        "a simulated federation on this machine, monitored by the real exporter",
        "exporter.commands.demo",
        DEMO_FLAGS,
        add_demo_arguments,
        is_stopped=True,
    ),
    Command(
        "probe",
        "poll one cluster once, and report what is wrong; also as a Nagios plugin",
        "exporter.commands.probe",
        add_arguments=add_probe_arguments,
        exit_bad_usage=Severity.UNKNOWN.exit_code,
        exit_failure=Severity.UNKNOWN.exit_code,
    ),
    Command(
        "fleet",
        "poll a Onezone and its Oneproviders once, and print the federation as a table",
        "exporter.commands.fleet",
        add_arguments=add_fleet_arguments,
        exit_bad_usage=Severity.UNKNOWN.exit_code,
        exit_failure=Severity.UNKNOWN.exit_code,
    ),
    Command(
        "users",
        "administer the users of a Onezone: list, show, create, set-password",
        "exporter.commands.users",
        add_arguments=add_users_arguments,
        exit_failure=3,
    ),
    Command(
        "check-credentials",
        "report what a target's credentials allow, when they expire, and whether they are more than is needed",
        "exporter.commands.check_credentials",
        add_arguments=add_check_credentials_arguments,
        exit_bad_usage=3,
        exit_failure=3,
    ),
    Command(
        "maintenance",
        "start or end the maintenance of a target: alerts are suppressed, polling continues",
        "exporter.commands.maintenance",
        add_arguments=add_maintenance_arguments,
    ),
    Command(
        "healthcheck",
        "ask a running exporter whether it serves, as containers do (exit code 0: it does, 1: it does not)",
        "exporter.commands.healthcheck",
        add_arguments=add_healthcheck_arguments,
        exit_bad_usage=1,
    ),
)
