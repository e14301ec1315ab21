"""What becomes of a request when the servers misbehave: scripted to the byte, and counted."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.client.at_most_once import ChangeOutcome, classify_outcome
from exporter.reasons import Failure, Reason
from exporter.simulator import Authority
from exporter.simulator.authority import Credential
from tests.support.forking import Ended
from tests.support.servers import ScriptedServer, Wire, closed_port, http, onepanel_answer, silent
from tests.support.terminal import Terminal

CREATE = ("create", "--username", "alice", "--password-stdin")
SET_PASSWORD = ("set-password", "u1", "--password-stdin")
PASSWORD = "canary-password"


def error(error_id: str, status: str) -> bytes:
    body = {"error": {"id": error_id, "description": "said so", "details": {}}}
    return http(json.dumps(body).encode(), status=status)


EMPTY_503 = http(b"", "content-type:", status="503 Service Unavailable")
CREATED = http(b'{"id":"u1"}', status="201 Created")


@dataclass
class Panel:
    """A Onepanel whose public operations work, and that answers all else with `answer`, or not at all."""

    server: ScriptedServer
    bodies: list[bytes]

    @property
    def changes(self) -> int:
        """How many changing requests came."""
        return sum(heard.count(b"POST ") + heard.count(b"PATCH ") for heard in self.server.heard)


@asynccontextmanager
async def panel(
    authority: Authority, answer: bytes | None, public: bytes | None = None
) -> AsyncIterator[Panel]:
    bodies: list[bytes] = []

    async def script(wire: Wire) -> None:
        while True:
            head = await wire.request()
            length = next(
                (
                    int(line.split(":")[1])
                    for line in head.split("\r\n")
                    if line.lower().startswith("content-length")
                ),
                0,
            )
            bodies.append(await wire.reader.readexactly(length))
            if "/configuration " in head:
                await wire.send(public or onepanel_answer(head))
            elif answer is None:
                wire.reset()
                return
            else:
                await wire.send(answer)

    async with ScriptedServer(script, authority.server_context(Credential.GOOD)) as server:
        yield Panel(server, bodies)


async def administer(
    authority: Authority,
    folder: Path,
    action: tuple[str, ...],
    proxy_port: int,
    direct_port: int,
    *options: str,
) -> Ended:
    terminal = Terminal(None, folder)  # type: ignore[arg-type]  # no zone is asked here
    return await terminal.run(
        "users",
        *action,
        *("--url", f"https://127.0.0.1:{proxy_port}", "--direct-url", f"https://127.0.0.1:{direct_port}"),
        *("--tls.ca-file", terminal.file("ca.pem", authority.ca_pem), "--timeout", "3s"),
        *terminal.credentials("the-token"),
        *options,
        stdin=PASSWORD + "\n",
    )


@pytest.mark.parametrize(
    ("answer", "code", "advice"),
    [
        (CREATED, 0, "created user u1"),
        (error("badValuePassword", "400 Bad Request"), 1, "correct the value"),
        (error("unauthorized", "401 Unauthorized"), 1, "check the token"),
        (error("forbidden", "403 Forbidden"), 1, "administrator"),
        (error("notFound", "404 Not Found"), 1, "`users list`"),
        (error("alreadyExists", "409 Conflict"), 1, "the name is taken"),
        (error("serviceUnavailable", "503 Service Unavailable"), 1, "running Onezone worker"),
        (error("internalServerError", "500 Internal Server Error"), 3, "not sent again"),
        (error("errorOnNodes", "503 Service Unavailable"), 3, "not sent again"),
        (EMPTY_503, 3, "not sent again"),
        (http(b"<html>", "content-type: text/html", status="504 Gateway Timeout"), 3, "not sent again"),
        (http(b"nonsense", status="201 Created"), 3, "not sent again"),
        (None, 3, "not sent again"),
    ],
)
async def test_a_change_is_sent_once_whatever_is_answered(
    authority: Authority, tmp_path: Path, answer: bytes | None, code: int, advice: str
) -> None:
    async with panel(authority, answer) as proxy, panel(authority, CREATED) as direct:
        ended = await administer(authority, tmp_path, CREATE, proxy.server.port, direct.server.port)
    assert (ended.code, proxy.changes, direct.changes) == (code, 1, 0)
    assert advice in ended.out + ended.err
    assert PASSWORD not in ended.out + ended.err


@pytest.mark.parametrize("action", [CREATE, SET_PASSWORD])
async def test_a_change_goes_direct_when_the_proxy_does_not_lead_to_onepanel(
    authority: Authority, tmp_path: Path, action: tuple[str, ...]
) -> None:
    answer = CREATED if action is CREATE else http(b"", "content-type:", status="204 No Content")
    async with panel(authority, CREATED, public=EMPTY_503) as proxy, panel(authority, answer) as direct:
        ended = await administer(authority, tmp_path, action, proxy.server.port, direct.server.port)
    assert (ended.code, proxy.changes, direct.changes) == (0, 0, 1)
    assert any(PASSWORD.encode() in body for body in direct.bodies)


async def test_a_change_goes_direct_when_no_connection_opens(authority: Authority, tmp_path: Path) -> None:
    async with panel(authority, CREATED) as direct:
        ended = await administer(authority, tmp_path, CREATE, closed_port(), direct.server.port)
    assert (ended.code, direct.changes) == (0, 1)
    assert "connection_refused" in ended.err


async def test_a_chosen_path_is_the_only_one(authority: Authority, tmp_path: Path) -> None:
    async with panel(authority, CREATED) as direct:
        port = closed_port()
        ended = await administer(authority, tmp_path, CREATE, port, direct.server.port, "--path", "proxy")
    assert (ended.code, direct.server.accepted) == (3, 0)
    assert "the user was not created" in ended.err


@pytest.mark.parametrize("answer", [EMPTY_503, None, http(b"<html>", "content-type: text/html")])
async def test_a_read_continues_over_direct_if_onepanel_does_not_answer(
    authority: Authority, tmp_path: Path, answer: bytes | None
) -> None:
    async with panel(authority, answer) as proxy, panel(authority, http(b'{"ids":["u1","u2"]}')) as direct:
        ended = await administer(authority, tmp_path, ("list",), proxy.server.port, direct.server.port)
    assert (ended.code, ended.out.split()) == (0, ["u1", "u2"])


async def test_the_passphrase_follows_a_refused_token(authority: Authority, tmp_path: Path) -> None:
    answer = error("unauthorized", "401 Unauthorized")
    phrase = tmp_path / "phrase"
    phrase.write_text("the-passphrase")
    async with panel(authority, answer) as proxy:
        ended = await administer(
            authority,
            tmp_path,
            CREATE,
            proxy.server.port,
            closed_port(),
            *("--passphrase-file", str(phrase)),
        )
        heard = b"".join(proxy.server.heard).lower()
    assert (ended.code, proxy.changes) == (1, 2)
    assert heard.index(b"x-auth-token: the-token") < heard.index(b"authorization: basic ")
    assert "the-passphrase" not in ended.err


@pytest.mark.parametrize(
    ("action", "message"),
    [(("list",), "interrupted"), (CREATE, "interrupted; it is not known what became of the request")],
)
async def test_an_interrupted_command_reports_what_may_have_changed(
    tmp_path: Path, action: tuple[str, ...], message: str
) -> None:
    terminal = Terminal(None, tmp_path)  # type: ignore[arg-type]  # no zone is asked here
    async with ScriptedServer(silent) as server:
        url, direct_url = (f"https://{host}:{server.port}" for host in ("127.0.0.1", "localhost"))
        options = ("--url", url, "--direct-url", direct_url, *terminal.credentials("the-token"))
        running = await terminal.start("users", *action, *options)
        assert running.stdin is not None
        running.stdin.write(f"{PASSWORD}\n".encode())
        running.stdin.write_eof()
        await server.connected(1)
        running.send_signal(signal.SIGINT)
        _out, err = await asyncio.wait_for(running.communicate(), 30)
    assert (running.returncode, err.decode().strip()) == (3, message)


@pytest.mark.parametrize(
    ("failure", "opened", "outcome"),
    [
        (None, True, ChangeOutcome.DONE),
        (Failure(Reason.CONNECTION_REFUSED), False, ChangeOutcome.NOT_SENT),
        (Failure(Reason.TLS_HANDSHAKE), False, ChangeOutcome.NOT_SENT),
        (Failure(Reason.TLS_HANDSHAKE), True, ChangeOutcome.UNKNOWN),
        (Failure(Reason.TIMEOUT), True, ChangeOutcome.UNKNOWN),
        (Failure(Reason.CONNECTION_LOST), True, ChangeOutcome.UNKNOWN),
        (Failure(Reason.PROXY_UPSTREAM), True, ChangeOutcome.UNKNOWN),
        (Failure(Reason.SERVICE_UNAVAILABLE, "", "serviceUnavailable"), True, ChangeOutcome.REFUSED),
        (Failure(Reason.SERVER_ERROR, "", "internalServerError"), True, ChangeOutcome.UNKNOWN),
        (Failure(Reason.FORBIDDEN, "", "forbidden"), True, ChangeOutcome.REFUSED),
    ],
)
def test_the_outcome_of_a_request_follows_from_its_failure(
    failure: Failure | None,
    opened: bool,
    outcome: ChangeOutcome,
) -> None:
    assert classify_outcome(failure, opened=opened) is outcome


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["users", "list", "--url", "https://zone.example"], "no credentials"),
        (["users", "list"], "no target is configured"),
        (["users"], "ACTION"),
        (["users", "show", ".."], "no id or name of a user"),
        (
            [
                "users",
                "create",
                "--username",
                "a",
                "--url",
                "https://zone.example",
                "--token-file",
                "{token}",
            ],
            "terminal",
        ),
        (["users", "create", "--username", "a", "--password", "x"], "unrecognized"),
        *(
            (["users", "create", "--username", "a", option, "a\udcff"], f"{option}: is not UTF-8 text")
            for option in ("--username", "--full-name", "--group")
        ),
        (
            [
                "users",
                "list",
                "--auth",
                "passphrase",
                "--url",
                "https://zone.example",
                "--token-file",
                "{token}",
            ],
            "no passphrase",
        ),
        (
            [
                *("users", "set-password", "u1", "--password-file", "/does/not/exist"),
                *("--url", "https://zone.example", "--token-file", "{token}"),
            ],
            "cannot read the password",
        ),
    ],
)
async def test_bad_usage_is_reported_before_any_request(
    tmp_path: Path, options: list[str], message: str
) -> None:
    terminal = Terminal(None, tmp_path)  # type: ignore[arg-type]  # no zone is asked here
    token = terminal.file("token", "the-token")
    ended = await asyncio.wait_for(terminal.run(*(each.format(token=token) for each in options)), 30)
    assert ended.code == 2
    assert message in ended.err
