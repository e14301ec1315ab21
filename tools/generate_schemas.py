"""Write the JSON Schemas of the configuration and of the chart's values; with --check, fail if they differ."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from exporter.commands.config_schema import schema_text
from exporter.settings.json_schema import definitions
from tools.generate_chart_rules import LINKS, settings
from tools.generated import write_or_check

ROOT = Path(__file__).parent.parent
CONFIGURATION = ROOT / "docs" / "config.schema.json"
HELM = ROOT / "deploy" / "helm"
BASE = HELM / "values.schema.base.json"
_TIME = "([0-9]+(ms|s|m|h|d|w|y))+"
# In these tables, an empty text is a time, too: none.
_TABLES_OF_TIMES = frozenset({"after", "keep"})
VALUES = HELM / "onedata-exporter" / "values.schema.json"


def values_schema() -> dict[str, Any]:
    """Return the schema of the chart's values: the written part, and the configuration in it."""
    base: dict[str, Any] = json.loads(BASE.read_text(encoding="utf-8"))
    below = definitions()
    for schema in below.values():
        _refuse_secrets(schema)
    base["definitions"] = {**base["definitions"], **below}
    rules = {key: value for key, value in settings().items() if key not in LINKS}
    base["properties"]["prometheusRule"]["properties"]["config"] = _rule_settings(rules)
    return base


def _rule_settings(value: Any, key: str = "") -> dict[str, Any]:
    """Return the schema of settings of the mixin that are like a value: all keys are known."""
    if isinstance(value, dict):
        times = key if key in _TABLES_OF_TIMES else ""
        properties = {name: _rule_settings(below, times or name) for name, below in value.items()}
        return {"type": "object", "additionalProperties": False, "properties": properties}
    if isinstance(value, list):
        return {"type": "array", "items": {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"}}
    if isinstance(value, str):
        is_time = key in _TABLES_OF_TIMES or re.fullmatch(_TIME, value)
        return {"type": "string", **({"pattern": f"^({_TIME})?$"} if is_time else {})}
    return {"type": "number", "exclusiveMinimum": 0}


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
