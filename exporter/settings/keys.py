"""Which keys there are, and where: read off the models of `schema.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args, get_origin

from exporter.settings.model import Keys
from exporter.settings.schema import Document
from exporter.settings.target_keys import TargetKeys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


def walk(
    model: type[Keys] = Document, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Yield every key with a fixed name and where it stands (`("poll", "interval")`), without the indexes of lists.

    The keys of a target come below `targets` and, a second time, below `defaults`.
    """
    for name, field in model.model_fields.items():
        place = (*above, name)
        yield place, field
        for nested in keys_below(place, field):
            yield from walk(nested, place)


def keys_below(place: tuple[str, ...], field: FieldInfo) -> tuple[type[Keys], ...]:
    """Return the model of the keys that stand below a key; empty for a single value."""
    types = (field.annotation, *get_args(field.annotation))
    nested = tuple(kind for kind in types if isinstance(kind, type) and issubclass(kind, Keys))
    return (TargetKeys,) if place == ("defaults",) else nested


def is_structured(field: FieldInfo) -> bool:
    """Return whether the value of a key is a list or a mapping."""
    kind = field.annotation
    return get_origin(kind) in {tuple, dict, frozenset} or (isinstance(kind, type) and issubclass(kind, Keys))
