"""The credentials of a target: read again when their files change, set aside for a while when rejected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from exporter.client.rejections import Credential, Rejections
from exporter.credentials import AuthMethod, Secret, Verdict, headers
from exporter.credentials.caveats import read_caveats
from exporter.files import FileVersion, cause, file_version, read_secret
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Route, Target
from exporter.tasks import HangingReads

_INLINE: FileVersion = (0,)


@dataclass(slots=True)
class _Kept:
    """A secret as last read, and why it is not shown.

    `unreadable`: its file cannot be read. `unverifiable`: the service that verifies it is down.
    """

    value: str = field(default="", repr=False)
    version: FileVersion = ()
    unreadable: Failure | None = None
    unverifiable: Failure | None = None


class CredentialProvider:
    """The credentials of one target; those that were rejected are noted, and looked up, in `rejections`.

    `accepted` holds which were accepted (True) or rejected (False) since `begin`; one that is set aside
    because it was rejected before, here or by another client, is still rejected. Once rejected, a credential
    stays so for the rest of the round.
    """

    def __init__(self, target: Target, rejections: Rejections) -> None:
        self._target = target
        self._rejections = rejections
        self._kept = {method: _Kept() for method in target.auth.methods}
        self._worked_last: AuthMethod | None = None
        self._reads: HangingReads[tuple[str, FileVersion] | None] = HangingReads()
        self._rejected: set[AuthMethod] = set()
        self.accepted: dict[AuthMethod, bool] = {}

    @property
    def methods(self) -> tuple[AuthMethod, ...]:
        """Return the configured methods, usable or not."""
        return self._target.auth.methods

    @property
    def token_expires_at(self) -> float | None:
        """Return when the token expires by its caveats, in seconds since the epoch; None if unknown or never."""
        kept = self._kept.get(AuthMethod.TOKEN)
        caveats = read_caveats(kept.value) if kept and kept.value else None
        return caveats.valid_until if caveats else None

    async def begin(self, up: Iterable[Route] = ()) -> None:
        """Begin a new round, in which Onepanel answers over the routes that are `up`.

        A token that could not be verified gets another chance. But if another method works instead of it,
        that is remembered as long as the proxy path stays down: the worker, which would verify the token, is
        down too.
        """
        proxy_is_down = AccessPath.PROXY in self._target.expected_paths and not any(
            route.path is AccessPath.PROXY for route in up
        )
        if not (proxy_is_down and self._worked_last):
            for kept in self._kept.values():
                kept.unverifiable = None
        self.accepted = {}
        self._rejected = set()
        await self._check_all()

    async def usable(self) -> list[AuthMethod]:
        """Return the methods that are not set aside, in the order of preference. Read files that changed."""
        await self._check_all()
        return [method for method in self._kept if self._obstacle(method) is None]

    async def secrets(self) -> list[str]:
        """Return the secrets as last read, for their redaction; reads files that changed."""
        for method in self._kept:
            await self._refresh(method)
        return [kept.value for kept in self._kept.values() if kept.value]

    def headers(self, method: AuthMethod) -> dict[str, str]:
        """Return the headers that carry the credential of this method."""
        return headers(method, self._kept[method].value)

    def failure_of(self) -> Failure:
        """Return why no method is usable."""
        obstacles = [failure for method in self._kept if (failure := self._obstacle(method))]
        return obstacles[-1] if obstacles else Failure(Reason.UNAUTHORIZED, "no credentials are configured")

    def note(self, method: AuthMethod, verdict: Verdict, failure: Failure | None) -> None:
        """Remember whether an answer accepted or rejected a credential."""
        if verdict is Verdict.ACCEPTED:
            self._worked_last = method
            self.accepted[method] = method not in self._rejected
        elif verdict is Verdict.REJECTED:
            self._rejected.add(method)
            self.accepted[method] = False
        elif verdict is Verdict.FORBIDDEN:
            self.accepted.setdefault(method, False)
        if method is self._worked_last and verdict in {Verdict.REJECTED, Verdict.UNVERIFIABLE}:
            self._worked_last = None
        if verdict is Verdict.REJECTED and failure is not None:
            self._rejections.note(self._credential(method), failure)
        elif verdict is Verdict.UNVERIFIABLE:
            self._kept[method].unverifiable = failure

    def _credential(self, method: AuthMethod) -> Credential:
        return self._rejections.credential(self._target, method, self._kept[method].value)

    def _obstacle(self, method: AuthMethod) -> Failure | None:
        """Return why a method is set aside."""
        kept = self._kept[method]
        return kept.unreadable or kept.unverifiable or self._rejections.standing(self._credential(method))

    async def _check_all(self) -> None:
        """Read files that changed, and note which credentials were rejected meanwhile."""
        for method in self._kept:
            await self._refresh(method)
            if self._rejections.standing(self._credential(method)):
                self.accepted.setdefault(method, False)

    async def _refresh(self, method: AuthMethod) -> None:
        """Read a secret that may have changed; only another secret is tried before the time of the old one."""
        secret, kept = self._target.auth.secret(method), self._kept[method]
        if secret is None or (not secret.file and kept.version):
            return
        read = partial(_read_if_changed, secret, kept.version)
        try:
            found = await self._reads.run(method, read) if secret.file else read()
        except (OSError, ValueError) as error:
            kept.version, kept.unreadable = (), _unreadable(secret, error)
            return
        if found is None:
            return
        value, version = found
        if value != kept.value:
            self._kept[method] = _Kept(value, version)
            self.accepted.pop(method, None)
            self._rejected.discard(method)
        else:
            kept.version, kept.unreadable = version, None


def _read_if_changed(secret: Secret, known: FileVersion) -> tuple[str, FileVersion] | None:
    """Return a secret and its version; None if it has the version that is known."""
    version = file_version(secret.file) if secret.file else _INLINE
    return None if version and version == known else (read_secret(secret), version)


def _unreadable(secret: Secret, error: OSError | ValueError) -> Failure:
    return Failure(Reason.UNAUTHORIZED, f"cannot read {secret.file}: {cause(error)}")
