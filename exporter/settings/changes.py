"""What a reload changes, by the names of targets and keys. Values are left out, as they may be secret. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING

from exporter.credentials import Secret
from exporter.settings.model import Keys

if TYPE_CHECKING:
    from exporter.settings.conversion import Settings

_SECTIONS = ("poll", "web", "history", "log", "config", "latency_buckets")
# Parts of a target that have another name in the configuration.
_KEYS = {
    "expected_paths": "paths",
    "left_out": "worker_report",
    "schedule": "poll",
    "discovery": "discover",
    "template": "defaults",
}
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two configurations, for the share of this exporter.

    `changed` has the names of targets by the keys that differ. `keys` are those outside of targets.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    keys: tuple[str, ...]


def changes_between(old: Settings, new: Settings) -> Changes:
    """Return what differs between two configurations."""
    before = {target.name: target for target in old.targets}
    after = {target.name: target for target in new.targets}
    changed: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in before.keys() & after.keys():
        if keys := tuple(_changed_keys(before[name], after[name])):
            changed[keys].append(name)
    return Changes(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(sorted((keys, tuple(sorted(names))) for keys, names in changed.items())),
        keys=(
            *(
                key
                for each in _SECTIONS
                for key in _changed_keys(getattr(old, each), getattr(new, each), each)
            ),
            *(["shard"] if old.shard != new.shard else []),
        ),
    )


def names_text(names: Sequence[str]) -> str:
    """Return the first twenty names, and the number of the others."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _changed_keys(old: object, new: object, place: str = "") -> Iterator[str]:
    """Yield the keys below a place that differ, as the configuration spells them."""
    if old == new:
        return
    if isinstance(old, Secret) or isinstance(new, Secret):
        yield from _changed_secret(old, new, place)
    elif type(old) is type(new) and (parts := _parts(old)):
        for part in parts:
            below = f"{place}.{_KEYS.get(part, part)}".removeprefix(".")
            yield from _changed_keys(getattr(old, part), getattr(new, part), below)
    else:
        yield place


def _parts(value: object) -> tuple[str, ...]:
    if isinstance(value, Keys):
        return tuple(type(value).model_fields)
    return tuple(field.name for field in fields(value)) if is_dataclass(value) else ()


def _changed_secret(old: object, new: object, place: str) -> Iterator[str]:
    before, after = (each if isinstance(each, Secret) else Secret() for each in (old, new))
    if before.value != after.value:
        yield place
    if before.file != after.file:
        yield f"{place}_file"
