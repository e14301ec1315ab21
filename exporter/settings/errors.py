"""What is wrong with the configuration: all of it at once, one line each, without any value that may be secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

KeyPath = tuple[str | int, ...]
"""The location of a key: names of mappings and indexes of lists, from the top."""

_LONGEST_KEY = 60


class ConfigError(NamedTuple):
    """One thing that is wrong: `source` is a file's name, `environment` or `command line`; `key_path` may be empty."""

    source: str
    key_path: str
    message: str

    def __str__(self) -> str:
        """One line: `source: key path: message`."""
        return ": ".join(part for part in self if part)


class ConfigurationError(ValueError):
    """The configuration cannot be used; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: Iterable[ConfigError]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def write_key_path(path: KeyPath) -> str:
    """`("targets", 0, "url")` as people write it: `targets[0].url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{_printable(part)}"
    return text.removeprefix(".")


def _printable(key: str) -> str:
    short = key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}…"
    return short if short.isprintable() else ascii(short)
