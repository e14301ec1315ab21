"""The JSON Schema of the configuration, and what it finds in a document.

The validator is imported at its first use: it takes seconds, and every process of the tests collects all tests.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from exporter.settings.json_schema import json_schema

SCHEMA = json_schema()


def _validator(schema: dict[str, Any]) -> Any:
    return import_module("jsonschema").Draft7Validator(schema)


@cache
def _of_configurations() -> Any:
    return _validator(SCHEMA)


def check_schema() -> None:
    """Raise jsonschema.SchemaError if the schema is not valid itself."""
    _validator(SCHEMA).check_schema(SCHEMA)


def faults(document: object) -> list[str]:
    """Return what is wrong in a configuration."""
    return [error.message for error in _of_configurations().iter_errors(document)]


def accepts(schema: dict[str, Any], value: object) -> bool:
    """Return whether a part of the schema accepts a value."""
    return bool(_validator(schema).is_valid(value))
