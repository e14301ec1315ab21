"""Environment files as systemd (`EnvironmentFile=`) and Compose (`env_file`) read them.

Both agree on plain lines `NAME=value`, on values in quotes, on comment lines and on empty lines. What they read
differently is refused, so that a checked file means the same in both places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from exporter.files import MAX_CONFIGURATION_BYTES, read_file
from exporter.settings.errors import ConfigError, ConfigurationError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTES = "'\""
_READ_DIFFERENTLY = "is read differently by systemd and Compose: put the value in single quotes"


def read_environment_file(file: Path) -> dict[str, str]:
    """Return the variables of an environment file; of two lines with one name the last one wins.

    Raises:
        ConfigurationError: the file cannot be read, or a line is faulty. Values are not repeated.
    """
    try:
        text = read_file(str(file), MAX_CONFIGURATION_BYTES).decode()
    except OSError as error:
        raise ConfigurationError([ConfigError(str(file), "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start + 1})"
        raise ConfigurationError([ConfigError(str(file), "", message)]) from None
    variables: dict[str, str] = {}
    faults = []
    for number, line in _assignments(text):
        try:
            name, value = _assignment(line)
            variables[name] = value
        except ValueError as error:
            faults.append(ConfigError(str(file), f"line {number}", str(error)))
    if faults:
        raise ConfigurationError(faults)
    return variables


def _assignments(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _assignment(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals:
        raise ValueError("must be NAME=value")
    if not _NAME.fullmatch(name):
        raise ValueError("has no valid name of a variable before '='")
    if value[:1] in _QUOTES and value:
        return name, _quoted(value)
    if any(sign in value for sign in ("\\", "$", " #")) or value != value.strip():
        raise ValueError(_READ_DIFFERENTLY)
    return name, value


def _quoted(value: str) -> str:
    quote, inner = value[0], value[1:-1]
    if len(value) == 1 or value[-1] != quote or quote in inner:
        raise ValueError(f"must end with the quote {quote} that its value begins with, and have no other one")
    if "\\" in inner or ("$" in inner and quote == '"'):
        raise ValueError(_READ_DIFFERENTLY)
    return inner
