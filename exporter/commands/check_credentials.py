"""`check-credentials NAME`: what a target's credentials allow, and whether that is more than is needed."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from exporter import log
from exporter.caveats import Caveats, read_caveats
from exporter.client.at_most_once import AtMostOnceRequest
from exporter.client.client import Client
from exporter.commands.target_selection import select_target
from exporter.credentials import AuthMethod, headers
from exporter.files import read_secret
from exporter.operations import component_status, configuration, dns_check, web_certificate, worker_report
from exporter.operations.current_user import Privileges, current_user
from exporter.operations.operation import API_ROOT, Known, Operation, Request
from exporter.operations.outcome import NotLearnt
from exporter.operations.responses import Response, failure_of
from exporter.reasons import Failure, Reason
from exporter.settings.errors import ConfigurationError
from exporter.targets import AccessPath, Kind, Route, Target

_DAY = 86_400
_SOON_DAYS = 14
_TIMEOUT_SECONDS = 10.0
_NEEDED: tuple[Operation[Any], ...] = (
    component_status.WORKERS,
    component_status.MANAGERS,
    component_status.DATABASES,
    web_certificate.OPERATION,
    dns_check.OPERATION,
)


class Grade(IntEnum):
    """How bad a finding is; the worst is the exit code."""

    OK = 0
    WARNING = 1
    BAD = 2
    UNKNOWN = 3


class Finding(NamedTuple):
    """One line of the report."""

    grade: Grade
    text: str


def run(arguments: argparse.Namespace) -> int:
    """0: as it should be; 1: more than is needed, or about to expire; 2: not accepted; 3: could not be found out."""
    log.configure("error", "logfmt")
    try:
        target = select_target(
            arguments,
            name=None if "://" in arguments.subject else arguments.subject,
            url=arguments.subject if "://" in arguments.subject else None,
            timeout=arguments.timeout or _TIMEOUT_SECONDS,
        )
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return Grade.UNKNOWN
    if not target.auth.methods:
        print(
            f"{target.name}: no credentials are configured; see `auth` in docs/configuration.md",
            file=sys.stderr,
        )
        return Grade.UNKNOWN
    findings = asyncio.run(_examine(target))
    for method, finding in findings:
        print(f"{finding.grade.name.lower():8}{method}: {finding.text}")
    return max(finding.grade for _method, finding in findings)


async def _examine(target: Target) -> list[tuple[AuthMethod, Finding]]:
    client = Client(log.report_bug)
    try:
        known = await _known(client, target)
        found: list[tuple[AuthMethod, Finding]] = []
        for method in target.auth.methods:
            found.extend(
                [(method, finding) for finding in await _examine_method(client, target, method, known)]
            )
        return found
    finally:
        await client.close()


async def _known(client: Client, target: Target) -> Known:
    """The kind of the cluster, from its public configuration where it is not configured."""
    if target.kind is not Kind.AUTO:
        return Known(target.kind, can_authenticate=True)
    question = Request(f"{API_ROOT}/configuration", configuration.read)
    for route in _routes(target):
        async with client.connect(target, route) as connection:
            facts, _exchanges = await connection.exchange(question)
        if isinstance(facts, configuration.Configuration):
            return Known(facts.kind, can_authenticate=True)
    return Known(Kind.ONEZONE, can_authenticate=True)


def _routes(target: Target) -> list[Route]:
    """Direct first: it works while the worker is sick."""
    return sorted(target.routes, key=lambda route: route.path is AccessPath.PROXY)


async def _examine_method(client: Client, target: Target, method: AuthMethod, known: Known) -> list[Finding]:
    secret = target.auth.secret(method)
    try:
        value = read_secret(secret) if secret else ""
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return [Finding(Grade.BAD, f"its file {why}")]
    at_most_once = AtMostOnceRequest(client, target, _routes(target), {method: headers(method, value)})
    allowed = [await _allows(at_most_once, name, request) for name, request in _requests(known)]
    findings = [*allowed, *await _more_than_needed(at_most_once, method, known)]
    if method is AuthMethod.TOKEN:
        findings.extend(_of_caveats(read_caveats(value), time.time()))
    return findings


def _requests(known: Known) -> Iterator[tuple[str, Request[object]]]:
    """What polling asks with credentials: the first request of each conversation."""
    for operation in _NEEDED:
        yield operation.name, next(operation.conversation(known))
    yield (
        worker_report.OPERATION.name,
        Request(
            f"{API_ROOT}/{known.service}/nagios", _read_anything, accept="*/*", max_body_bytes=1024 * 1024
        ),
    )


def _read_anything(answer: Response) -> Response | Failure:
    return failure_of(answer) or answer


async def _allows(at_most_once: AtMostOnceRequest, name: str, request: Request[object]) -> Finding:
    reply, _steps = await at_most_once.run(request)
    is_absent = isinstance(reply, Failure) and reply.from_onepanel and reply.reason is Reason.NOT_FOUND
    if is_absent or not isinstance(reply, Failure | NotLearnt):
        return Finding(Grade.OK, f"{name}: allowed")
    if isinstance(reply, Failure) and reply.reason in {Reason.UNAUTHORIZED, Reason.FORBIDDEN}:
        return Finding(Grade.BAD, f"{name}: refused ({reply.detail}). {reply.reason.advice.capitalize()}.")
    return Finding(Grade.UNKNOWN, f"{name}: could not be found out ({reply})")


async def _more_than_needed(
    at_most_once: AtMostOnceRequest, method: AuthMethod, known: Known
) -> list[Finding]:
    if method is AuthMethod.PASSPHRASE:
        text = "allows everything that Onepanel can do; an access token with caveats can be confined"
        return [Finding(Grade.WARNING, text)]
    if known.kind is not Kind.ONEZONE:
        return []
    reply, _steps = await at_most_once.run(current_user())
    if not isinstance(reply, Privileges) or not reply.may_administer:
        return []
    text = "allows to administer users; polling needs no privilege beyond membership in the cluster"
    return [Finding(Grade.WARNING, text)]


def _of_caveats(caveats: Caveats | None, now: float) -> Iterator[Finding]:
    """What a token's caveats confine, and what they leave open."""
    if caveats is None:
        yield Finding(Grade.WARNING, "its caveats cannot be read here; look at the token in Onezone")
        return
    yield _of_time(caveats.valid_until, now)
    for kind, meaning in (
        ("ip", "works from every address"),
        ("service", "works for every service of the zone, not only this Onepanel"),
    ):
        if caveats.has(kind):
            yield Finding(Grade.OK, f"confined by a caveat `{kind}`")
        else:
            yield Finding(Grade.WARNING, f"has no caveat `{kind}`: {meaning}")


def _of_time(valid_until: float | None, now: float) -> Finding:
    if valid_until is None:
        return Finding(Grade.WARNING, "has no caveat `time`: it never expires by itself")
    days = (valid_until - now) / _DAY
    if days <= 0:
        return Finding(Grade.BAD, f"expired {-days:.1f} days ago")
    return Finding(Grade.WARNING if days < _SOON_DAYS else Grade.OK, f"expires in {days:.1f} days")
