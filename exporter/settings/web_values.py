"""The single values of Prometheus' web configuration."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

_BCRYPT = re.compile(r"\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{53}")
_LOWEST_COST, _HIGHEST_COST = 4, 31
_EXPENSIVE_COST = 15
_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_GO_PART = r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(h|ms|m|s|us|µs|ns)"
_GO_DURATION = re.compile(f"(?:{_GO_PART}){{1,10}}")
HEADERS_WITH_FIXED_VALUES = {
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
}


def hash_warning(user: str, text: str) -> str:
    """Return a warning about a hash that is expensive to verify; empty if it is not."""
    cost = int(text[4:6])
    if cost < _EXPENSIVE_COST:
        return ""
    return f"basic_auth_users.{user}: the hash has a cost of {cost}: verifying a password takes seconds; 10 is enough"


def _check_hash(text: str) -> str:
    match = _BCRYPT.fullmatch(text)
    if match is None:
        raise ValueError("must be a bcrypt hash, as from: htpasswd -nBC 10 NAME")
    if not _LOWEST_COST <= int(match["cost"]) <= _HIGHEST_COST:
        raise ValueError(f"the cost of the hash must be between {_LOWEST_COST} and {_HIGHEST_COST}")
    return text


def _check_user(name: str) -> str:
    if not name or ":" in name or not name.isprintable():
        raise ValueError("the name of a user must be printable text without ':'")
    return name


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _check_header(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ValueError("must be printable ASCII text")
    return value


def parse_go_duration(value: object) -> float:
    """Return the seconds of a duration as Go writes it: `1h`, `1.5s`, `1m30s`; or 0.

    Raises:
        ValueError: it is not such a duration.
    """
    if value in {0, "0"} and not isinstance(value, bool):
        return 0.0
    if not isinstance(value, str) or not _GO_DURATION.fullmatch(value):
        raise ValueError("must be a duration with a unit, such as 100ms, 1s or 1m30s")
    return sum(float(count) * _GO_UNITS[unit] for count, unit in re.findall(_GO_PART, value))


HeaderValue = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(_check_header)]
PasswordHash = Annotated[str, AfterValidator(_check_hash)]
UserName = Annotated[str, AfterValidator(_check_user)]
Interval = Annotated[float, BeforeValidator(parse_go_duration)]
