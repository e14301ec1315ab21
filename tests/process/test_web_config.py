"""The web configuration of the whole process, on uvloop: TLS and passwords, reloaded while it runs."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

import aiohttp
import bcrypt
import trustme

from tests.support.processes import LOOPBACK_ANY_PORT, ExporterProcess
from tests.support.servers import LOOPBACK, closed_port
from tests.support.waiting import eventually


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def write_pair(folder: Path, authority: trustme.CA) -> None:
    pair = authority.issue_cert(LOOPBACK)
    (folder / "tls.key").write_bytes(pair.private_key_pem.bytes())
    (folder / "tls.pem").write_bytes(pair.cert_chain_pems[0].bytes())


async def status_of(url: str, authority: trustme.CA, password: str) -> int:
    """The status of an answer; 0 when there is no TLS session."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    headers = {"Authorization": "Basic " + base64.b64encode(f"alice:{password}".encode()).decode()}
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, ssl=context, headers=headers) as answer,
        ):
            return answer.status
    except aiohttp.ClientSSLError:
        return 0


async def test_certificate_and_passwords_are_reloaded_while_it_runs(config_file: Path) -> None:
    folder, before, after = config_file.parent, trustme.CA(), trustme.CA()
    write_pair(folder, before)
    web_file = folder / "web.yml"
    text = "tls_server_config: {cert_file: tls.pem, key_file: tls.key}\n"
    text += f"basic_auth_users: {{alice: {hashed('old')}}}\n"
    web_file.write_text(text, encoding="ascii")
    health = closed_port()
    config_file.write_text(
        f"web: {{listen_addresses: ['{LOOPBACK_ANY_PORT}', 'unix:{folder}/e.sock'], config_file: web.yml, "
        f"health_address: '{LOOPBACK}:{health}'}}\ntargets: [{{url: 'https://{LOOPBACK}:1'}}]\n",
        encoding="utf-8",
    )
    async with ExporterProcess("--config.file", str(config_file)) as exporter:
        url = exporter.origin.replace("http:", "https:") + "/metrics"
        assert await status_of(url, before, "old") == 200
        assert await status_of(url, before, "wrong") == 401
        assert len(exporter.logged("listening")) == 2

        web_file.write_text(text + "nonsense: 1\n", encoding="ascii")
        await eventually(
            lambda: lines(exporter, "web configuration rejected, the old one stays in use"), bool
        )
        assert await status_of(url, before, "old") == 200

        write_pair(folder, after)
        web_file.write_text(text.replace(text.rsplit(maxsplit=1)[-1], hashed("new") + "}"), encoding="ascii")
        await eventually(lambda: status_of(url, after, "new"), lambda status: status == 200)
        assert await status_of(url, after, "old") == 401
        assert await status_of(url, before, "new") == 0

        exporter.origin = f"http://{LOOPBACK}:{health}"
        assert await exporter.get("/-/healthy") == (200, "ok\n")
        assert (await exporter.get("/metrics"))[0] == 404
        code, _ = await exporter.stop()
    assert code == 0
    assert not (folder / "e.sock").exists()
    assert not any("Traceback" in line for line in exporter.log)


async def lines(exporter: ExporterProcess, message: str) -> list[str]:
    return exporter.logged(message)
