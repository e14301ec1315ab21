"""Keeping a target's credentials: read anew when their files change, set aside for a while when refused."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from exporter.credentials import Auth, AuthMethod, Secret, Verdict, headers
from exporter.files import FileVersion, file_version, read_secret
from exporter.reasons import Failure, Reason

# So that nobody is locked out of an account, or floods its logs, by a wrong secret. It is a little less
# than a minute, so that a round which comes every minute need not be late to try again.
_RETRY_SECONDS = 59.5
_REST_OF_ROUND = math.inf
_INLINE: FileVersion = (0,)


@dataclass(slots=True)
class _Kept:
    """A secret as last read, and why it is not shown.

    `unreadable`: its file cannot be read. `refused`: Onepanel did not take it, for which it is set aside
    until a moment (monotonic seconds).
    """

    value: str = field(default="", repr=False)
    version: FileVersion = ()
    unreadable: Failure | None = None
    refused: Failure | None = None
    set_aside_until: float = 0.0


class CredentialKeeper:
    """The credentials of one target.

    `accepted` says which were accepted or rejected since `begin`; one that is set aside because it was
    rejected before is still rejected.
    """

    def __init__(self, auth: Auth) -> None:
        self._auth = auth
        self._kept = {method: _Kept() for method in auth.methods}
        self.accepted: dict[AuthMethod, bool] = {}

    @property
    def methods(self) -> tuple[AuthMethod, ...]:
        """The configured methods, usable or not."""
        return self._auth.methods

    def begin(self) -> None:
        """A new round begins, in which a token that could not be verified gets another chance."""
        for kept in self._kept.values():
            if kept.set_aside_until == _REST_OF_ROUND:
                kept.set_aside_until = 0.0
        now = time.monotonic()
        self.accepted = {method: False for method, kept in self._kept.items() if kept.set_aside_until > now}

    def usable(self) -> list[AuthMethod]:
        """The methods that are not set aside, in the order of preference. Reads files that changed."""
        for method in self._kept:
            self._refresh(method)
        now = time.monotonic()
        return [
            method
            for method, kept in self._kept.items()
            if kept.unreadable is None and kept.set_aside_until <= now
        ]

    def headers(self, method: AuthMethod) -> dict[str, str]:
        """The headers that show the credential of this method."""
        return headers(method, self._kept[method].value)

    def refusal(self) -> Failure:
        """Why no method is usable."""
        failures = [failure for kept in self._kept.values() if (failure := kept.unreadable or kept.refused)]
        return failures[-1] if failures else Failure(Reason.UNAUTHORIZED, "no credentials are configured")

    def note(self, method: AuthMethod, verdict: Verdict, failure: Failure | None) -> None:
        """Remember what an answer said of a credential."""
        kept = self._kept[method]
        if verdict is Verdict.ACCEPTED:
            self.accepted[method] = True
        elif verdict in {Verdict.REJECTED, Verdict.FORBIDDEN}:
            self.accepted.setdefault(method, False)
        if verdict is Verdict.REJECTED:
            kept.refused, kept.set_aside_until = failure, time.monotonic() + _RETRY_SECONDS
        elif verdict is Verdict.UNVERIFIABLE:
            kept.refused, kept.set_aside_until = failure, _REST_OF_ROUND

    def _refresh(self, method: AuthMethod) -> None:
        """Read a secret that may have changed; only another secret is tried before the time of the old one."""
        secret, kept = self._auth.secret(method), self._kept[method]
        if secret is None:
            return
        version = file_version(secret.file) if secret.file else _INLINE
        if version and version == kept.version:
            return
        try:
            value = read_secret(secret)
        except (OSError, ValueError) as error:
            kept.version, kept.unreadable = (), _unreadable(secret, error)
            return
        if value != kept.value:
            self._kept[method] = _Kept(value, version)
            self.accepted.pop(method, None)
        else:
            kept.version, kept.unreadable = version, None


def _unreadable(secret: Secret, error: Exception) -> Failure:
    what = getattr(error, "strerror", None) or str(error)
    return Failure(Reason.UNAUTHORIZED, f"cannot read {secret.file}: {what}")
