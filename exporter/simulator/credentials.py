"""Who is asking: Onepanel checks credentials before anything else, on public operations, too."""

from __future__ import annotations

import base64
import binascii
import hmac

from exporter.simulator.cluster import Cluster
from exporter.simulator.errors import (
    BAD_PASSPHRASE,
    BAD_TOKEN,
    NO_WORKER_DEPLOYED,
    SERVICE_UNAVAILABLE,
    UNAUTHORIZED,
)
from exporter.simulator.messages import Reply, Request

_HEADERS = ("authorization", "x-auth-token", "macaroon")


def carries_credentials(request: Request) -> bool:
    """Whether a request shows credentials of any kind, right or wrong."""
    return any(name in request.headers for name in _HEADERS)


def authenticate(request: Request, cluster: Cluster) -> bool | Reply:
    """True: somebody known. False: nobody asks (no credentials). A `Reply`: the refusal of wrong ones.

    The passphrase wins over a token, and its scheme is written `Basic`, exactly. A token is verified by
    the worker, so that without one no token is accepted, nor found wrong.
    """
    scheme, _space, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        return _check_basic(value, cluster)
    token = value if scheme == "Bearer" else request.headers.get("x-auth-token")
    token = request.headers.get("macaroon") if token is None else token
    return False if token is None else _check_token(token, cluster)


def _check_basic(value: str, cluster: Cluster) -> bool | Reply:
    try:
        given = base64.b64decode(value, validate=True)
    except binascii.Error:
        return UNAUTHORIZED
    passphrase = cluster.passphrase.encode()
    right = (b"onepanel:" + passphrase, passphrase)
    return any(hmac.compare_digest(given, one) for one in right) or BAD_PASSPHRASE


def _check_token(token: str, cluster: Cluster) -> bool | Reply:
    if not cluster.deployed:
        return NO_WORKER_DEPLOYED
    if not cluster.worker_running:
        return SERVICE_UNAVAILABLE
    return token in cluster.tokens or BAD_TOKEN
