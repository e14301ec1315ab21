"""Access control on real sockets: TLS, passwords, headers, and reloads of their files."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import bcrypt
import pytest
import trustme

import exporter.settings.web_config
from exporter.settings.web_config import ListenAddress, RateLimit
from exporter.settings.web_config_file import read_web_config
from exporter.web.access_control import AccessControl
from exporter.web.app import create_app, create_health_app
from exporter.web.listening import listen
from exporter.web.rate_limit import TokenBucket
from tests.support.checkups import make_target
from tests.support.waiting import eventually
from tests.web.conftest import Backend

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
USERS = f"basic_auth_users: {{alice: {HASH}}}\n"
LOOPBACK = ListenAddress("127.0.0.1", 0)
CLIENTS = "client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"
AUTHORITY = trustme.CA()
OTHER_AUTHORITY = trustme.CA()


class WebConfigFile:
    """A web configuration in a directory, and what `AccessControl` noted of it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "web.yml"
        self.noted: list[str] = []
        AUTHORITY.cert_pem.write_to_path(folder / "ca.pem")
        self.write_pair(AUTHORITY)

    def write_pair(self, authority: trustme.CA) -> None:
        pair = authority.issue_cert("127.0.0.1")
        (self.file.parent / "c.key").write_bytes(pair.private_key_pem.bytes())
        (self.file.parent / "c.pem").write_bytes(pair.cert_chain_pems[0].bytes())

    def write(self, more: str = "", tls: str | None = None) -> None:
        server = "" if tls is None else f"tls_server_config: {{cert_file: c.pem, key_file: c.key, {tls}}}\n"
        self.file.write_text(f"{server}{more}http_server_config: {{}}\n", encoding="ascii")

    def access_control(self) -> AccessControl:
        return AccessControl(
            read_web_config(str(self.file)), lambda: read_web_config(str(self.file)), self.note
        )

    def note(self, news: exporter.settings.web_config.WebConfig | str) -> None:
        self.noted.append(news if isinstance(news, str) else "")


Serve = Callable[[AccessControl], AsyncExitStack]


@pytest.fixture
def web_config(tmp_path: Path) -> WebConfigFile:
    return WebConfigFile(tmp_path)


@asynccontextmanager
async def serving(backend: Backend, access_control: AccessControl) -> AsyncIterator[str]:
    """The place `host:port` of the pages behind this access control."""
    async with AsyncExitStack() as stack:
        (address,) = await listen(
            stack,
            create_app(backend.pages(access_control=access_control)),
            [LOOPBACK],
            access_control.context,
        )
        yield str(address)


def trusting(authority: trustme.CA = AUTHORITY, client: trustme.CA | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if client is not None:
        client.issue_cert("client.test").configure_cert(context)
    return context


async def get(
    url: str, context: ssl.SSLContext | None = None, user: tuple[str, str] | None = None
) -> aiohttp.ClientResponse:
    headers = {}
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(user).encode()).decode()
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, ssl=context or True, headers=headers) as answer,
    ):
        await answer.read()
        return answer


