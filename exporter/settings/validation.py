"""Which values are wrong, and why, as text for people. Values themselves are never repeated: they may be secret."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from exporter.settings.addresses import parse_origin
from exporter.settings.discover_keys import template_values
from exporter.settings.keys import walk
from exporter.settings.pace import pace_faults
from exporter.settings.schema import Document
from exporter.settings.target_keys import TargetKeys
from exporter.settings.target_parts import Auth, TargetPoll

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

    from exporter.settings.errors import KeyPath
    from exporter.settings.model import Keys

_WORDS = {
    "missing": "is required",
    "model_type": "must be a mapping, as in {mapping}",
    "dict_type": "must be a mapping, as in {mapping}",
    "tuple_type": "must be a list, as in {list}",
    "frozen_set_type": "must be a list, as in {list}",
    "string_type": "must be text; put it in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "enum": "must be {expected}",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge}",
    "value_error": "{error}",
    "recursion_loop": "must not contain itself",
}

_NO_TARGET = "no target: name at least one, in this list or with --target URL"
# The key itself is not repeated: it may be a secret that was written without its key.
_NO_SUCH_CREDENTIAL = f"has an unknown key; the keys are {', '.join(Auth.model_fields)}"
# Two letters of three in order, as in `tsl` for `tls`.
_ALIKE = 0.66
# Reported by pydantic for a default that depends on another key, when that one is wrong: its fault is enough.
_CONSEQUENCE = "default_factory_not_called"


class Invalid(NamedTuple):
    """A fault without the source that it comes from."""

    path: KeyPath
    message: str


def validate(values: Mapping[str, object]) -> tuple[Document | None, list[Invalid]]:
    """Return the document that the values are, or else None, and everything that is wrong with it."""
    findings = [*_same_names(values.get("targets")), *_discovered_defaults(values)]
    try:
        document = Document.model_validate(values)
    except ValidationError as error:
        return None, find_all(error, Document) + findings
    return document, [*findings, *_paces(document)]


def find_all(error: ValidationError, model: type[Keys]) -> list[Invalid]:
    """Everything that is wrong with the values of a model."""
    return [_finding(each, model) for each in error.errors() if each["type"] != _CONSEQUENCE]


def _finding(error: ErrorDetails, model: type[Keys]) -> Invalid:
    path = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden" and "auth" in path[:-1]:
        return Invalid(path[:-1], _NO_SUCH_CREDENTIAL)
    if error["type"] == "extra_forbidden":
        return Invalid(path, f"unknown key{_did_you_mean(path, model)}")
    if path == ("targets",) and error["type"] in {"missing", "value_error"}:
        return Invalid(path, _NO_TARGET)
    template = _WORDS.get(error["type"])
    if template is None:
        return Invalid(path, error["msg"])
    return Invalid(path, template.format(**error.get("ctx", {}), **_forms(path, model)))


def _forms(path: KeyPath, model: type[Keys]) -> dict[str, str]:
    """Return how the mapping or the list at a place is written, with its required keys, or else its first one."""
    names = tuple(part for part in path if isinstance(part, str))
    # Every key of `defaults` is one of a target, and none is required.
    below = [] if names == ("defaults",) else [each for each in walk(model) if each[0][:-1] == names]
    keys = [place[-1] for place, field in below if field.is_required()] or [
        place[-1] for place, _ in below[:1]
    ]
    mapping = ", ".join(f"{key}: ..." for key in keys)
    key = f"{path[-1]}: " if path and isinstance(path[-1], str) else ""
    return {
        "mapping": f"{key}{{{mapping or 'key: value'}}}",
        "list": f"{key}[{f'{{{mapping}}}' if mapping else '...'}]",
    }


def _did_you_mean(path: KeyPath, model: type[Keys]) -> str:
    """Return the same key further down (`tls.ca_file`) or elsewhere, or the most similar key at the same place."""
    *above, key = (part for part in path if isinstance(part, str))
    places = [place for place, _ in walk(model) if place[0] != "defaults"]
    below = [place[len(above) :] for place in places if list(place[:-1])[: len(above)] == above]
    siblings = [place[0] for place in below if len(place) == 1]
    elsewhere = [_written(place) for place in (*below, *places) if place[-1] == key]
    meant = elsewhere or difflib.get_close_matches(key, siblings, n=1, cutoff=_ALIKE)
    return f"; did you mean {meant[0]}?" if meant else ""


def _written(place: tuple[str, ...]) -> str:
    return ".".join("targets[]" if part == "targets" else part for part in place)


def _paces(document: Document) -> Iterator[Invalid]:
    """Find targets whose own pace does not go with itself, or with that of all targets."""
    for index, target in enumerate(document.targets):
        for key, message in pace_faults(target.poll, document.poll):
            yield Invalid(("targets", index, "poll", key), message)
        own = target.discover.defaults.get("poll") if target.discover else None
        if isinstance(own, dict):
            place: KeyPath = ("targets", index, "discover", "defaults", "poll")
            for key, message in pace_faults(_pace_of_discovered(own, document), document.poll):
                yield Invalid((*place, key), message)


def _pace_of_discovered(own: Mapping[str, object], document: Document) -> TargetPoll:
    try:
        template = template_values({"defaults": {"poll": own}}, document.defaults)
        return TargetKeys.model_validate(template).poll
    except ValueError:  # which is a finding of its own
        return TargetPoll()


def _discovered_defaults(values: Mapping[str, object]) -> Iterator[Invalid]:
    """Find what is wrong with the keys for discovered targets: they are validated as those of a target."""
    targets, defaults = values.get("targets"), values.get("defaults")
    for index, target in enumerate(targets if isinstance(targets, list) else []):
        discover = target.get("discover") if isinstance(target, dict) else None
        if not isinstance(discover, dict) or not isinstance(discover.get("defaults", {}), dict | None):
            continue
        place: KeyPath = ("targets", index, "discover", "defaults")
        try:
            TargetKeys.model_validate(
                template_values(discover, defaults if isinstance(defaults, dict) else {})
            )
        except ValidationError as error:
            own = discover.get("defaults") or {}
            found = find_all(error, TargetKeys)
            yield from (each._replace(path=(*place, *each.path)) for each in found if each.path[0] in own)
        except ValueError as error:
            yield Invalid(place, str(error))


def _same_names(targets: object) -> Iterator[Invalid]:
    """Targets with the name of another one; judged on the values as given, so that no other fault hides it."""
    first: dict[str, int] = {}
    for index, target in enumerate(targets if isinstance(targets, list) else []):
        name = _name(target)
        if name is None:
            continue
        if name in first:
            message = f"targets[{first[name]}] and targets[{index}] have the same name; give each a 'name' of its own"
            yield Invalid(("targets", index, "name"), message)
        first.setdefault(name, index)


def _name(target: object) -> str | None:
    if not isinstance(target, dict):
        return None
    name = target.get("name")
    if name is not None:
        return name if isinstance(name, str) else None
    try:
        return parse_origin(target.get("url"), allow_http=True).host
    except ValueError:
        return None
