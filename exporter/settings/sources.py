"""The sources of settings: the command line, the environment, and a YAML file. The only reader of the latter two."""

from __future__ import annotations

import codecs
import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exporter.files import MAX_CONFIGURATION_BYTES
from exporter.files import read_file as read_bytes
from exporter.settings.errors import ConfigError, KeyPath, write_key_path
from exporter.settings.keys import is_structured, walk
from exporter.settings.yaml_text import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

ENVIRONMENT_PREFIX = "ONEDATA_EXPORTER_"
CONFIG_FILE_VARIABLE = f"{ENVIRONMENT_PREFIX}CONFIG_FILE"
COMMAND_LINE = "command line"
ENVIRONMENT = "environment"

# Variables that Kubernetes, and Docker's links, set in every container for services with names that begin like ours.
_SERVICE_LINK = re.compile(
    rf"{ENVIRONMENT_PREFIX}(?:(?:.+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_.+)?)"
    r"|PORT(?:_.+)?)"
)

# Without a shard an exporter polls every target: a variable that lost its value must not mean that.
_NEVER_EMPTY = frozenset({f"{ENVIRONMENT_PREFIX}SHARD"})

# Mappings whose keys are the user's own, so that their ends mean nothing.
_OWN_NAMES = ("labels", "nodes")


@dataclass(frozen=True)
class Source:
    """One source: its values, nested as in the file, and what is wrong before any of them is validated.

    `variables` are the names of environment variables by the key path that they set.
    """

    name: str
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    faults: tuple[ConfigError, ...] = ()
    variables: Mapping[KeyPath, str] = field(default_factory=dict, repr=False)

    def spell(self, path: KeyPath) -> str:
        """Return a key path as it is written in this source: `targets[0].url`, or the variable and what is below it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.variables:
                return write_key_path((self.variables[path[:end]], *path[end:]))
        return write_key_path(path)


def read_flags(flags: Mapping[str, object]) -> Source:
    """Return the command line: values by key path (`poll.interval`); targets may be given as bare URLs."""
    values: dict[str, object] = {}
    for key, value in flags.items():
        _put(values, tuple(key.split(".")), value)
    targets = values.get("targets")
    if isinstance(targets, list | tuple):
        values["targets"] = [{"url": each} if isinstance(each, str) else each for each in targets]
    return Source(COMMAND_LINE, values)


def read_environment(environ: Mapping[str, str], name: str = ENVIRONMENT) -> Source:
    """Return the settings of an environment: `ONEDATA_EXPORTER_POLL__INTERVAL=30s`; lists and mappings in YAML or JSON.

    Names are case-insensitive. An empty variable counts as absent, except the shard's, which is refused.
    """
    known = dict(walk())
    values: dict[str, object] = {}
    variables: dict[KeyPath, str] = {}
    faults = []
    for variable, text in _ours(environ):
        path = tuple(variable.upper().removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
        key = known.get(path)
        if key is None and path[:-1] != ("defaults", "labels"):
            faults.append(ConfigError(name, variable, f"unknown variable{_did_you_mean(variable, known)}"))
            continue
        variables[path] = variable
        try:
            _put(values, path, parse_yaml(text) if key and is_structured(key) else text)
        except ValueError as error:
            faults.append(ConfigError(name, variable, str(error)))
    return Source(name, values, tuple(faults), variables)


def read_file(file: Path, *, may_be_empty: bool = False) -> Source:
    """Return what a YAML file contains. Names of files (`file`, `…_file`) are relative to its directory."""
    name = str(file)
    try:
        values = parse_yaml(_decode(read_bytes(name, MAX_CONFIGURATION_BYTES)))
        if values is None and may_be_empty:
            return Source(name)
        return Source(name, _mapping(_resolve_files(values, file.parent)))
    except OSError as error:
        return Source(name, faults=(ConfigError(name, "", f"cannot be read: {error.strerror}"),))
    except ValueError as error:
        return Source(name, faults=(ConfigError(name, "", str(error)),))
    except RecursionError:
        return Source(name, faults=(ConfigError(name, "", "is nested too deeply"),))


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("begins with a byte order mark (BOM) of UTF-16: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 text (byte {error.start + 1})") from None


def _mapping(values: object) -> dict[str, object]:
    if values is None:
        raise ValueError("is empty")
    if not isinstance(values, dict):
        raise ValueError("must be a mapping (key: value) at its top, such as 'targets: [...]'")
    # Keys for anchors, to which other keys refer.
    return {key: value for key, value in values.items() if not key.startswith("x-")}


def _ours(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for variable in sorted(environ, key=str.upper):
        name, text = variable.upper(), environ[variable]
        service_link = _SERVICE_LINK.fullmatch(name) or (name.endswith("_PORT") and "://" in text)
        is_given = bool(text) or name in _NEVER_EMPTY
        if (
            name.startswith(ENVIRONMENT_PREFIX)
            and name != CONFIG_FILE_VARIABLE
            and is_given
            and not service_link
        ):
            yield variable, text


def _did_you_mean(variable: str, known: Iterable[KeyPath]) -> str:
    names = ["__".join(map(str, path)).upper() for path in known]
    names.append(CONFIG_FILE_VARIABLE.removeprefix(ENVIRONMENT_PREFIX))
    name = variable.upper().removeprefix(ENVIRONMENT_PREFIX)
    similar = difflib.get_close_matches(name, names, n=1, cutoff=0.8)
    return f"; did you mean {ENVIRONMENT_PREFIX}{similar[0]}?" if similar else ""


def _put(values: dict[str, object], path: tuple[str, ...], value: object) -> None:
    for part in path[:-1]:
        below = values.get(part)
        if not isinstance(below, dict):
            below = values[part] = {}
        values = below
    values[path[-1]] = value


def _resolve_files(values: object, directory: Path) -> object:
    if isinstance(values, list):
        return [_resolve_files(value, directory) for value in values]
    if not isinstance(values, dict):
        return values
    return {
        key: str(directory / value)
        if (key == "file" or key.endswith("_file")) and isinstance(value, str) and value
        else (value if key in _OWN_NAMES else _resolve_files(value, directory))
        for key, value in values.items()
    }
