"""The committed dashboards, and all the queries in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "grafana" / "dashboards"
BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
}


class Asked(NamedTuple):
    """A query of a panel."""

    uid: str
    panel: str
    reference: str
    expr: str
    instant: bool


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels but the headings of rows, those of collapsed rows, too."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", ())


def queries(board: dict[str, Any]) -> Iterator[Asked]:
    """The queries of all panels."""
    for panel in panels(board):
        for target in panel.get("targets", ()):
            yield Asked(
                board["uid"], panel["title"], target["refId"], target["expr"], bool(target.get("instant"))
            )


def variables(board: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The variables of a type."""
    return [variable for variable in board["templating"]["list"] if variable["type"] == kind]
