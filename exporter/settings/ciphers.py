"""Cipher suites: the names that Prometheus' web configuration uses (IANA's, as Go knows them), and OpenSSL's.

Only suites that Go, too, calls secure. Those of TLS 1.3 cannot be chosen, in Go as in Python: they are always on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TLS12 = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
_TLS13 = frozenset({"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"})


def check_cipher_suite(name: str) -> str:
    """Accept the name of a cipher suite.

    Raises:
        ValueError: it is none, or one that is not secure.
    """
    if name not in _TLS12 and name not in _TLS13:
        known = ", ".join((*_TLS12, *sorted(_TLS13)))
        raise ValueError(f"is no cipher suite that can be used; there are {known}")
    return name


def openssl_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return what OpenSSL calls those of the suites that belong to TLS 1.2."""
    return tuple(_TLS12[name] for name in names if name in _TLS12)
