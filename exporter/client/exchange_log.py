"""The whole of an exchange, for an explanation: headers, and the certificates served.

It is made for `probe --explain` only: elsewhere, `Observe` is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from exporter.client.redaction import Redaction
from exporter.observation import Trace
from exporter.operations.responses import sanitize

Observe: TypeAlias = Callable[[Trace], None]

SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "macaroon", "proxy-authorization", "set-cookie", "x-auth-token"}
)
MASK = "<masked>"


def readable(headers: Mapping[str, str], redaction: Redaction) -> tuple[tuple[str, str], ...]:
    """Return headers for people, in the order in which they were sent; what may be a secret is masked."""
    return tuple(
        (sanitize(name), MASK if name.lower() in SECRET_HEADERS else sanitize(redaction.text(value)))
        for name, value in headers.items()
    )
