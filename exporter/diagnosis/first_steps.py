"""The table (diagnosis, reason) -> first step, and which failure of a round gives the reason. Pure.

A pair without a row of its own has the first step of its diagnosis. The texts are templates of `Wording`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from exporter.diagnosis.rules import RULE_OF, Diagnosis
from exporter.diagnosis.wording import PAGE, Wording
from exporter.reasons import CERTIFICATE_REASONS, Failure, Reason
from exporter.targets import AccessPath

_ELSEWHERE = frozenset(
    {
        Reason.NOT_FOUND,
        Reason.CLIENT_ERROR,
        Reason.REDIRECT,
        Reason.INVALID_BODY,
        Reason.TOO_LARGE,
    }
)
_LOGIN = frozenset({Reason.UNAUTHORIZED, Reason.FORBIDDEN})
_OF_CERTIFICATES = CERTIFICATE_REASONS | {Reason.TLS_HANDSHAKE}

_PROXY_DOWN = {
    Reason.RESOLVE: "The name of the proxy path does not resolve: check its spelling and DNS.",
    Reason.CONNECT_TIMEOUT: "443 does not answer, though 9443 of the cluster does: check the firewalls on the way, "
    "then the worker.",
    Reason.CONNECT: "443 cannot be reached, though 9443 of the cluster can: check routing and load balancer, "
    "then the worker.",
    Reason.TIMEOUT: "The worker accepts connections and does not answer: restart it through the direct path "
    "(Onepanel on port 9443).",
    Reason.CONNECTION_LOST: "443 closes connections amid the answer: check the worker's log for a crash, "
    "and the load balancer if there is one.",
}
_PROXY_BROKEN = {
    Reason.PROXY_UPSTREAM: "The worker, or the load balancer in front of it, cannot reach Onepanel: "
    "check the certificate chain of 9443 and the log of the worker.",
    Reason.CONNECTION_LOST: "443 loses requests: check the worker's log for crashes, and any load balancer.",
    Reason.SERVER_ERROR: "443 answers with errors that are not Onepanel's: check the log of the worker, "
    "and of the load balancer if there is one.",
    **dict.fromkeys(
        _LOGIN, "443 asks for a login before Onepanel does: exempt `/api/v3/onepanel` from the login page."
    ),
    **dict.fromkeys(
        _ELSEWHERE,
        "443 is answered by something else than the worker: check what listens there, and its routes.",
    ),
}
_PANEL_DOWN = {
    Reason.TIMEOUT: "The worker runs, Onepanel hangs: restart Onepanel on that host.",
    **dict.fromkeys(
        (Reason.CONNECT_TIMEOUT, Reason.CONNECT, Reason.RESOLVE),
        "The worker runs and cannot reach Onepanel; 9443 is not reachable from here: "
        "log in to that host, and restart Onepanel if it does not run.",
    ),
}
_UNREACHABLE = {
    Reason.RESOLVE: "The name does not resolve: check its spelling and DNS.",
    Reason.CONNECTION_REFUSED: "The host is up, but refuses connections: start the worker and Onepanel on it.",
    Reason.CONNECT_TIMEOUT: "The host does not answer: check that it is up, then the firewalls on the way.",
    Reason.CONNECT: "The host cannot be reached: check routing, firewalls and any load balancer.",
    Reason.TIMEOUT: "The host accepts connections, and nothing on it answers: log in over its console.",
    Reason.CONNECTION_LOST: "Connections are closed amid the answer: check worker and Onepanel for crashes, "
    "and the load balancer if there is one.",
    Reason.PROXY_UPSTREAM: "A load balancer answers, the cluster behind it does not: check the cluster's hosts.",
    **dict.fromkeys(
        _ELSEWHERE | _LOGIN,
        "What answers is not Onedata: check the URL, then what listens there.",
    ),
}
_UNHEALTHY = {
    Reason.TIMEOUT: "A public operation of Onepanel hangs, as it does when a node is frozen: "
    "find the node whose 9443 does not answer.",
    Reason.CONNECTION_LOST: "Onepanel closes connections amid the answer: check its log for crashes.",
    Reason.SERVER_ERROR: "Onepanel answers and fails: check its log, and whether its own database runs.",
    Reason.TEMPORARY_FAILURE: "Onepanel answers 503 with an error: its id names the cause; check Onepanel's log.",
    Reason.SERVICE_UNAVAILABLE: "Onepanel's circuit breaker opens or closes: check the free space of its database.",
    Reason.INVALID_BODY: "The port answers without Onepanel's words: check what listens there, then Onepanel's log.",
    **dict.fromkeys(
        _LOGIN, "Onepanel rejects a request that needs no credentials: check whether its own database runs."
    ),
}
_CERTIFICATE = {
    Reason.CERTIFICATE_EXPIRED: "Renew the certificate; with Let's Encrypt, find out why its renewal failed.",
    Reason.CERTIFICATE_NOT_YET_VALID: "Compare the clocks of the host and of the exporter; "
    "if both are right, replace the certificate.",
    Reason.CERTIFICATE_NAME_MISMATCH: "The certificate is for another name: check where the domain leads; "
    "if the name differs on purpose, {server_name}.",
    Reason.CERTIFICATE_UNTRUSTED: "Check that the server sends its whole chain; "
    "for a private authority, trust it {trust}; for a public one, update the trust store of the exporter.",
    Reason.CERTIFICATE_CHAIN_INCOMPLETE: "Serve the whole chain: the certificate followed by its intermediates; "
    "browsers that have seen them before hide this fault.",
    Reason.CERTIFICATE_ISSUER_EXPIRED: "Serve the chain of a current issuer: the certificate itself has not expired; "
    "if it is the root, update the trust store of the exporter.",
    Reason.TLS_HANDSHAKE: "The port does not use TLS as expected: check whether it serves plain HTTP, "
    "only old TLS versions, or requires a client certificate.",
}
_DIRECT_DOWN = {
    Reason.RESOLVE: "The name of the direct path does not resolve: {direct_url}.",
    Reason.CONNECTION_REFUSED: "9443 refuses connections, though Onepanel runs: check the address that it listens on; "
    "if that is meant to be, {only_proxy}.",
    Reason.TIMEOUT: "9443 accepts connections and does not answer, though Onepanel runs: check what is in front of it.",
    Reason.CONNECTION_LOST: "9443 closes connections, though Onepanel runs: check what is in front of it.",
    **dict.fromkeys(
        _ELSEWHERE | _LOGIN | {Reason.PROXY_UPSTREAM, Reason.SERVER_ERROR},
        "9443 is answered by something else than Onepanel: {direct_url}; if that is meant to be, {only_proxy}.",
    ),
}
FIRST_STEPS: Mapping[Diagnosis, Mapping[Reason, str]] = {
    Diagnosis.PROXY_DOWN: _PROXY_DOWN,
    Diagnosis.PROXY_BROKEN: _PROXY_BROKEN,
    Diagnosis.PANEL_DOWN: _PANEL_DOWN,
    Diagnosis.UNREACHABLE: _UNREACHABLE,
    Diagnosis.UNHEALTHY: _UNHEALTHY,
    Diagnosis.CERTIFICATE: _CERTIFICATE,
    Diagnosis.DIRECT_DOWN: _DIRECT_DOWN,
}

# The path whose failure gives the reason, first the one that is tried first.
_DIRECT_FIRST = (AccessPath.DIRECT, AccessPath.PROXY)
_PATHS: Mapping[Diagnosis, tuple[AccessPath, ...]] = {
    Diagnosis.PROXY_DOWN: (AccessPath.PROXY,),
    Diagnosis.PROXY_BROKEN: (AccessPath.PROXY,),
    Diagnosis.DIRECT_DOWN: (AccessPath.DIRECT,),
    Diagnosis.PANEL_DOWN: _DIRECT_FIRST,
    Diagnosis.UNHEALTHY: _DIRECT_FIRST,
}
# Reasons that decide a diagnosis, wherever they occur.
_DECIDING: Mapping[Diagnosis, frozenset[Reason]] = {
    Diagnosis.CERTIFICATE: _OF_CERTIFICATES,
    Diagnosis.DATABASE_FULL: frozenset({Reason.SERVICE_UNAVAILABLE}),
}
# These hold whatever fails.
_WITHOUT_CAUSE = frozenset(
    {Diagnosis.OK, Diagnosis.MISMATCH, Diagnosis.NOT_DEPLOYED, Diagnosis.ZONE_DISCONNECTED}
)
# Of several reasons why a host cannot be reached, the most informative one: an answer, then a connection, then none.
_MOST_TELLING = (
    Reason.TIMEOUT,
    Reason.CONNECTION_LOST,
    Reason.CONNECTION_REFUSED,
    Reason.CONNECT,
    Reason.CONNECT_TIMEOUT,
    Reason.RESOLVE,
)


def first_step(diagnosis: Diagnosis, reason: Reason | None, wording: Wording = PAGE) -> str:
    """Return what to do first; total, so that `reason` may be any, or None."""
    steps = FIRST_STEPS.get(diagnosis, {})
    step = steps.get(reason) if reason else None
    return wording.fill(step or RULE_OF[diagnosis].step)


def cause(diagnosis: Diagnosis, failures: Mapping[AccessPath, Iterable[Failure]]) -> Failure | None:
    """Return the failure that a diagnosis rests on; None where it rests on none.

    `failures` are those of each path that is to be considered, in the order of its requests.
    """
    if diagnosis in _WITHOUT_CAUSE:
        return None
    paths = _PATHS.get(diagnosis, tuple(AccessPath))
    found = [failure for path in paths for failure in failures.get(path, ())]
    return min(found, key=partial(_rank, diagnosis), default=None)


def _rank(diagnosis: Diagnosis, failure: Failure) -> int:
    """Return the rank of a failure among those of a diagnosis; the first one of the lowest rank is the cause."""
    if diagnosis is Diagnosis.UNREACHABLE:
        return _MOST_TELLING.index(failure.reason) if failure.reason in _MOST_TELLING else -1
    if diagnosis is Diagnosis.UNHEALTHY:
        # An unhealthy neighbour leaves `configuration` alone: if both fail, the fault is its own.
        is_own = failure.reason is Reason.SERVER_ERROR and failure.from_onepanel
        return 0 if is_own else 1 if failure.reason is Reason.UNHEALTHY else 2
    return int(failure.reason not in _DECIDING.get(diagnosis, ()))
