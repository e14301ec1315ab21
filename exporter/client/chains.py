"""The chain of certificates of one TLS connection, and what is wrong with it.

The error of a failed verification names neither the certificate of the chain that it is about nor one that is
missing. Both are derived from the chain as the server sent it. The addresses of issuers that certificates
name are never fetched.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from exporter.certificates import MAX_CHAIN, ParsedCertificate
from exporter.reasons import Failure, Reason

_ENCODING_DER = 2  # of the module _ssl
_MAX_INTERMEDIATES = 1000
# X509_V_ERR_…: no issuer (2, 20, 21), and self-signed (18, 19).
_ISSUER_UNKNOWN = frozenset({2, 18, 19, 20, 21})


def served_chain(ssl_object: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates that a server has sent, its own first (DER); nothing if Python does not give them."""
    chain = _chain(ssl_object, "get_unverified_chain")
    own = () if chain else (ssl_object.getpeercert(binary_form=True),)
    return chain or tuple(der for der in own if der)


def verified_chain(ssl_object: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates by which a server was verified, up to the trusted one; nothing if Python gives none."""
    return _chain(ssl_object, "get_verified_chain")


def _chain(ssl_object: ssl.SSLObject, method: str) -> tuple[bytes, ...]:
    """Return what a method gives that is public since Python 3.13, and that the object within has since 3.10."""
    public: Callable[[], Iterable[bytes]] | None = getattr(ssl_object, method, None)
    hidden = getattr(getattr(ssl_object, "_sslobj", None), method, None)
    try:
        if public is not None:
            return tuple(public())[:MAX_CHAIN]
        if hidden is not None:
            return tuple(each.public_bytes(_ENCODING_DER) for each in (hidden() or ())[:MAX_CHAIN])
    except (ssl.SSLError, AttributeError, TypeError, ValueError):
        pass
    return ()


class KnownIntermediates:
    """The intermediates of verified chains, by their subjects: those seen last, a bounded number."""

    def __init__(self) -> None:
        self._keys: dict[bytes, None] = {}

    def add(self, chain: Sequence[ParsedCertificate]) -> None:
        """Remember those of a verified chain: all between the server's own and the trusted one."""
        for each in chain[1:-1]:
            self._keys.pop(each.subject_key, None)
            self._keys[each.subject_key] = None
        while len(self._keys) > _MAX_INTERMEDIATES:
            del self._keys[next(iter(self._keys))]

    def __contains__(self, key: bytes) -> bool:
        return key in self._keys


@dataclass(frozen=True, slots=True)
class Refusal:
    """A verification that failed with a code of OpenSSL at a time (seconds since the epoch), on a chain as sent.

    `past` is a time that has certainly passed.
    """

    verify_code: int
    chain: Sequence[ParsedCertificate]
    now: float
    past: float = 0.0

    def explain(self, failure: Failure, intermediates: KnownIntermediates) -> Failure:
        """Return the failure with the certificate that it is about, and its reason accordingly."""
        if not self.chain:
            return failure
        if failure.reason is Reason.CERTIFICATE_EXPIRED:
            return self._expired(failure)
        if failure.reason is Reason.CERTIFICATE_NAME_MISMATCH and not self.chain[0].has_alternative_names:
            return replace(
                failure, detail=f"{self.chain[0].name} is its common name; it has no alternative names"
            )
        if failure.reason is Reason.CERTIFICATE_NOT_YET_VALID:
            return replace(failure, detail=self._too_early())
        if self.verify_code in _ISSUER_UNKNOWN:
            return self._untrusted(failure, intermediates)
        return failure

    def _too_early(self) -> str:
        """Return which certificate is not valid yet, and the time of this machine's clock: one of both is wrong."""
        early = next((each for each in self.chain if each.shown.not_before > self.now), self.chain[0])
        clock = f"this machine's clock shows {_written(self.now)}"
        if self.now < self.past:
            return f"{clock}, which is before the exporter was installed: set the clock"
        begins = f"{early.name} is valid from {_written(early.shown.not_before)}"
        return f"{begins}, but {clock}: one of both is wrong"

    def _expired(self, failure: Failure) -> Failure:
        leaf, *issuers = self.chain
        if leaf.shown.not_after < self.now:
            return failure
        expired = next((each.name for each in issuers if each.shown.not_after < self.now), "")
        issuer = expired or f"{self._top.issuer_name}, of the trust store,"
        return Failure(Reason.CERTIFICATE_ISSUER_EXPIRED, f"the issuer {issuer} has expired")

    def _untrusted(self, failure: Failure, intermediates: KnownIntermediates) -> Failure:
        top, leaf = self._top, self.chain[0]
        if top.is_self_issued and top is leaf:
            return replace(failure, detail=f"{top.name} is self-signed, and not in the trust store")
        is_intermediate = top.issuer_key in intermediates or (top is leaf and leaf.names_issuer_address)
        if is_intermediate and not top.is_self_issued:
            detail = f"the server does not send the intermediate {top.issuer_name}, which issued {top.name}"
            return Failure(Reason.CERTIFICATE_CHAIN_INCOMPLETE, detail)
        return replace(failure, detail=f"issuer {top.issuer_name} is not in the trust store")

    @property
    def _top(self) -> ParsedCertificate:
        """Return the last certificate on the way from the server's own to its issuers, as far as they were sent."""
        by_subject = {each.subject_key: each for each in reversed(self.chain)}
        top = self.chain[0]
        passed = {top.subject_key}
        while top.issuer_key in by_subject.keys() - passed:
            top = by_subject[top.issuer_key]
            passed.add(top.subject_key)
        return top


def _written(timestamp: float) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"


def strict_objection(chain: Sequence[ParsedCertificate]) -> str:
    """Return what VERIFY_X509_STRICT refuses of a verified chain, of which the last certificate is the trusted one.

    It is off for the exporter, so that the same server is judged alike by every Python; from 3.13 on it is the
    default of Python's own clients.
    """
    for place, each in enumerate(chain, start=1):
        if objection := each.strict_objection(is_last=place == len(chain)):
            return objection
    return ""
