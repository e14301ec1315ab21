"""The completion for zsh, as a file of its function path."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.commands.arguments import PROGRAM
from exporter.commands.command_tree import Argument, Node
from exporter.commands.completions.words import ENDING, SERVE_PATH, brief, identifier, options_of

_HEAD = f"""\
#compdef {PROGRAM}
# Completion of {PROGRAM} for zsh, printed by `{PROGRAM} completion zsh`.
"""
# A line that begins with an option is one of `serve`.
_SERVE = f"""\
  if (( CURRENT > 2 )) && [[ $words[2] == -* && $words[2] != ({"|".join(ENDING)}) ]]; then
    words[1]={SERVE_PATH}
    _onedata-exporter_{SERVE_PATH}
    return
  fi"""


def script(tree: Node) -> str:
    """Return the script for all commands of the program."""
    functions = ["\n".join(_function(node, tree)) + "\n" for node in tree.walk()]
    return "\n".join((_HEAD, *functions, f'{identifier(tree)} "$@"\n'))


def _function(node: Node, tree: Node) -> Iterator[str]:
    yield f"{identifier(node)}() {{"
    yield "  local curcontext=$curcontext state line"
    yield "  typeset -A opt_args"
    if not node.words:
        yield _SERVE
    specifications = [_option(each, name) for each in options_of(node, tree) for name in each.names]
    # A message for other operands would keep zsh from inserting an option in their place.
    specifications += [_operand(n, each) for n, each in enumerate(node.operands, start=1) if each.values]
    if node.children:
        specifications += ["'1:command:->command'", "'*::argument:->argument'"]
    yield "  _arguments -C \\"
    yield " \\\n".join(f"    {each}" for each in specifications)
    if node.children:
        yield from _commands(node)
    yield "}"


def _commands(node: Node) -> Iterator[str]:
    """Yield the part of a function that offers the commands, and calls the function of the command of the line."""
    yield "  case $state in"
    yield "  command)"
    yield "    local -a commands=("
    for child in node.children:
        yield f"      {_quoted(f'{child.words[-1]}:{brief(child.summary)}')}"
    yield "    )"
    yield "    _describe command commands"
    yield "    ;;"
    yield "  argument)"
    yield "    case $line[1] in"
    for child in node.children:
        yield f"    {child.words[-1]}) {identifier(child)} ;;"
    yield "    esac"
    yield "    ;;"
    yield "  esac"


def _option(option: Argument, name: str) -> str:
    others = "" if option.is_repeatable else f"({' '.join(option.names)})"
    once = "*" if option.is_repeatable else ""
    value = f"={{}}{_value(option)}" if option.metavar else "{}"
    description = brief(option.help).replace("]", "\\]")
    return _quoted(f"{others}{once}{name}{value.replace('{}', f'[{description}]', 1)}")


def _operand(position: int, operand: Argument) -> str:
    return _quoted(f"{position}{_value(operand)}")


def _value(argument: Argument) -> str:
    action = "_files" if argument.is_file else f"({' '.join(argument.values)})" if argument.values else " "
    return f":{argument.metavar.replace(':', '')}:{action}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
