"""The last list of a zone, kept over a restart: a small JSON file with a format version, readable by its owner only."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from exporter.files import cause, read_file
from exporter.operations.providers import Provider

_FORMAT = 1
_MAX_BYTES = 4 * 1024 * 1024


class CacheError(Exception):
    """A cache file cannot be used; the message names it and why."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last list of a zone: its origin, the providers, when it was made (seconds since the epoch).

    `seen_online` are the ids that were online at least once.
    """

    zone: str
    providers: tuple[Provider, ...] = ()
    listed_at: float = 0.0
    seen_online: frozenset[str] = field(default_factory=frozenset)


def read_cache(file: str, zone: str) -> Remembered | None:
    """Return what a cache file holds of the zone with this origin; None where there is no such file.

    Raises:
        CacheError: the file cannot be read, is no cache of this format, or holds the list of another zone.
    """
    try:
        raw = read_file(file, _MAX_BYTES)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CacheError(f"{file}: cannot be read: {cause(error)}") from None
    try:
        remembered = _parse(json.loads(raw), zone)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CacheError(f"{file}: is no provider list of format {_FORMAT}; remove the file") from None
    if remembered.zone != zone:
        raise CacheError(f"{file}: holds the list of another zone, not of {zone}")
    return remembered


def _parse(document: Mapping[str, Any], zone: str) -> Remembered:
    """Return the content of a file. One of an early version does not name its zone: it is taken as that of `zone`."""
    if document["format"] != _FORMAT:
        raise ValueError("another format")
    names = {each.name for each in fields(Provider)}
    providers = tuple(
        Provider(**{name: value for name, value in each.items() if name in names})
        for each in document["providers"]
    )
    if not all(isinstance(each.provider_id, str) and isinstance(each.domain, str) for each in providers):
        raise TypeError("a provider without id or domain")
    seen_online = frozenset(map(str, document["seen_online"]))
    return Remembered(str(document.get("zone", zone)), providers, float(document["listed_at"]), seen_online)


def write_cache(file: str, remembered: Remembered) -> None:
    """Replace a cache file as a whole.

    Raises:
        CacheError: the file cannot be written; the one before stays as it was.
    """
    document = {
        "format": _FORMAT,
        "zone": remembered.zone,
        "listed_at": remembered.listed_at,
        "seen_online": sorted(remembered.seen_online),
        "providers": [asdict(each) for each in remembered.providers],
    }
    path = Path(file)
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(document, stream)
            Path(temporary).replace(path)
        except OSError:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise CacheError(f"{file}: cannot be written: {cause(error)}") from None
