"""`check-credentials NAME`: what a target's credentials allow, and whether that exceeds the need."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator

from exporter import log
from exporter.client.at_most_once import AtMostOnceRequest
from exporter.client.client import Client
from exporter.commands.credential_remarks import (
    MORE_THAN_NEEDED,
    Grade,
    Remark,
    of_caveats,
    of_credential,
    of_operation,
    of_privileges,
)
from exporter.commands.target_selection import select_target
from exporter.credentials import AuthMethod, headers
from exporter.credentials.caveats import read_caveats
from exporter.files import cause, read_secret
from exporter.operations import component_status, configuration, dns_check, web_certificate, worker_report
from exporter.operations.current_user import current_user
from exporter.operations.operation import API_ROOT, Known, Operation, Request
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, failure_of
from exporter.polling.token_scope import scope_fault
from exporter.reasons import Failure
from exporter.settings.errors import ConfigurationError
from exporter.targets import AccessPath, Kind, Route, Target

_TIMEOUT_SECONDS = 10.0
_CONFINED = "the token for discovered clusters is not known to work outside of their panels"
_NEEDED: tuple[Operation[Facts], ...] = (
    component_status.WORKERS,
    component_status.MANAGERS,
    component_status.DATABASES,
    web_certificate.OPERATION,
    dns_check.OPERATION,
)


def run(arguments: argparse.Namespace) -> int:
    """Check the credentials. 0: correct; 1: too broad, or about to expire; 2: not accepted; 3: not verified."""
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
    remarks = [*asyncio.run(_examine(target)), *_of_discovered(target)]
    for method, remark in remarks:
        print(f"{remark.grade.name.lower():8}{method}: {remark.text}")
    return max(remark.grade for _method, remark in remarks)


def _of_discovered(zone: Target) -> Iterator[tuple[AuthMethod, Remark]]:
    """Yield a remark about the token that discovered clusters receive, if there is one."""
    discovery = zone.discovery
    if discovery is None or discovery.template is None or discovery.template.auth.token is None:
        return
    fault = scope_fault(discovery)
    yield (
        AuthMethod.TOKEN,
        Remark(Grade.BAD, f"rejected: {fault}") if fault else Remark(Grade.OK, _CONFINED),
    )


async def _examine(target: Target) -> list[tuple[AuthMethod, Remark]]:
    client = Client(log.report_bug)
    try:
        known = await _known(client, target)
        found: list[tuple[AuthMethod, Remark]] = []
        for method in target.auth.methods:
            remarks = await _examine_method(client, target, method, known)
            found.extend((method, remark) for remark in remarks)
        return found
    finally:
        await client.close()


async def _known(client: Client, target: Target) -> Known:
    """Return the kind of the cluster; where none is configured, from its public configuration."""
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
    """Return the routes, direct ones first: they work while the worker is down."""
    return sorted(target.routes, key=lambda route: route.path is AccessPath.PROXY)


async def _examine_method(client: Client, target: Target, method: AuthMethod, known: Known) -> list[Remark]:
    secret = target.auth.secret(method)
    try:
        value = read_secret(secret) if secret else ""
    except (OSError, ValueError) as error:
        return [Remark(Grade.BAD, f"its file {cause(error)}")]
    at_most_once = AtMostOnceRequest(client, target, _routes(target), {method: headers(method, value)})
    remarks = await _examine_rights(at_most_once, method, known)
    return [*remarks, *(of_caveats(read_caveats(value), time.time()) if method is AuthMethod.TOKEN else [])]


async def _examine_rights(at_most_once: AtMostOnceRequest, method: AuthMethod, known: Known) -> list[Remark]:
    """Ask for what polling needs; a credential that is not accepted has one remark, and nothing more is asked."""
    remarks: list[Remark] = []
    for name, request in _requests(known):
        reply, _steps = await at_most_once.run(request)
        not_accepted = of_credential(method, reply)
        if not_accepted is not None:
            return [*remarks, not_accepted]
        remarks.append(of_operation(name, reply))
    if method is AuthMethod.PASSPHRASE:
        return [*remarks, MORE_THAN_NEEDED]
    reply, _steps = await at_most_once.run(current_user())
    return [*remarks, *of_privileges(reply)]


def _requests(known: Known) -> Iterator[tuple[str, Request[object]]]:
    """Yield what polling asks with credentials: the first request of each conversation."""
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
