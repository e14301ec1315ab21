"""Write grafana/dashboards/*.json. With --check, write nothing and fail when a file differs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import exporter, fleet, target

BUILDS = (fleet.build, target.build, exporter.build)
FOLDER = Path(__file__).parent.parent / "dashboards"


def files() -> dict[Path, str]:
    """Every dashboard's file and its text: with the defaults that Grafana's schema adds when it reads one."""
    register_default_plugins()
    boards = [Dashboard.from_json(json.loads(_json(build()))) for build in BUILDS]
    return {FOLDER / f"{board.uid}.json": _json(board) + "\n" for board in boards}


def _json(board: Dashboard) -> str:
    return json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)


def main() -> None:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when a file is out of date"
    )
    check = parser.parse_args().check
    stale = [
        (path, text)
        for path, text in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if check and stale:
        names = ", ".join(path.name for path, _text in stale)
        sys.exit(f"out of date, run `make grafana`: {names}")
    for path, text in stale:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
