"""Credentials: an access token, the emergency passphrase, or both; and whether an answer accepts them. Pure.

A token can be verified only while the worker runs, which is exactly when it is not needed most; the
passphrase is verified inside Onepanel.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from exporter.reasons import Failure, Reason

PASSPHRASE_USER = "onepanel"


class AuthMethod(StrEnum):
    """A way to authenticate, in the order of preference; the metric label `method`."""

    TOKEN = "token"
    PASSPHRASE = "passphrase"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, given inline or as the file that holds it; its value is never shown."""

    value: str = field(default="", repr=False)
    file: str = ""


@dataclass(frozen=True, slots=True)
class Auth:
    """The credentials of a target; None for a method that is not configured."""

    token: Secret | None = None
    passphrase: Secret | None = None

    def __bool__(self) -> bool:
        return self.token is not None or self.passphrase is not None

    def secret(self, method: AuthMethod) -> Secret | None:
        """Return the secret of a method."""
        return self.token if method is AuthMethod.TOKEN else self.passphrase

    @property
    def methods(self) -> tuple[AuthMethod, ...]:
        """Return the configured methods, in the order of preference."""
        return tuple(method for method in AuthMethod if self.secret(method))


def headers(method: AuthMethod, secret: str) -> dict[str, str]:
    """Return the request headers that carry a secret. Basic is sent without a challenge: Onepanel sends none."""
    if method is AuthMethod.TOKEN:
        return {"X-Auth-Token": secret}
    pair = f"{PASSPHRASE_USER}:{secret}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


class Verdict(Enum):
    """What a response means for the credential that was sent."""

    ACCEPTED = auto()
    REJECTED = auto()
    FORBIDDEN = auto()
    UNVERIFIABLE = auto()
    NOTHING = auto()


def judge(method: AuthMethod, failure: Failure | None) -> Verdict:
    """Return the verdict of a response; `failure` is None for a success.

    FORBIDDEN: the credential is known, but does not allow this operation. UNVERIFIABLE: Onepanel cannot
    verify a token without a worker, and no credential without its own database, when a 401 names no fault
    of the credential. Onepanel checks credentials before anything else, so that every other answer of its
    own means that they were accepted.
    """
    if failure is None:
        return Verdict.ACCEPTED
    if failure.reason is Reason.UNAUTHORIZED:
        return Verdict.REJECTED if failure.cause_id else Verdict.UNVERIFIABLE
    if failure.reason is Reason.FORBIDDEN:
        return Verdict.FORBIDDEN
    if failure.error_id in {"serviceUnavailable", "noServiceNodes"}:
        return Verdict.UNVERIFIABLE if method is AuthMethod.TOKEN else Verdict.NOTHING
    return Verdict.ACCEPTED if failure.from_onepanel else Verdict.NOTHING
