"""`completion`: the completion of the command line, as a script for a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.commands.command_tree import command_tree
from exporter.commands.completions import bash, fish, zsh

if TYPE_CHECKING:
    import argparse

_SCRIPTS = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}


def run(arguments: argparse.Namespace) -> int:
    """Print the script. The exit code is 0."""
    print(completion(arguments.shell), end="")
    return 0


def completion(shell: str) -> str:
    """Return the script for a shell of `command_list.SHELLS`."""
    return _SCRIPTS[shell](command_tree())