class TestTls:
    async def test_it_serves_its_certificate_over_the_newest_version(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        web_config.write(tls="")
        async with serving(backend, web_config.access_control()) as place:
            assert (await get(f"https://{place}/-/healthy", trusting())).status == 200

    @pytest.mark.parametrize(
        "sent", [b"", b"\x16\x03\x01\x02\x00"], ids=["silence", "the begin of a handshake"]
    )
    async def test_unfinished_handshakes_lock_no_client_out(
        self, backend: Backend, web_config: WebConfigFile, monkeypatch: pytest.MonkeyPatch, sent: bytes
    ) -> None:
        monkeypatch.setattr("exporter.web.acceptor.HANDSHAKE_SECONDS", 600.0)
        web_config.write(tls="")
        async with serving(backend, web_config.access_control()) as place, AsyncExitStack() as stack:
            silent = []
            for _ in range(600):
                reader, writer = await asyncio.open_connection(*place.split(":"))
                stack.callback(writer.close)
                writer.write(sent)
                silent.append(reader)
            assert (await get(f"https://{place}/-/healthy", trusting())).status == 200

            async def evicted() -> list[bool]:
                return [each.at_eof() or each.exception() is not None for each in silent]

            # The oldest go, one of them for the client that was served.
            expected = [True] * (600 - 512 + 1) + [False] * 511
            await eventually(evicted, lambda found: found == expected)

    async def test_plain_http_is_not_answered(self, backend: Backend, web_config: WebConfigFile) -> None:
        web_config.write(tls="")
        async with serving(backend, web_config.access_control()) as place:
            with pytest.raises(aiohttp.ClientError):
                await get(f"http://{place}/-/healthy")

    @pytest.mark.parametrize(
        ("tls", "highest", "negotiated"),
        [
            ("min_version: TLS12", ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
            ("min_version: TLS13", ssl.TLSVersion.TLSv1_2, None),
            ("min_version: TLS13", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
            ("max_version: TLS12", ssl.TLSVersion.TLSv1_3, "TLSv1.2"),
        ],
    )
    async def test_only_the_versions_of_the_file_are_negotiated(
        self,
        backend: Backend,
        web_config: WebConfigFile,
        tls: str,
        highest: ssl.TLSVersion,
        negotiated: str | None,
    ) -> None:
        web_config.write(tls=tls)
        context = trusting()
        context.maximum_version = highest
        async with serving(backend, web_config.access_control()) as place:
            assert await session_of(place, context) == (negotiated and (negotiated, None))

    async def test_only_the_cipher_suites_of_the_file_are_used(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        web_config.write(
            tls="max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]"
        )
        context = trusting()
        async with serving(backend, web_config.access_control()) as place:
            context.set_ciphers("ECDHE+AES256")
            assert await session_of(place, context) is None
            context.set_ciphers("ECDHE+AES")
            session = await session_of(place, context, with_cipher=True)
            assert session
            assert "AES128-GCM" in str(session[1])

    @pytest.mark.parametrize(
        ("kind", "client", "let_in"),
        [
            ("RequireAndVerifyClientCert", AUTHORITY, True),
            ("RequireAndVerifyClientCert", OTHER_AUTHORITY, False),
            ("RequireAndVerifyClientCert", None, False),
            ("VerifyClientCertIfGiven", AUTHORITY, True),
            ("VerifyClientCertIfGiven", OTHER_AUTHORITY, False),
            ("VerifyClientCertIfGiven", None, True),
        ],
    )
    async def test_clients_show_the_certificates_that_the_file_wants(
        self,
        backend: Backend,
        web_config: WebConfigFile,
        kind: str,
        client: trustme.CA | None,
        *,
        let_in: bool,
    ) -> None:
        web_config.write(tls=f"client_auth_type: {kind}, client_ca_file: ca.pem")
        async with serving(backend, web_config.access_control()) as place:
            url = f"https://{place}/-/healthy"
            if let_in:
                assert (await get(url, trusting(client=client))).status == 200
            else:
                with pytest.raises(aiohttp.ClientError):
                    await get(url, trusting(client=client))

    @pytest.mark.parametrize(
        ("identity", "allowed", "let_in"),
        [
            ("client.test", "[other.test, client.test]", True),
            ("client.test", "[other.test]", False),
            ("client.test", "[]", True),
            ("192.0.2.7", "[192.0.2.7]", True),
            ("2001:db8::7", "['2001:db8::7']", True),
            ("ops@client.test", "[ops@client.test]", True),
            ("client.test", "['*.test']", False),
        ],
    )
    async def test_clients_have_one_of_the_names_that_the_file_allows(
        self, backend: Backend, web_config: WebConfigFile, identity: str, allowed: str, *, let_in: bool
    ) -> None:
        web_config.write(tls=f"{CLIENTS}, client_allowed_sans: {allowed}")
        context = trusting()
        AUTHORITY.issue_cert(identity).configure_cert(context)
        async with serving(backend, web_config.access_control()) as place:
            url = f"https://{place}/-/healthy"
            if let_in:
                assert (await get(url, context)).status == 200
            else:
                with pytest.raises(aiohttp.ClientError):
                    await get(url, context)

    async def test_certificate_key_and_authorities_may_be_inline(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        folder = web_config.file.parent
        texts = {"cert": "c.pem", "key": "c.key", "client_ca": "ca.pem"}
        inline = {key: (folder / name).read_text(encoding="ascii") for key, name in texts.items()}
        (folder / "c.key").unlink()
        server = {**inline, "client_auth_type": "RequireAndVerifyClientCert"}
        web_config.file.write_text(json.dumps({"tls_server_config": server}), encoding="ascii")
        access_control = web_config.access_control()
        assert "PRIVATE KEY" not in repr(access_control._config)
        async with serving(backend, access_control) as place:
            url = f"https://{place}/-/healthy"
            assert (await get(url, trusting(client=AUTHORITY))).status == 200
            with pytest.raises(aiohttp.ClientError):
                await get(url, trusting())

    async def test_only_the_curve_of_the_file_is_used(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        web_config.write(tls="curve_preferences: [CurveP384]")
        async with serving(backend, web_config.access_control()) as place:
            for curve, negotiated in (("secp384r1", True), ("prime256v1", False)):
                context = trusting()
                context.set_ecdh_curve(curve)
                assert (await session_of(place, context) is not None) is negotiated


async def test_requests_above_the_rate_limit_are_refused(backend: Backend, web_config: WebConfigFile) -> None:
    web_config.write("rate_limit: {interval: 1h, burst: 2}\n")
    pages = backend.pages(access_control=web_config.access_control())
    async with AsyncExitStack() as stack:
        (place,) = await listen(stack, create_app(pages), [LOOPBACK])
        (health,) = await listen(stack, create_health_app(pages), [LOOPBACK])
        answers = [await get(f"http://{place}/") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert int(answers[2].headers["Retry-After"]) > 3500
        assert (await get(f"http://{health}/-/healthy")).status == 200


def test_a_bucket_fills_again_with_time() -> None:
    bucket = TokenBucket(RateLimit(10.0, 2), 0.0)
    assert [bucket.take(now) for now in (0.0, 0.0, 0.0, 4.0, 10.0, 10.0, 100.0, 100.0, 100.0)] == [
        *(0, 0, 10, 6, 0, 10, 0, 0, 10)
    ]


async def session_of(
    place: str, context: ssl.SSLContext, *, with_cipher: bool = False
) -> tuple[str, str | None] | None:
    """The version of TLS that is agreed on, and perhaps the cipher; None when nothing is."""
    host, port = place.rsplit(":", 1)
    try:
        _reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
    except (ssl.SSLError, ConnectionError):
        return None
    session = writer.get_extra_info("ssl_object")
    writer.close()
    return session.version(), session.cipher()[0] if with_cipher else None


class TestChanges:
    async def test_a_new_certificate_is_served_without_a_restart(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        web_config.write(tls="")
        access_control = web_config.access_control()
        async with serving(backend, access_control) as place:
            url = f"https://{place}/-/healthy"
            assert (await get(url, trusting())).status == 200
            web_config.write_pair(OTHER_AUTHORITY)
            await access_control.check()
            assert (await get(url, trusting(OTHER_AUTHORITY))).status == 200
            with pytest.raises(aiohttp.ClientSSLError):
                await get(url, trusting())
        assert web_config.noted == [""]

    async def test_a_broken_new_certificate_leaves_the_old_one(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        web_config.write(tls="")
        access_control = web_config.access_control()
        async with serving(backend, access_control) as place:
            (web_config.file.parent / "c.pem").write_text("broken", encoding="ascii")
            await access_control.check()
            assert (await get(f"https://{place}/-/healthy", trusting())).status == 200
            await access_control.check()
        (noted,) = web_config.noted
        assert noted.startswith(f"{web_config.file}: tls_server_config.")

    async def test_a_changed_file_that_could_not_be_read_for_a_while_is_read_again(
        self, web_config: WebConfigFile
    ) -> None:
        web_config.write(USERS)
        faults = [OSError(24, "Too many open files")] * 3

        def read() -> exporter.settings.web_config.WebConfig:
            if faults:
                raise faults.pop()
            return read_web_config(str(web_config.file))

        access_control = AccessControl(read_web_config(str(web_config.file)), read, web_config.note)
        web_config.write(USERS.replace("alice", "carol"))
        for _ in range(5):
            await access_control.check()
        assert web_config.noted == ["[Errno 24] Too many open files", ""]

    async def test_a_changed_password_is_used_and_the_old_one_forgotten(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        web_config.write(USERS)
        access_control = web_config.access_control()
        async with serving(backend, access_control) as place:
            url = f"http://{place}/"
            assert (await get(url, user=("alice", "secret"))).status == 200
            web_config.write(USERS.replace(HASH, bcrypt.hashpw(b"new", bcrypt.gensalt(4)).decode()))
            await access_control.check()
            assert (await get(url, user=("alice", "secret"))).status == 401
            assert (await get(url, user=("alice", "new"))).status == 200

    @pytest.mark.parametrize("before", [None, ""])
    async def test_tls_is_not_switched_on_or_off_while_it_runs(
        self, backend: Backend, web_config: WebConfigFile, before: str | None
    ) -> None:
        web_config.write(USERS, tls=before)
        access_control = web_config.access_control()
        web_config.write(tls="" if before is None else None)
        await access_control.check()
        (noted,) = web_config.noted
        assert "TLS cannot be switched" in noted
        async with serving(backend, access_control) as place:
            scheme = "http" if before is None else "https"
            assert (await get(f"{scheme}://{place}/", trusting())).status == 401

    @pytest.mark.parametrize(
        ("before", "after", "what"),
        [
            (("", USERS), ("", ""), "passwords"),
            (("", USERS), ("", "basic_auth_users:\n"), "must not be empty"),
            ((CLIENTS, ""), ("", ""), "client_auth_type"),
            ((CLIENTS, ""), (CLIENTS.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven"), ""), "demanded"),
            ((CLIENTS, ""), (CLIENTS.replace("client_ca_file: ca.pem, ", ""), ""), "authorities"),
            ((f"{CLIENTS}, client_allowed_sans: [a]", ""), (CLIENTS, ""), "client_allowed_sans"),
        ],
    )  # fmt: skip
    async def test_no_reload_removes_protection(
        self, web_config: WebConfigFile, before: tuple[str, str], after: tuple[str, str], what: str
    ) -> None:
        web_config.write(before[1], tls=before[0])
        access_control = web_config.access_control()
        web_config.write(after[1], tls=after[0])
        await access_control.check()
        await access_control.check()
        (noted,) = web_config.noted
        assert what in noted
        web_config.write(before[1], tls=before[0])
        await access_control.check()
        assert web_config.noted[1:] == [""]

    async def test_a_file_that_is_emptied_opens_nothing(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        web_config.write(USERS)
        access_control = web_config.access_control()
        async with serving(backend, access_control) as place:
            web_config.file.write_text("", encoding="ascii")
            await access_control.check()
            assert (await get(f"http://{place}/")).status == 401

    async def test_a_change_while_the_files_are_read_is_not_missed(self, web_config: WebConfigFile) -> None:
        """A file is written between reading it and the end of the reading."""
        web_config.write(USERS)

        def read() -> exporter.settings.web_config.WebConfig:
            config = read_web_config(str(web_config.file))
            if "bob" in dict(config.users):
                web_config.write(USERS.replace("alice", "carol"))
            return config

        access_control = AccessControl(read_web_config(str(web_config.file)), read, web_config.note)
        web_config.write(USERS.replace("alice", "bob"))
        await access_control.check()
        await access_control.check()
        assert access_control._config.users[0][0] == "carol"
        assert web_config.noted == ["", ""]

    async def test_a_pipe_in_place_of_a_certificate_holds_nothing_up(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        web_config.write(tls="")
        access_control = web_config.access_control()
        (web_config.file.parent / "c.pem").unlink()
        os.mkfifo(web_config.file.parent / "c.pem")
        async with serving(backend, access_control) as place:
            await asyncio.wait_for(access_control.check(), 10)
            assert (await get(f"https://{place}/-/healthy", trusting())).status == 200
        (noted,) = web_config.noted
        assert "Not a regular file" in noted

    async def test_nothing_is_read_while_nothing_changes(self, web_config: WebConfigFile) -> None:
        web_config.write()
        access_control = web_config.access_control()
        await access_control.check()
        assert web_config.noted == []


class TestPasswords:
    @pytest.mark.parametrize("path", ["/", "/metrics", "/probe", "/api/v1/targets", "/-/ready", "/nowhere"])
    async def test_no_page_is_shown_without_the_password(
        self, backend: Backend, web_config: WebConfigFile, path: str
    ) -> None:
        web_config.write(USERS)
        backend.know(make_target())
        async with serving(backend, web_config.access_control()) as place:
            for user in (None, ("alice", "wrong"), ("bob", "secret")):
                answer = await get(f"http://{place}{path}", user=user)
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"].startswith('Basic realm="onedata-exporter"')
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert (await get(f"http://{place}{path}", user=("alice", "secret"))).status != 401

    async def test_a_flood_of_logins_is_answered_with_retry_after(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        slow = bcrypt.hashpw(b"secret", bcrypt.gensalt(9)).decode()
        web_config.write(USERS.replace(HASH, slow))
        async with serving(backend, web_config.access_control()) as place:
            url = f"http://{place}/"
            answers = await asyncio.gather(*(get(url, user=("alice", str(number))) for number in range(60)))
        rejected = [answer for answer in answers if answer.status == 503]
        assert {answer.status for answer in answers} == {401, 503}
        assert {answer.headers["Retry-After"] for answer in rejected} == {"1"}

    async def test_the_health_address_needs_no_password_and_serves_no_other_page(
        self, backend: Backend, web_config: WebConfigFile
    ) -> None:
        web_config.write(USERS)
        pages = backend.pages(access_control=web_config.access_control())
        backend.know(make_target())
        async with AsyncExitStack() as stack:
            (place,) = await listen(stack, create_health_app(pages), [LOOPBACK])
            statuses = {
                path: (await get(f"http://{place}{path}")).status for path in ("/-/healthy", "/-/ready", "/")
            }
            assert statuses == {"/-/healthy": 200, "/-/ready": 200, "/": 404}


async def test_the_headers_of_the_file_are_on_every_answer_beside_the_own_policy(
    backend: Backend, web_config: WebConfigFile
) -> None:
    headers = (
        "X-Frame-Options: sameorigin, Strict-Transport-Security: max-age=1, Content-Security-Policy: sandbox"
    )
    web_config.file.write_text(f"http_server_config: {{headers: {{{headers}}}}}", encoding="ascii")
    async with serving(backend, web_config.access_control()) as place:
        for path in ("/", "/nowhere"):
            answer = await get(f"http://{place}{path}")
            assert answer.headers.getall("X-Frame-Options") == ["sameorigin"]
            assert answer.headers["Strict-Transport-Security"] == "max-age=1"
            own, added = answer.headers.getall("Content-Security-Policy")
            assert (own.startswith("default-src 'none'"), added) == (True, "sandbox")
