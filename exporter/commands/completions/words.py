"""What the scripts of all shells share: which words they offer, and how they find the command in a line."""

from __future__ import annotations

import re

from exporter.commands.command_list import SERVE
from exporter.commands.command_tree import Argument, Node

# These options end the program: after each other option, the command is `serve`.
ENDING = ("-h", "--help", "--version")
SERVE_PATH = SERVE.name


def valued_options(tree: Node) -> list[str]:
    """Return every option that takes a value, in any command."""
    return sorted(
        {name for node in tree.walk() for each in node.options if each.metavar for name in each.names}
    )


def options_of(node: Node, tree: Node) -> tuple[Argument, ...]:
    """Return the options of a node; the program has those of `serve` as well, which may be left out."""
    if node.words:
        return node.options
    (serve,) = (child for child in tree.children if child.path == SERVE_PATH)
    names = {name for option in node.options for name in option.names}
    return (*node.options, *(each for each in serve.options if names.isdisjoint(each.names)))


def operand_values(node: Node) -> tuple[str, ...]:
    """Return the words that may follow a node: its commands or actions, or the values of its operand."""
    return (
        *(child.words[-1] for child in node.children),
        *(v for each in node.operands for v in each.values),
    )


def brief(text: str) -> str:
    """Return the beginning of a help text, as one short line."""
    return re.split(r"[;:]| \(| such as ", text.replace("\n", " "), maxsplit=1)[0].strip().rstrip(",.")


def identifier(node: Node) -> str:
    """Return the name of a node, as the functions of shells have it."""
    return "_".join(("_onedata-exporter", *node.words))
