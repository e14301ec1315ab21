"""The completion for fish 3."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.commands.arguments import PROGRAM
from exporter.commands.command_tree import Argument, Node
from exporter.commands.completions.words import ENDING, SERVE_PATH, brief, operand_values

_TEMPLATE = """\
# Completion of @PROGRAM@ for fish, printed by `@PROGRAM@ completion fish`.
function __onedata_exporter_is_at --description 'Whether the command of the line is one of the arguments'
    set -l path ''
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    for word in $words[2..-1]
        switch "$path/$word"
@PATHS@
            case @ENDING@
            case '/-*'
                set path @SERVE@
        end
    end
    contains -- "$path" $argv
end

complete --command @PROGRAM@ --no-files
"""


def script(tree: Node) -> str:
    """Return the script for all commands of the program."""
    parts = {
        "PROGRAM": PROGRAM,
        "SERVE": SERVE_PATH,
        "ENDING": " ".join(f"/{name}" for name in ENDING),
        "PATHS": "\n".join(_paths(tree)),
    }
    text = _TEMPLATE
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text + "".join(f"{line}\n" for line in _completions(tree))


def _paths(tree: Node) -> Iterator[str]:
    for node in tree.walk():
        for child in node.children:
            yield f"            case '{node.path}/{child.words[-1]}'"
            yield f"                set path '{child.path}'"


def _completions(tree: Node) -> Iterator[str]:
    for node in tree.walk():
        place = f'"{node.path}"'
        summaries = {child.words[-1]: child.summary for child in node.children}
        for word in operand_values(node):
            yield f"{_at(place)} --arguments {word}{_description(summaries.get(word, ''))}"
        # A line without a command is one of `serve`.
        place += ' ""' if node.path == SERVE_PATH else ""
        for option in node.options:
            yield f"{_at(place)}{_option(option)}{_description(option.help)}"


def _at(place: str) -> str:
    return f"complete --command {PROGRAM} --condition '__onedata_exporter_is_at {place}'"


def _option(option: Argument) -> str:
    names = "".join(
        f" --long-option {name[2:]}" if name.startswith("--") else f" --short-option {name[1:]}"
        for name in option.names
    )
    if not option.metavar:
        return names
    if option.is_file:
        return f"{names} --require-parameter --force-files"
    values = f" --arguments '{' '.join(option.values)}'" if option.values else ""
    return f"{names} --exclusive{values}"


def _description(text: str) -> str:
    words = brief(text).replace("\\", "\\\\").replace("'", "\\'")
    return f" --description '{words}'" if words else ""
