"""The rooms of `exporter/` are few enough to find things in, and the picture in docs/design.md shows all of them."""

from __future__ import annotations

import re

from tests.support.processes import ROOT

PACKAGE = ROOT / "exporter"
MAX_ENTRIES = 28
# What no checkout has: compiled modules, and the revision that a distribution carries.
GENERATED = {"__pycache__", "REVISION"}


def entries() -> set[str]:
    """The names in the package's folder."""
    return {path.name for path in PACKAGE.iterdir()} - GENERATED


def test_the_package_has_at_most_28_entries() -> None:
    assert len(entries()) <= MAX_ENTRIES, sorted(entries())


def test_the_picture_of_the_rooms_shows_every_room_and_no_other() -> None:
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    table = design.partition("\n## Rooms\n")[2].partition("\nThe way of a value")[0]
    firsts = " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    shown = re.findall(r"`([^`]+)`", firsts)
    rooms = {f"{name}/" if (PACKAGE / name).is_dir() else name.removesuffix(".py") for name in entries()}
    assert sorted(shown) == sorted(rooms - {"__init__", "py.typed"})
