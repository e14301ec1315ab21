"""The completion for bash. It needs no package of completions, and bash 4.4 or later."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.commands.arguments import PROGRAM
from exporter.commands.command_tree import Node
from exporter.commands.completions.words import (
    ENDING,
    SERVE_PATH,
    operand_values,
    options_of,
    valued_options,
)

_TEMPLATE = """\
# Completion of @PROGRAM@ for bash, printed by `@PROGRAM@ completion bash`.
_onedata_exporter() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} path='' i
    # bash takes --option=value for three words.
    if [[ $current == = ]]; then
        current=''
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    # Values of options need no attention: behind an option, no further word is a command.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$path/${COMP_WORDS[i]}" in
@PATHS@
        @ENDING@) ;;
        /-*) path=@SERVE@ ;;
        esac
    done
    case "$path/$previous" in
@VALUES@
    esac
    case $previous in
    @FILES@)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    @OTHER@) return ;;
    esac
    local options='' operands=''
    case $path in
@WORDS@
    esac
    [[ -n $operands && $current != -* ]] || operands=$options
    mapfile -t COMPREPLY < <(compgen -W "$operands" -- "$current")
}
complete -F _onedata_exporter @PROGRAM@
"""


def script(tree: Node) -> str:
    """Return the script for all commands of the program."""
    valued, files = valued_options(tree), _file_options(tree)
    parts = {
        "PROGRAM": PROGRAM,
        "SERVE": SERVE_PATH,
        "ENDING": " | ".join(f"/{name}" for name in ENDING),
        "FILES": " | ".join(files),
        "OTHER": " | ".join(each for each in valued if each not in files),
        "PATHS": "\n".join(_paths(tree)),
        "VALUES": "\n".join(_values(tree)),
        "WORDS": "\n".join(_words(tree)),
    }
    text = _TEMPLATE
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def _file_options(tree: Node) -> list[str]:
    return sorted(
        {name for node in tree.walk() for each in node.options if each.is_file for name in each.names}
    )


def _paths(tree: Node) -> Iterator[str]:
    for node in tree.walk():
        for child in node.children:
            yield f"        '{node.path}/{child.words[-1]}') path='{child.path}' ;;"


def _values(tree: Node) -> Iterator[str]:
    places: dict[tuple[str, ...], list[str]] = {}
    for node in tree.walk():
        for option in options_of(node, tree):
            if option.values:
                places.setdefault(option.values, []).extend(f"'{node.path}/{name}'" for name in option.names)
    for values, where in places.items():
        yield f"    {' | '.join(where)})"
        yield f'        mapfile -t COMPREPLY < <(compgen -W "{" ".join(values)}" -- "$current")'
        yield "        return"
        yield "        ;;"


def _words(tree: Node) -> Iterator[str]:
    for node in tree.walk():
        options = " ".join(name for each in options_of(node, tree) for name in each.names)
        yield f"    '{node.path}') options='{options}' operands='{' '.join(operand_values(node))}' ;;"
