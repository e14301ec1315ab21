"""Add up the coverage that the processes of the tests have written, and fail if it is below a limit.

    python -m tools.coverage_report FOLDER

The limit is `fail-under` in `[tool.slipcover]` of pyproject.toml; with CI=true, no test is skipped, and it is
`fail-under-in-ci`. Lines and branches count alike.
Modules that no process has imported count with all their lines.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import slipcover

ROOT = Path(__file__).parents[1]


def add_up(folder: Path, source: Path) -> dict[str, Any]:
    """Return the coverage of all files of a folder together."""
    everything = slipcover.Slipcover(branch=True, source=[str(source)])
    total: dict[str, Any] = everything.get_coverage()
    reports = (json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json"))
    merged: dict[str, Any] = slipcover.merge_coverage(total, {**total, "files": _executed(reports)})
    return merged


def _executed(reports: Iterable[dict[str, Any]]) -> dict[str, dict[str, set[Any]]]:
    """Return the lines and branches that any process has executed, by file: merging all reports takes longer."""
    files: defaultdict[str, dict[str, set[Any]]] = defaultdict(
        lambda: {"executed_lines": set(), "executed_branches": set()}
    )
    for report in reports:
        for file, found in report["files"].items():
            files[file]["executed_lines"].update(found["executed_lines"])
            files[file]["executed_branches"].update(map(tuple, found["executed_branches"]))
    return files


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
    limit = float(settings["fail-under-in-ci" if os.environ.get("CI") == "true" else "fail-under"])
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
