"""What `check-credentials` prints about the answers to a credential and about a token's caveats. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from exporter.credentials import AuthMethod, Verdict, judge
from exporter.credentials.caveats import Caveats
from exporter.operations.current_user import Privileges
from exporter.operations.outcome import NotLearnt
from exporter.reasons import Failure, Reason

_DAY = 86_400
_SOON_DAYS = 14
_CORRECT = {
    AuthMethod.TOKEN: "create a new token in Onezone, for a member of this cluster",
    AuthMethod.PASSPHRASE: "set it in the file or in Onepanel, so that both agree",
}


class Grade(IntEnum):
    """How bad a remark is; the worst is the exit code."""

    OK = 0
    WARNING = 1
    BAD = 2
    UNKNOWN = 3


class Remark(NamedTuple):
    """One line of the report."""

    grade: Grade
    text: str


MORE_THAN_NEEDED = Remark(
    Grade.WARNING, "allows everything that Onepanel can do; an access token with caveats can be confined"
)


def of_credential(method: AuthMethod, reply: object) -> Remark | None:
    """Return what ends the check: the credential is rejected, or cannot be verified; None when it was accepted."""
    if isinstance(reply, NotLearnt):
        return Remark(Grade.UNKNOWN, f"cannot be verified: {reply}")
    failure = reply if isinstance(reply, Failure) else None
    verdict = judge(method, failure)
    if failure is None or verdict in {Verdict.ACCEPTED, Verdict.FORBIDDEN}:
        return None
    if verdict is Verdict.REJECTED:
        return Remark(Grade.BAD, f"rejected ({failure.detail}): {_CORRECT[method]}")
    if verdict is Verdict.UNVERIFIABLE:
        return Remark(Grade.UNKNOWN, f"cannot be verified: {_why_unverifiable(failure)} ({failure.detail})")
    # Onepanel answers the passphrase without a verdict on it where an operation needs the worker.
    return None if failure.from_onepanel else Remark(Grade.UNKNOWN, f"Onepanel does not answer ({failure})")


def _why_unverifiable(failure: Failure) -> str:
    if failure.reason is not Reason.UNAUTHORIZED:
        return "only a running worker verifies tokens, and the worker is down"
    if failure.from_onepanel:
        return "Onepanel names no fault of the credential, as when its own database is down"
    return "the answer is not Onepanel's"


def of_operation(name: str, reply: object) -> Remark:
    """Return whether an operation is allowed, of a credential that is not rejected."""
    if not isinstance(reply, Failure):
        return Remark(Grade.OK, f"{name}: allowed")
    if reply.reason is Reason.FORBIDDEN:
        text = "the user is not a member of this cluster, or lacks the privilege for it"
        return Remark(Grade.BAD, f"{name}: not allowed ({reply.detail}): {text}")
    if judge(AuthMethod.PASSPHRASE, reply) is Verdict.NOTHING:
        return Remark(Grade.UNKNOWN, f"{name}: not verified, the worker is down ({reply.detail})")
    # Onepanel checks rights before it looks for anything: an error of its own means that they suffice.
    return Remark(Grade.OK, f"{name}: allowed")


def of_privileges(reply: object) -> Iterator[Remark]:
    """Yield a warning for the token of an administrator, and a remark where the privileges are not known."""
    if isinstance(reply, Privileges):
        if reply.may_administer:
            text = "allows to administer users; polling needs no privilege beyond membership in the cluster"
            yield Remark(Grade.WARNING, text)
        return
    known_to_lack_it = isinstance(reply, Failure) and reply.reason in {Reason.NOT_FOUND, Reason.CLIENT_ERROR}
    grade = Grade.OK if known_to_lack_it else Grade.UNKNOWN
    yield Remark(grade, f"the privileges of its user were not learnt ({reply})")


def of_caveats(caveats: Caveats | None, now: float) -> Iterator[Remark]:
    """Yield what a token's caveats confine, and what they leave open."""
    if caveats is None:
        yield Remark(Grade.WARNING, "its caveats cannot be read here; see the token in Onezone")
        return
    yield _of_time(caveats.valid_until, now)
    for kind, meaning in (
        ("ip", "works from every address"),
        ("service", "works for every service of the zone, not only this Onepanel"),
    ):
        if caveats.has(kind):
            yield Remark(Grade.OK, f"confined by a caveat `{kind}`")
        else:
            yield Remark(Grade.WARNING, f"has no caveat `{kind}`: {meaning}")


def _of_time(valid_until: float | None, now: float) -> Remark:
    if valid_until is None:
        return Remark(Grade.WARNING, "has no caveat `time`: it never expires by itself")
    days = (valid_until - now) / _DAY
    if days <= 0:
        return Remark(Grade.BAD, f"expired {-days:.1f} days ago")
    return Remark(Grade.WARNING if days < _SOON_DAYS else Grade.OK, f"expires in {days:.1f} days")
