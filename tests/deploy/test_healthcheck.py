from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from tests.support.processes import LOOPBACK_ANY_PORT, ExporterProcess, run_command
from tests.support.servers import LOOPBACK, Script, ScriptedServer, answering, closed_port, http, silent


async def test_a_running_exporter_is_healthy_whatever_proxy_the_environment_names() -> None:
    async with ExporterProcess(
        "serve", "--target=https://127.0.0.1:1", f"--web.listen-address={LOOPBACK_ANY_PORT}"
    ) as exporter:
        environment = {"http_proxy": f"http://{LOOPBACK}:{closed_port()}", "no_proxy": ""}
        checked = await run_command("healthcheck", f"--url={exporter.origin}/", environment=environment)
    assert (checked.code, checked.out, checked.err) == (0, "healthy\n", "")


async def test_a_waiting_check_succeeds_once_the_exporter_serves() -> None:
    port = closed_port()
    waiting = asyncio.ensure_future(
        run_command("healthcheck", f"--url=http://{LOOPBACK}:{port}", "--wait=30s")
    )
    async with ExporterProcess(
        "serve", "--target=https://127.0.0.1:1", f"--web.listen-address={LOOPBACK}:{port}"
    ):
        checked = await waiting
    assert (checked.code, checked.out, checked.err) == (0, "healthy\n", "")


async def test_a_waiting_check_fails_with_the_reason_at_its_deadline() -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    checked = await run_command("healthcheck", f"--url=http://{LOOPBACK}:{closed_port()}", "--wait=1s")
    assert checked.code == 1
    assert checked.err.count("Connection refused") == 1
    assert clock() - began > 0.5


async def test_a_closed_port_is_not_healthy() -> None:
    url = f"http://{LOOPBACK}:{closed_port()}"
    checked = await run_command("healthcheck", f"--url={url}")
    assert checked.code == 1
    assert checked.err.startswith(f"{url}/-/healthy: ")
    assert "Connection refused" in checked.err


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (answering(http(b"no", status="503 Service Unavailable")), "HTTP Error 503: Service Unavailable"),
        (answering(b"220 welcome\r\n"), "220 welcome"),
        (silent, "timed out"),
    ],
    ids=["unhealthy", "not HTTP", "silent"],
)
async def test_any_other_answer_is_not_healthy(script: Script, error: str) -> None:
    async with ScriptedServer(script) as server:
        checked = await run_command("healthcheck", f"--url=http://{LOOPBACK}:{server.port}")
    assert checked.code == 1
    assert error in checked.err
    assert "Traceback" not in checked.err


@pytest.mark.parametrize(("is_trusted", "code"), [(True, 0), (False, 1)])
async def test_over_tls_the_certificate_must_be_trusted(is_trusted: bool, code: int, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(LOOPBACK).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    environment = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")} if is_trusted else {}
    async with ScriptedServer(answering(http(b"healthy")), context) as server:
        url = f"--url=https://{LOOPBACK}:{server.port}"
        checked = await run_command("healthcheck", url, environment=environment)
    assert checked.code == code
    assert is_trusted or "CERTIFICATE_VERIFY_FAILED" in checked.err


@pytest.mark.parametrize("url", ["127.0.0.1:19443", "ftp://127.0.0.1", "http://127.0.0.1/metrics", "http://"])
async def test_a_url_other_than_an_http_origin_is_rejected(url: str) -> None:
    refused = await run_command("healthcheck", f"--url={url}")
    assert refused.code == 1
    assert "is not like http://127.0.0.1:19443" in refused.err
