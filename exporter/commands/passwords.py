"""Reading a new password: from a prompt, standard input or a file; never from an argument, which all can see."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import BinaryIO

_MAX_BYTES = 4096


class NoPasswordError(Exception):
    """There is no usable password; the message is the reason."""


def read_password(file: Path | None, *, from_stdin: bool) -> str:
    """Return the password without the line feed at its end. Raises `NoPasswordError`."""
    try:
        if file is not None:
            with file.open("rb") as content:
                password = _line(content.read(_MAX_BYTES + 1))
        elif from_stdin:
            password = _line(_standard_input().read(_MAX_BYTES + 1))
        else:
            password = _prompt()
    except OSError as error:
        raise NoPasswordError(
            f"{file or 'standard input'}: cannot read the password: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise NoPasswordError("the password is not UTF-8 text") from None
    if not password:
        raise NoPasswordError("the password is empty")
    return password


def _line(content: bytes) -> str:
    if len(content) > _MAX_BYTES:
        raise NoPasswordError(f"the password is longer than {_MAX_BYTES} bytes")
    return content.decode().removesuffix("\n").removesuffix("\r")


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise NoPasswordError("standard input is closed: no password can be read from it")
    return sys.stdin.buffer


def _prompt() -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise NoPasswordError("no terminal to ask on: use --password-stdin or --password-file")
    try:
        first = getpass.getpass("New password: ")
        again = getpass.getpass("The same again: ")
    except EOFError:
        raise NoPasswordError("no password was given") from None
    if first != again:
        raise NoPasswordError("the two passwords are not the same; nothing was sent")
    return first
