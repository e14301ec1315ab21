"""Write grafana/dashboards/*.json. With --check, write nothing and fail when a file differs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import exporter, federation, fleet, target
from grafana.build.frame import ANNOTATION_TITLES
from tools.generated import write_or_check

BUILDS = (fleet.build, target.build, federation.build, exporter.build)
FOLDER = Path(__file__).parent.parent / "dashboards"


def files() -> dict[Path, str]:
    """Return every dashboard's file and its text: with the defaults that Grafana's schema adds when it reads one."""
    register_default_plugins()
    boards = [Dashboard.from_json(json.loads(_json(build()))) for build in BUILDS]
    return {FOLDER / f"{board.uid}.json": _titled(_json(board)) + "\n" for board in boards}


def _json(board: Dashboard) -> str:
    return json.dumps(board, cls=JSONEncoder)


def _titled(text: str) -> str:
    """Return a dashboard as it is committed, with the titles of its annotations."""
    board = json.loads(text)
    for annotation in board["annotations"]["list"]:
        annotation["titleFormat"] = ANNOTATION_TITLES[annotation["name"]]
    return json.dumps(board, indent=2, sort_keys=True, ensure_ascii=False)


def main() -> int:
    """Write the files, or compare them."""
    return write_or_check(__doc__, files(), "make grafana")


if __name__ == "__main__":
    sys.exit(main())
