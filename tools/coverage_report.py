"""Add up the coverage that the processes of the tests have written, and fail if it is below a limit.

    python -m tools.coverage_report FOLDER

The limit is `fail-under` in `[tool.slipcover]` of pyproject.toml. Lines and branches count alike.
Modules that no process has imported count with all their lines.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import slipcover

ROOT = Path(__file__).parents[1]


def add_up(folder: Path, source: Path) -> dict[str, Any]:
    """Return the coverage of all files of a folder together."""
    everything = slipcover.Slipcover(branch=True, source=[str(source)])
    total: dict[str, Any] = everything.get_coverage()
    for file in sorted(folder.glob("*.json")):
        slipcover.merge_coverage(total, json.loads(file.read_text(encoding="utf-8")))
    return total


def describe(coverage: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each module that is not covered completely, the least covered ones last."""
    files = sorted(coverage["files"].items(), key=lambda each: -float(each[1]["summary"]["percent_covered"]))
    for file, found in files:
        if found["missing_lines"] or found["missing_branches"]:
            lines = ", ".join(map(str, found["missing_lines"][:20]))
            branches = len(found["missing_branches"])
            yield f"{found['summary']['percent_covered']:5.1f} %  {file}: {branches} branches; lines {lines}"


def main() -> int:
    """Print the coverage. Return 1 if it is below the limit."""
    parser = argparse.ArgumentParser(description="Add up the coverage of the tests.")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["slipcover"]
    limit = float(settings["fail-under"])
    coverage = add_up(arguments.folder, ROOT / "exporter")
    percent = float(coverage["summary"]["percent_covered"])
    if percent < limit:
        print("\n".join(describe(coverage)))
        print(f"coverage {percent:.2f} % of lines and branches, below {limit:g} %", file=sys.stderr)
        return 1
    print(f"coverage {percent:.2f} % of lines and branches")
    return 0


if __name__ == "__main__":
    sys.exit(main())
