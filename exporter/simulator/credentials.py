"""The caller of a request: Onepanel checks credentials first, also on public operations."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from enum import Enum

from exporter.simulator.cluster import Cluster
from exporter.simulator.errors import (
    BAD_PASSPHRASE,
    BAD_TOKEN,
    CONFINED_TOKEN,
    EXPIRED_TOKEN,
    FAILURES,
    SERVICE_UNAVAILABLE,
    UNAUTHORIZED,
    no_worker_deployed,
)
from exporter.simulator.messages import Reply, Request
from exporter.simulator.tokens import admits, has_expired
from exporter.targets import Kind

_HEADERS = ("authorization", "x-auth-token", "macaroon")


class Caller(Enum):
    """What a request may do: a member of the cluster may read, an administrator may also change it.

    The emergency passphrase gives the rights of an administrator, and belongs to no user.
    """

    ANONYMOUS = "anonymous"
    MEMBER = "member"
    ADMINISTRATOR = "administrator"
    EMERGENCY = "emergency"


def carries_credentials(request: Request) -> bool:
    """Return whether a request shows credentials of any kind, right or wrong."""
    return any(name in request.headers for name in _HEADERS)


def authenticate(request: Request, cluster: Cluster) -> Caller | Reply:
    """Return the caller, or the rejection of wrong credentials as a `Reply`.

    The passphrase wins over a token, and its scheme is written `Basic`, exactly. A token is verified by
    the worker, so that without one no token is accepted, nor found wrong. Without the database of
    Onepanel no credentials can be verified.
    """
    scheme, _space, value = request.headers.get("authorization", "").partition(" ")
    token = value if scheme == "Bearer" else request.headers.get("x-auth-token")
    token = request.headers.get("macaroon") if token is None else token
    if scheme != "Basic" and token is None:
        return Caller.ANONYMOUS
    if cluster.database_down:
        return UNAUTHORIZED
    return (
        _check_basic(value, cluster) if token is None or scheme == "Basic" else _check_token(token, cluster)
    )


def _check_basic(value: str, cluster: Cluster) -> Caller | Reply:
    try:
        given = base64.b64decode(value, validate=True)
    except binascii.Error:
        return UNAUTHORIZED
    passphrase = cluster.passphrase.encode()
    right = (b"onepanel:" + passphrase, passphrase)
    is_right = any(hmac.compare_digest(given, one) for one in right)
    return Caller.EMERGENCY if is_right else BAD_PASSPHRASE


def authenticate_at_worker(request: Request, cluster: Cluster) -> Caller | Reply:
    """Return the caller of the worker's REST API, or the refusal of wrong credentials.

    The worker accepts tokens only: the emergency passphrase belongs to Onepanel.
    """
    scheme, _space, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        return BAD_PASSPHRASE
    token = value if scheme == "Bearer" else request.headers.get("x-auth-token")
    return Caller.ANONYMOUS if token is None else _judge_token(token, cluster, cluster.worker_service)


def _check_token(token: str, cluster: Cluster) -> Caller | Reply:
    """Have the worker verify a token; that of a Oneprovider asks its Onezone."""
    if not cluster.deployed:
        return no_worker_deployed(cluster.worker)
    if not cluster.worker_serves:
        return SERVICE_UNAVAILABLE
    if cluster.kind is Kind.ONEPROVIDER and cluster.provider is None:
        return FAILURES["unregisteredOneprovider"]
    if cluster.kind is Kind.ONEPROVIDER and not cluster.connected:
        return FAILURES["noConnectionToOnezone"]
    return _judge_token(token, cluster, cluster.panel_service)


def _judge_token(token: str, cluster: Cluster, service: str) -> Caller | Reply:
    if token in cluster.expired_tokens or has_expired(token, time.time()):
        return EXPIRED_TOKEN
    if token not in cluster.tokens | cluster.member_tokens:
        return BAD_TOKEN
    if not admits(token, service):
        return CONFINED_TOKEN
    return Caller.ADMINISTRATOR if token in cluster.tokens else Caller.MEMBER
