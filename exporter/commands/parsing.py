"""An argument parser whose errors never repeat a value: what is refused may be a secret in the wrong place."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

# Of argparse's own messages, the parts that quote the value of an option.
_VALUES = (
    (re.compile(r"(argument -.*?): invalid choice: .* \(choose", re.DOTALL), r"\1: invalid choice (choose"),
    (re.compile(r"invalid (\w+) value: .*", re.DOTALL), r"invalid \1 value"),
    (re.compile(r"ignored explicit argument .*", re.DOTALL), "takes no value"),
)
_UNRECOGNIZED = "unrecognized arguments: "
_OPTION = re.compile(r"(--[a-z][a-z.-]{0,40}|-[A-Za-z])(?:=.*)?", re.DOTALL)


class CommandLineParser(argparse.ArgumentParser):
    """An argument parser that names what it refuses, but not its value. Its subparsers are of the same kind."""

    def error(self, message: str) -> NoReturn:
        """End the process with the usage and a message without values."""
        super().error(without_values(message))

    @property
    def arguments(self) -> tuple[argparse.Action, ...]:
        """The options and operands that were added, in their order; commands below are the choices of an operand."""
        return tuple(self._actions)


def without_values(message: str) -> str:
    """Return a message of argparse without the values that it quotes; names of options stay."""
    if message.startswith(_UNRECOGNIZED):
        matches = [_OPTION.fullmatch(each) for each in message.removeprefix(_UNRECOGNIZED).split()]
        named = [match[1] for match in matches if match]
        return _UNRECOGNIZED + " ".join([*named, *(["(values are not shown)"] if None in matches else [])])
    for pattern, words in _VALUES:
        message = pattern.sub(words, message)
    return message
