"""The judgement of request bodies: what Onepanel rejects before it checks rights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exporter.simulator.errors import (
    INTERNAL_ERROR,
    MALFORMED,
    UNSUPPORTED_MEDIA_TYPE,
    bad_list_of_strings,
    bad_string,
    missing,
)
from exporter.simulator.messages import Reply, Request

_READABLE = frozenset({"", "application/json", "application/x-yaml"})


@dataclass(frozen=True, slots=True)
class BodySchema:
    """The keys of a JSON object by type; `required` ones are checked in this order."""

    required: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


ANY_BODY = BodySchema()


def refuse_body(request: Request, schema: BodySchema) -> Reply | None:
    """Return the error of a body that does not fit, None for one that does."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.body and media_type not in _READABLE:
        return UNSUPPORTED_MEDIA_TYPE
    try:
        body = read_body(request)
    except ValueError:
        return MALFORMED
    if not isinstance(body, dict):
        return INTERNAL_ERROR  # the real handler crashes on it
    return _refuse_values(body, schema)


def read_body(request: Request) -> Any:
    """Return the JSON value of a request, an empty object without a body. Raises ValueError."""
    return json.loads(request.body or b"{}")


def _refuse_values(body: Mapping[str, object], schema: BodySchema) -> Reply | None:
    for key in schema.required:
        if key not in body:
            return missing(key)
    for key in schema.strings:
        if not isinstance(body.get(key, ""), str):
            return bad_string(key)
    for key in schema.lists:
        value = body.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            return bad_list_of_strings(key)
    return None
