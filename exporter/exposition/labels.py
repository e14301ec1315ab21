"""Labels as the text formats write them. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Labels(NamedTuple):
    """Labels of a subject or a reading: their names, and their values, which are escaped and never empty."""

    names: tuple[str, ...]
    values: tuple[str, ...]


class Subject(NamedTuple):
    """The labels that name a subject, and how a line without other labels has them."""

    labels: Labels
    text: str


def labelled(names: tuple[str, ...], values: tuple[str, ...]) -> Labels:
    """Return labels of these names and values. An empty value leaves its label out."""
    named = {name: value for name, value in zip(names, values, strict=True) if value}
    return Labels(tuple(named), tuple(map(escape, named.values())))


# A target with one node has four. Names of domains have at most 253 characters: the cache holds 16 MiB at most.
@lru_cache(maxsize=8192)
def subject(names: tuple[str, ...] = (), values: tuple[str, ...] = ()) -> Subject:
    """Return the subject that labels of these names and values name. An empty value leaves its label out."""
    labels = labelled(names, values)
    inner = ",".join([f'{name}="{value}"' for name, value in sorted(zip(*labels, strict=True))])
    return Subject(labels, f"{{{inner}}}" if inner else "")


# Foreign values have at most 200 characters: the cache holds 8 MiB at most.
@lru_cache(maxsize=4096)
def escape(value: str) -> str:
    """Return a label value as it stands between quotes. Lone surrogates, which have no UTF-8, are replaced."""
    return value.encode("utf-8", "replace").decode().translate(_ESCAPES)
