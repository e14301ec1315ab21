"""Checks of lists and mappings of the configuration: what their items must be together."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from typing import TypeVar

from exporter.settings.addresses import clash
from exporter.settings.web_config import Address

_Items = TypeVar("_Items", bound=Collection[object])


def check_not_empty(items: _Items) -> _Items:
    """Accept a list with something in it; pydantic's own `min_length` does not count items that are wrong."""
    if not items:
        raise ValueError("must not be empty")
    return items


def check_different(addresses: dict[str, str]) -> dict[str, str]:
    """Return addresses by name; reject an address that has two names."""
    names: dict[str, str] = {}
    for name, address in addresses.items():
        if address in names:
            raise ValueError(f"{names[address]!r} and {name!r} have the same address")
        names[address] = name
    return addresses


def check_no_clash(addresses: Sequence[Address]) -> Sequence[Address]:
    """Addresses that can be listened on at the same time."""
    for one, other in itertools.combinations(addresses, 2):
        if clash(one, other):
            raise ValueError(f"{one} and {other} cannot both be listened on: leave one of them out")
    return addresses


def check_increasing(buckets: Sequence[float]) -> Sequence[float]:
    """Bounds of a histogram's buckets."""
    for lower, upper in itertools.pairwise(buckets):
        if not lower < upper:
            raise ValueError(f"must increase: {upper:g} comes after {lower:g}")
    return buckets
