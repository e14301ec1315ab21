"""Credentials that Onepanel rejected of late: one memory of them for all clients that could send them again."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from exporter.credentials import AuthMethod
from exporter.reasons import Failure
from exporter.targets import Target

# So that a wrong secret neither locks an account nor floods the log of the cluster. It is a little less
# than a minute, so that a round which comes every minute need not be late to try again.
_RETRY_SECONDS = 59.5


class Credential(NamedTuple):
    """A secret, as it is shown to one cluster; identified by a keyed fingerprint."""

    origins: tuple[str, str]
    method: AuthMethod
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class _Rejection:
    failure: Failure
    until: float


class Rejections:
    """Which credentials were rejected within the last minute, and why.

    The clients of a process share it, and it outlives reloads. It holds no secret, and of a rejection nothing
    after that minute. A client that sends a credential does not wait for another one that is sending it, too.
    Both may then find out that it is rejected, once a minute at most.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fingerprint_key = secrets.token_bytes(hashlib.blake2b.MAX_KEY_SIZE)
        self._found: dict[Credential, _Rejection] = {}

    def credential(self, target: Target, method: AuthMethod, secret: str) -> Credential:
        """Return a key for a secret of a target: it depends on the secret and the origins, not on the target's name."""
        fingerprint = hashlib.blake2b(secret.encode(), key=self._fingerprint_key).digest()
        return Credential((target.proxy_url, target.direct_url), method, fingerprint)

    def note(self, credential: Credential, failure: Failure) -> None:
        """Note that a credential was rejected just now."""
        now = self._clock()
        standing = {known: each for known, each in self._found.items() if each.until > now}
        self._found = {**standing, credential: _Rejection(failure, now + _RETRY_SECONDS)}

    def standing(self, credential: Credential) -> Failure | None:
        """Return why a credential must not be sent again yet; None if it may."""
        found = self._found.get(credential)
        return found.failure if found is not None and found.until > self._clock() else None
