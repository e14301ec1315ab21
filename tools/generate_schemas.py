"""Write the JSON Schemas of the configuration and of the chart's values; with --check, fail if they differ."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from exporter.commands.config_schema import schema_text
from exporter.settings.json_schema import definitions
from tools.generated import write_or_check

ROOT = Path(__file__).parent.parent
CONFIGURATION = ROOT / "docs" / "config.schema.json"
HELM = ROOT / "deploy" / "helm"
BASE = HELM / "values.schema.base.json"
VALUES = HELM / "onedata-exporter" / "values.schema.json"


def values_schema() -> dict[str, Any]:
    """Return the schema of the chart's values: the written part, and the configuration in it."""
    base: dict[str, Any] = json.loads(BASE.read_text(encoding="utf-8"))
    below = definitions()
    for schema in below.values():
        _refuse_secrets(schema)
    base["definitions"] = {**base["definitions"], **below}
    return base


def _refuse_secrets(schema: dict[str, Any]) -> None:
    """Refuse values that are secret: the configuration is a ConfigMap, which more accounts may read than a Secret."""
    for key, below in schema.get("properties", {}).items():
        if below.get("writeOnly"):
            schema["properties"][key] = False


def files() -> dict[Path, str]:
    """Return every generated file and its text."""
    return {
        CONFIGURATION: schema_text(),
        VALUES: json.dumps(values_schema(), indent=2, ensure_ascii=False) + "\n",
    }


def main() -> int:
    """Write the files, or compare them."""
    return write_or_check(__doc__, files())


if __name__ == "__main__":
    sys.exit(main())
