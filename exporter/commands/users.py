"""`users`: administration of the users of a Onezone: list, show, create, set a password."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeVar

from exporter import log
from exporter.client.at_most_once import AtMostOnceRequest, ChangeOutcome, Step
from exporter.client.client import Client
from exporter.commands.passwords import NoPasswordError, read_password
from exporter.commands.target_selection import select_target
from exporter.commands.user_names import NoSuchUserError, fetch_names, resolve
from exporter.commands.users_options import AUTO
from exporter.commands.users_output import UserList, write_failure, write_result
from exporter.credentials import AuthMethod, headers
from exporter.files import cause, read_secret
from exporter.operations.operation import Request
from exporter.operations.outcome import NotLearnt
from exporter.operations.users import UserIds, create_user, list_users, set_password, show_user
from exporter.reasons import Failure
from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.targets import AccessPath, Route, Target

Result = TypeVar("Result")

# Longer than the 30 s for which the proxy waits for Onepanel, so that the outcome of a change is known.
_TIMEOUT_SECONDS = 35.0
_EXIT_BAD_USAGE = 2
_EXIT_NOT_KNOWN = 3
_EXIT_CODES = {
    ChangeOutcome.DONE: 0,
    ChangeOutcome.REFUSED: 1,
    ChangeOutcome.NOT_SENT: 3,
    ChangeOutcome.UNKNOWN: 3,
}


def run(arguments: argparse.Namespace) -> int:
    """Carry out one action. 0: done; 1: refused; 2: bad usage or configuration; 3: not reached, or not known."""
    log.configure("error", "logfmt")
    try:
        target = select_target(
            arguments,
            name=arguments.subject,
            url=arguments.url,
            timeout=arguments.timeout or _TIMEOUT_SECONDS,
        )
        access = _Access(target, arguments.path, _credentials(target, arguments.auth))
        if getattr(arguments, "user_id", ""):
            arguments.user_id = asyncio.run(
                access.use(lambda at_most_once: resolve(at_most_once, arguments.user_id))
            )
        request = _request(arguments)
    except NoSuchUserError as error:
        print(error, file=sys.stderr)
        return _EXIT_CODES[ChangeOutcome.REFUSED]
    except (ConfigurationError, NoPasswordError) as error:
        print(error, file=sys.stderr)
        return _EXIT_BAD_USAGE
    except KeyboardInterrupt:
        print("\nnothing was sent", file=sys.stderr)
        return _EXIT_BAD_USAGE
    try:
        reply, steps = asyncio.run(access.use(lambda at_most_once: _carry_out(at_most_once, request)))
    except KeyboardInterrupt:
        outcome = "; it is not known what became of the request" if request.is_change else ""
        print(f"\ninterrupted{outcome}", file=sys.stderr)
        return _EXIT_NOT_KNOWN
    return _report(arguments, reply, steps)


def _credentials(target: Target, wanted: str) -> dict[AuthMethod, Mapping[str, str]]:
    """Return the headers of the methods that may be used, in the order of preference."""
    found: dict[AuthMethod, Mapping[str, str]] = {}
    for method in target.auth.methods:
        secret = target.auth.secret(method)
        if secret is None or wanted not in {AUTO, method}:
            continue
        try:
            found[method] = headers(method, read_secret(secret))
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                [ConfigError(secret.file or target.name, str(method), cause(error))]
            ) from None
    if not found:
        what = "no credentials" if wanted == AUTO else f"no {wanted}"
        raise ConfigurationError(
            [ConfigError(target.name, "auth", f"{what}; give --token-file or --passphrase-file")]
        )
    return found


def _request(arguments: argparse.Namespace) -> Request[object]:
    if arguments.action == "list":
        return list_users()
    if arguments.action == "show":
        return show_user(arguments.user_id)
    password = read_password(arguments.password_file, from_stdin=arguments.password_stdin)
    if arguments.action == "create":
        return create_user(arguments.username, password, arguments.full_name, tuple(arguments.group))
    return set_password(arguments.user_id, password)


class _Access(NamedTuple):
    """How Onepanel is reached: over which paths, with which credentials."""

    target: Target
    path: str
    credentials: Mapping[AuthMethod, Mapping[str, str]]

    async def use(self, act: Callable[[AtMostOnceRequest], Awaitable[Result]]) -> Result:
        """Return what `act` makes of it."""
        paths = [each for each in AccessPath if self.path in {AUTO, each}]
        routes = [Route(each, node) for each in paths for node in self.target.node_names]
        client = Client(log.report_bug)
        try:
            return await act(AtMostOnceRequest(client, self.target, routes, self.credentials))
        finally:
            await client.close()


async def _carry_out(at_most_once: AtMostOnceRequest, request: Request[object]) -> tuple[object, list[Step]]:
    """Send the request; with a list of ids, ask for the names, too."""
    reply, steps = await at_most_once.run(request)
    if isinstance(reply, UserIds):
        return UserList(reply.ids, tuple(await fetch_names(at_most_once, reply.ids))), steps
    return reply, steps


def _report(arguments: argparse.Namespace, reply: object, steps: list[Step]) -> int:
    """Print the result on standard output, all else on standard error; return the exit code."""
    for step in steps[:-1]:
        print(f"{_where(step)}: {step.failure}; continuing", file=sys.stderr)
    last = steps[-1]
    if isinstance(reply, NotLearnt):
        print(reply, file=sys.stderr)
        return _EXIT_NOT_KNOWN
    if isinstance(reply, Failure):
        print(write_failure(arguments.action, _where(last), last), file=sys.stderr)
    else:
        words, members = write_result(reply, arguments)
        print(json.dumps(members, indent=2) if arguments.format == "json" else words)
        if isinstance(reply, UserList) and len(reply.users) < len(reply.ids):
            print(f"{len(reply.users)} of {len(reply.ids)} names are shown", file=sys.stderr)
    return _EXIT_CODES[last.outcome]


def _where(step: Step) -> str:
    node = f" to {step.route.node}" if step.route.node else ""
    return f"{step.route.path} path{node}" + (f", {step.method}" if step.method else "")
