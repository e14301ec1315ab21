"""The commands as data: what completions and man pages are made from."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exporter.commands.arguments import PROGRAM, command_line_parser
from exporter.commands.command_list import COMMANDS
from exporter.commands.parsing import CommandLineParser

FILE = "FILE"


@dataclass(frozen=True, slots=True)
class Argument:
    """An option, or an operand (which has no names).

    `metavar` names its value, and is empty if there is none; `values` are all values, if they are known.
    """

    names: tuple[str, ...]
    metavar: str
    help: str
    values: tuple[str, ...] = ()
    is_required: bool = False
    is_repeatable: bool = False

    @property
    def is_file(self) -> bool:
        """Whether the value is the name of a file."""
        return self.metavar == FILE


@dataclass(frozen=True, slots=True)
class Node:
    """The program, a command of it, or an action of a command; `words` are those after the program's name."""

    words: tuple[str, ...]
    summary: str
    epilog: str
    options: tuple[Argument, ...]
    operands: tuple[Argument, ...]
    children: tuple[Node, ...]

    @property
    def path(self) -> str:
        """The words of the node, as they are typed; empty for the program."""
        return " ".join(self.words)

    def walk(self) -> Iterator[Node]:
        """Yield the node, and all nodes below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def command_tree() -> Node:
    """Return the program with all its commands."""
    values = {(command.name, flag.key_path): flag.values for command in COMMANDS for flag in command.flags}
    return read_parser(command_line_parser(), (), values)


def read_parser(
    parser: CommandLineParser, words: tuple[str, ...], values: Mapping[tuple[str, str], tuple[str, ...]]
) -> Node:
    """Return what a parser accepts. `values` are known values of options without choices, by command and `dest`."""
    options, operands, children = list[Argument](), list[Argument](), list[Node]()
    for action in parser.arguments:
        if isinstance(action.choices, dict):
            children += [
                read_parser(below, (*words, name), values)
                for name, below in action.choices.items()
                if isinstance(below, CommandLineParser)
            ]
            continue
        argument = _argument(action, values.get(("".join(words[:1]), action.dest), ()))
        (options if argument.names else operands).append(argument)
    return Node(
        words, parser.description or "", parser.epilog or "", tuple(options), tuple(operands), tuple(children)
    )


def _argument(action: argparse.Action, values: tuple[str, ...]) -> Argument:
    choices = tuple(map(str, action.choices or values))
    return Argument(
        names=tuple(action.option_strings),
        metavar="" if action.nargs == 0 else _metavar(action),
        help=(action.help or "") % {"default": action.default, "prog": PROGRAM},
        values=choices,
        is_required=action.required,
        # That an option is repeatable shows only in its class, which is private to argparse.
        is_repeatable="may be repeated" in (action.help or ""),
    )


def _metavar(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()
