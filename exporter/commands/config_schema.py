"""`config-schema`: the JSON Schema of the configuration file, for editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exporter.settings.json_schema import json_schema

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Print the schema. The exit code is 0."""
    del arguments
    print(schema_text(), end="")
    return 0


def schema_text() -> str:
    """Return the schema as it is printed, and as `docs/config.schema.json` contains it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
