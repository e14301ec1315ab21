"""The two access paths to a cluster, and the routes to its nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class AccessPath(StrEnum):
    """One of the two ways to a Onepanel; the metric label `path`."""

    PROXY = "proxy"
    DIRECT = "direct"


class Route(NamedTuple):
    """An access path to one node; `node` is empty when the target lists none."""

    path: AccessPath
    node: str = ""


def routes_to(node_names: Iterable[str]) -> tuple[Route, ...]:
    """Both paths to each node.

    Unexpected paths are asked, too: their answers help to distinguish the causes.
    """
    return tuple(Route(path, node) for node in node_names for path in AccessPath)
