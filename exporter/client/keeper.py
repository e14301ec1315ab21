"""Keeping a target's credentials: read anew when their files change, set aside for a while when refused."""

from __future__ import annotations

import time
from dataclasses import dataclass

from exporter.credentials import Auth, AuthMethod, Verdict, headers
from exporter.files import FileVersion, file_version, read_secret
from exporter.reasons import Failure, Reason

# So that nobody is locked out of an account, or floods its logs, by a wrong secret.
_RETRY_SECONDS = 60.0
_INLINE: FileVersion = (0,)


@dataclass(slots=True)
class _Kept:
    """A secret as last read, and until when (monotonic seconds) it is not shown, for which failure."""

    value: str = ""
    version: tuple[int, ...] = ()
    set_aside_until: float = 0.0
    failure: Failure | None = None


class CredentialKeeper:
    """The credentials of one target. `accepted` says which were accepted or rejected since `begin`."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth
        self._kept = {method: _Kept() for method in auth.methods}
        self.accepted: dict[AuthMethod, bool] = {}

    @property
    def methods(self) -> tuple[AuthMethod, ...]:
        """The configured methods, usable or not."""
        return self._auth.methods

    def begin(self) -> None:
        """A new round begins: what its answers say of the credentials replaces what was said before."""
        self.accepted = {}

    def usable(self) -> list[AuthMethod]:
        """The methods that are not set aside, in the order of preference. Reads files that changed."""
        for method in self._kept:
            self._refresh(method)
        now = time.monotonic()
        return [method for method, kept in self._kept.items() if kept.set_aside_until <= now]

    def headers(self, method: AuthMethod) -> dict[str, str]:
        """The headers that show the credential of this method."""
        return headers(method, self._kept[method].value)

    def refusal(self) -> Failure:
        """Why no method is usable."""
        failures = [kept.failure for kept in self._kept.values() if kept.failure]
        return failures[-1] if failures else Failure(Reason.UNAUTHORIZED, "no credentials are configured")

    def note(self, method: AuthMethod, verdict: Verdict, failure: Failure | None) -> None:
        """Remember what an answer said of a credential."""
        if verdict is Verdict.ACCEPTED:
            self.accepted[method] = True
        elif verdict in {Verdict.REJECTED, Verdict.FORBIDDEN}:
            self.accepted.setdefault(method, False)
        if verdict in {Verdict.REJECTED, Verdict.UNVERIFIABLE}:
            self._set_aside(method, failure)

    def _set_aside(self, method: AuthMethod, failure: Failure | None) -> None:
        kept = self._kept[method]
        kept.failure = failure
        kept.set_aside_until = time.monotonic() + _RETRY_SECONDS

    def _refresh(self, method: AuthMethod) -> None:
        secret, kept = self._auth.secret(method), self._kept[method]
        if secret is None:
            return
        try:
            version = file_version(secret.file) if secret.file else _INLINE
            if version != kept.version or not kept.value:
                self._kept[method] = _Kept(read_secret(secret), version)
        except (OSError, ValueError) as error:
            what = getattr(error, "strerror", None) or str(error)
            self._set_aside(method, Failure(Reason.UNAUTHORIZED, f"cannot read {secret.file}: {what}"))
            self._kept[method].version = ()
