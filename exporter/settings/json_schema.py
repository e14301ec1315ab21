"""The JSON Schema of the configuration file, generated from its models: for editors, and for the Helm chart.

The schema is stricter than the exporter in two points: it refuses keys without a value, and numbers and switches that
are written as text. Otherwise it accepts whatever the exporter accepts. The reverse does not hold: the schema reads no
files, and compares few values with each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import AfterValidator
from pydantic.json_schema import GenerateJsonSchema

from exporter.settings.collection_checks import check_not_empty
from exporter.settings.discover_keys import NOT_FOR_DISCOVERED, Discover
from exporter.settings.keys import keys_below, walk
from exporter.settings.schema import Document
from exporter.settings.target_keys import MUTUALLY_EXCLUSIVE, TargetKeys
from exporter.settings.target_parts import Auth
from exporter.settings.value_schemas import HTTPS, ORIGIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core.core_schema import WithDefaultSchema

    from exporter.settings.model import Keys

Schema: TypeAlias = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest dialect that all versions of Helm and all editors support."""
TOP = Document.__name__
"""The definition of the whole configuration."""
_TARGET = TargetKeys.__name__
_REFERENCE = "#/definitions/{model}"
_FREE_KEYS = {"^x-": {"description": "free for people and YAML anchors; the exporter ignores it"}}


class _Generator(GenerateJsonSchema):
    """Leave out titles, and defaults that are not plain values."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Return False: the name of a key is its title."""
        del schema
        return False

    def default_schema(self, schema: WithDefaultSchema) -> Schema:
        """Return the schema of a value, with its default if that is a plain one."""
        default = schema.get("default")
        if isinstance(default, bool | int | str) and default != "":
            return super().default_schema(schema)
        return self.generate_inner(schema["schema"])


def json_schema() -> Schema:
    """Return the JSON Schema of the configuration file."""
    below = definitions()
    top = below.pop(TOP)
    return {"$schema": DIALECT, "title": "Configuration of onedata-exporter", **top, "definitions": below}


def definitions() -> dict[str, Schema]:
    """Return a schema for each mapping of the configuration, by the name of its model."""
    top = Document.model_json_schema(ref_template=_REFERENCE, schema_generator=_Generator)
    found: dict[str, Schema] = {**top.pop("$defs"), TOP: top}
    for schema in found.values():
        schema.pop("title", None)
    for model in _models():
        _refine(model, found[model.__name__])
    _describe_defaults(found)
    _describe_discovery(found)
    _exclude_pairs(found)
    _require_https(found)
    top["patternProperties"] = _FREE_KEYS
    return dict(sorted(found.items()))


def _models() -> set[type[Keys]]:
    found: set[type[Keys]] = {Document}
    for place, field in walk():
        found.update(keys_below(place, field))
    return found


def _reference(model: str) -> str:
    return _REFERENCE.format(model=model)


def _refine(model: type[Keys], schema: Schema) -> None:
    """Add what pydantic cannot derive: lists and mappings that must not be empty, and keys that must fit a pattern."""
    for name, below in schema["properties"].items():
        rules = (each.func for each in model.model_fields[name].metadata if isinstance(each, AfterValidator))
        if check_not_empty in rules:
            below["minItems" if below["type"] == "array" else "minProperties"] = 1
        if "patternProperties" in below:
            below["additionalProperties"] = False


def _describe_defaults(found: dict[str, Schema]) -> None:
    """Give mappings of any keys the keys that they may have: those of a model, of which none is required."""
    for place, field in walk():
        for model in keys_below(place, field):
            if field.annotation == dict[str, Any]:
                name = f"Partial{model.__name__}"
                found[name] = {
                    key: value for key, value in found[model.__name__].items() if key != "required"
                }
                parent = found[_model_at(place[:-1]).__name__]["properties"]
                parent[place[-1]] = {"$ref": _reference(name), "description": field.description}


def _describe_discovery(found: dict[str, Schema]) -> None:
    """Let `discover` be a switch, too, and give its `defaults` the keys that discovered targets can have."""
    target = found[_TARGET]["properties"]
    token = {
        key: schema for key, schema in found[Auth.__name__]["properties"].items() if key.startswith("token")
    }
    found["TokenAuth"] = {"type": "object", "additionalProperties": False, "properties": token}
    keys = {key: schema for key, schema in target.items() if key not in NOT_FOR_DISCOVERED}
    found["DiscoveredTarget"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {**keys, "auth": {"$ref": _reference("TokenAuth")}},
    }
    discover = found[Discover.__name__]["properties"]["defaults"]
    discover.pop("additionalProperties", None)
    discover["$ref"] = _reference("DiscoveredTarget")
    target["discover"]["anyOf"] = [{"type": "boolean"}, {"$ref": _reference(Discover.__name__)}]


def _model_at(place: tuple[str, ...]) -> type[Keys]:
    """Return the model of the mapping at a place; the top's is at `()`."""
    model: type[Keys] = Document
    for end, key in enumerate(place, 1):
        model = keys_below(place[:end], model.model_fields[key])[0]
    return model


def _exclude_pairs(found: Mapping[str, Schema]) -> None:
    """Refuse two keys of which only one may be set."""
    for (*above, key), other in MUTUALLY_EXCLUSIVE.items():
        model = _model_at(("targets", *map(str, above))).__name__
        schema, pair = found[model], sorted((key, other))
        both = {"required": pair, "properties": {each: _set(schema["properties"][each]) for each in pair}}
        excluded = schema.setdefault("allOf", [])
        if {"not": both} not in excluded:
            excluded.append({"not": both})


def _set(schema: Schema) -> Schema:
    """Return what distinguishes a value that is set from the default."""
    limits: dict[str, Schema] = {
        "boolean": {"const": True},
        "object": {"minProperties": 1},
        "string": {"minLength": 1},
    }
    return limits[schema["type"]]


def _require_https(found: dict[str, Schema]) -> None:
    """Refuse plain http in the URLs of a target, unless the target or `defaults` allow it."""
    urls = [
        key
        for key, schema in found[_TARGET]["properties"].items()
        if schema.get("pattern") == ORIGIN["pattern"]
    ]
    https = {"properties": {key: {"pattern": HTTPS} for key in urls}}
    found["Https"] = {"if": _allows_http(), "else": https}
    top = found[TOP].setdefault("allOf", [])
    defaults = {"properties": {"defaults": _allows_http()}, "required": ["defaults"]}
    top.append(
        {"if": defaults, "else": {"properties": {"targets": {"items": {"$ref": _reference("Https")}}}}}
    )


def _allows_http() -> Schema:
    return {"properties": {"allow_http": {"const": True}}, "required": ["allow_http"]}
