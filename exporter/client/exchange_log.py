"""The whole of an exchange, for one who wants an explanation: headers, and the certificates served.

Nothing of it is made unless somebody asks for it: `Observe` is None in a polling exporter.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from exporter.client.certificates import read_certificate
from exporter.client.redaction import Redaction
from exporter.observation import Certificate, Trace
from exporter.operations.responses import sanitize

Observe: TypeAlias = Callable[[Trace], None]

_SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "macaroon", "proxy-authorization", "set-cookie", "x-auth-token"}
)
_MASK = "<masked>"
_ENCODING_DER = 2  # of the module _ssl


def readable(headers: Mapping[str, str], redaction: Redaction) -> tuple[tuple[str, str], ...]:
    """Return headers for people, in the order in which they were sent; what may be a secret is masked."""
    return tuple(
        (sanitize(name), _MASK if name.lower() in _SECRET_HEADERS else sanitize(redaction.text(value)))
        for name, value in headers.items()
    )


def served_chain(ssl_object: Any) -> list[bytes] | None:
    """Return the certificates that a server has shown, its own first (DER); None if Python does not give them."""
    public = getattr(ssl_object, "get_unverified_chain", None)  # Python 3.13
    hidden = getattr(getattr(ssl_object, "_sslobj", None), "get_unverified_chain", None)  # since 3.10
    try:
        if public is not None:
            return list(public())
        if hidden is not None:
            return [each.public_bytes(_ENCODING_DER) for each in hidden() or ()]
    except (ssl.SSLError, AttributeError, TypeError, ValueError):
        return None
    return None


def read_chain(ders: Iterable[bytes], *, verified: bool) -> tuple[Certificate, ...]:
    """Return the certificates that can be read at all."""
    certificates = (read_certificate(der, verified=verified) for der in ders)
    return tuple(each for each in certificates if each is not None)
