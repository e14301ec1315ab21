"""The single values of the keys that concern the pages; see `values.py`."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from exporter.settings import value_schemas
from exporter.settings.addresses import parse_host
from exporter.settings.durations import parse_duration
from exporter.settings.values import TypeName

_LEAST_RETENTION, _LONGEST_RETENTION = 3600.0, 30 * 86_400.0
_LONGEST_NOTES = 2000
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_PLACEHOLDERS = ("{target}", "{alert}")


def check_retention(seconds: float) -> float:
    """Return a retention."""
    if not _LEAST_RETENTION <= seconds <= _LONGEST_RETENTION:
        raise ValueError("must be from 1h to 30d")
    return seconds


def check_prefix(path: str) -> str:
    """Return the beginning of the path of every page, without a slash at its end."""
    path = path.rstrip("/")
    if path and (not _PREFIX.fullmatch(path) or {".", ".."} & set(path.split("/"))):
        raise ValueError("must be a URL path such as /onedata")
    return path


def check_page_url(url: str) -> str:
    """Return the URL of a page, perhaps an empty one. Placeholders stand for what is put in their place."""
    if not url:
        return url
    bare = url
    for placeholder in _PLACEHOLDERS:
        bare = bare.replace(placeholder, "")
    try:
        parts = urlsplit(bare)
    except ValueError:
        raise ValueError("is no URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not bare.isprintable() or " " in bare:
        raise ValueError("must be a URL that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password")
    return url


def check_host_name(host: str) -> str:
    """Return a host name or IP address without a port, as it is compared with the header `Host`."""
    return parse_host(host.strip("[]").removesuffix("."))


def check_notes(text: str) -> str:
    """Return text of several lines."""
    if len(text) > _LONGEST_NOTES:
        raise ValueError(f"must have at most {_LONGEST_NOTES} characters")
    if any(not char.isprintable() and char not in "\n\t" for char in text):
        raise ValueError("must not contain control characters other than line breaks and tabs")
    return text.strip()


Retention = Annotated[
    float,
    BeforeValidator(parse_duration),
    AfterValidator(check_retention),
    TypeName("duration"),
    WithJsonSchema(value_schemas.DURATION),
]
RoutePrefix = Annotated[
    str, AfterValidator(check_prefix), TypeName("URL path"), WithJsonSchema(value_schemas.URL_PREFIX)
]
PageUrl = Annotated[
    str, AfterValidator(check_page_url), TypeName("URL"), WithJsonSchema(value_schemas.PAGE_URL)
]
AllowedHost = Annotated[str, AfterValidator(check_host_name), TypeName("host names")]
Notes = Annotated[str, AfterValidator(check_notes), TypeName("text")]
