"""Which source a value came from, so that a fault names the place where it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.settings.errors import ConfigError, KeyPath

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exporter.settings.sources import Source
    from exporter.settings.validation import Invalid


def attribute_to(finding: Invalid, sources: Sequence[Source], merged: Mapping[str, object]) -> ConfigError:
    """Return the fault, with the source whose value is wrong, and the key path as that source writes it.

    `sources` are in the order of precedence; `merged` holds their values merged, without the defaults given
    to each target.
    """
    path = _where_written(finding.path, merged)
    source = _source(path, sources)
    return ConfigError(source.name, source.spell(path), finding.message)


def _where_written(path: KeyPath, merged: Mapping[str, object]) -> KeyPath:
    """Return the place of a target's key: below `defaults` where the value came from there."""
    rest = path[2:]
    if path[0] == "targets" and rest and _depth(merged.get("defaults"), rest) > _depth(merged, path) - 2:
        return ("defaults", *rest)
    return path


def _source(path: KeyPath, sources: Sequence[Source]) -> Source:
    # Lists are not merged: the targets of one source replace those of the others.
    candidates = [source for source in sources if source.values.get(str(path[0])) is not None]
    if path[0] == "targets":
        candidates = candidates[:1]
    if candidates:
        return max(candidates, key=lambda source: _depth(source.values, path))
    command_line, _, *files = sources
    return files[0] if files else command_line


def _depth(values: object, path: KeyPath) -> int:
    """Return how many steps of a key path exist in a structure of mappings and lists."""
    for steps, part in enumerate(path):
        try:
            values = values[part]  # type: ignore[index]  # whatever it is: we stop where it has no such part
        except (LookupError, TypeError):
            return steps
    return len(path)
