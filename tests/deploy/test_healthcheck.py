from __future__ import annotations

import pytest

from tests.support.processes import LOOPBACK_ANY_PORT, ExporterProcess, run_command
from tests.support.servers import LOOPBACK, Script, ScriptedServer, answering, closed_port, http, silent


async def test_a_running_exporter_is_healthy_whatever_proxy_the_environment_names() -> None:
    async with ExporterProcess(
        "serve", "--target=https://127.0.0.1:1", f"--web.listen-address={LOOPBACK_ANY_PORT}"
    ) as exporter:
        environment = {"http_proxy": f"http://{LOOPBACK}:{closed_port()}", "no_proxy": ""}
        checked = await run_command("healthcheck", f"--url={exporter.origin}/", environment=environment)
    assert (checked.code, checked.stdout, checked.stderr) == (0, "healthy\n", "")


async def test_nobody_is_not_healthy() -> None:
    url = f"http://{LOOPBACK}:{closed_port()}"
    checked = await run_command("healthcheck", f"--url={url}")
    assert checked.code == 1
    assert checked.stderr.startswith(f"{url}/-/healthy: ")
    assert "Connection refused" in checked.stderr


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (answering(http(b"no", status="503 Service Unavailable")), "HTTP Error 503: Service Unavailable"),
        (answering(b"220 welcome\r\n"), "220 welcome"),
        (silent, "timed out"),
    ],
    ids=["ill", "not HTTP", "silent"],
)
async def test_whoever_does_not_say_that_it_is_healthy_is_not(script: Script, said: str) -> None:
    async with ScriptedServer(script) as server:
        checked = await run_command("healthcheck", f"--url=http://{LOOPBACK}:{server.port}")
    assert checked.code == 1
    assert said in checked.stderr
    assert "Traceback" not in checked.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:19443", "ftp://127.0.0.1", "http://127.0.0.1/metrics", "http://"])
async def test_a_url_that_is_no_origin_is_refused_in_words(url: str) -> None:
    refused = await run_command("healthcheck", f"--url={url}")
    assert refused.code == 1
    assert "is not like http://127.0.0.1:19443" in refused.stderr
