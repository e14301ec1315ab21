"""The addresses that the exporter listens on, on both event loops."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvloop
from aiohttp import web

from exporter.settings.web_config import Address, ListenAddress, UnixAddress
from exporter.web.listening import inherited_sockets, listen
from tests.support.servers import LOOPBACK, LOOPBACK6
from tests.support.waiting import eventually

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    function: Run = request.param
    return function


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "exporter.sock"


def pages() -> web.Application:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.add_routes([web.get("/", hello)])
    return app


async def ask(url: str, path: str | None = None) -> str:
    connector = aiohttp.UnixConnector(path) if path else None
    async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as answer:
        return await answer.text()


def test_it_listens_on_all_addresses_at_once(run: Run, socket_path: Path) -> None:
    async def check() -> None:
        wanted: list[Address] = [
            ListenAddress(LOOPBACK, 0),
            ListenAddress(LOOPBACK6, 0),
            UnixAddress(str(socket_path)),
        ]
        async with AsyncExitStack() as stack:
            v4, v6, unix = await listen(stack, pages(), wanted)
            assert unix == UnixAddress(str(socket_path))
            assert [await ask(f"http://{address}/") for address in (v4, v6)] == ["hello", "hello"]
            assert await ask("http://exporter/", str(socket_path)) == "hello"
        assert not socket_path.exists()

    run(check())


def test_no_host_means_both_ip_versions(run: Run) -> None:
    async def check() -> None:
        async with AsyncExitStack() as stack:
            bound = await listen(stack, pages(), [ListenAddress("", 0)])
            hosts = {address.host for address in bound if isinstance(address, ListenAddress)}
            assert hosts == {"0.0.0.0", "::"}  # noqa: S104 - what is looked for

    run(check())


async def test_a_port_in_use_is_named() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        address = ListenAddress(*taken.getsockname())
        async with AsyncExitStack() as stack:
            with pytest.raises(OSError, match=f"{address}: .*Address already in use"):
                await listen(stack, pages(), [address])


async def test_a_socket_left_by_a_process_that_is_gone_is_replaced(socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(socket_path))
    async with AsyncExitStack() as stack:
        await listen(stack, pages(), [UnixAddress(str(socket_path))])
        assert await ask("http://exporter/", str(socket_path)) == "hello"


@pytest.mark.parametrize("kind", ["socket in use", "file"])
async def test_a_file_or_socket_in_use_is_left_alone(socket_path: Path, kind: str) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        if kind == "file":
            socket_path.write_text("mine", encoding="ascii")
        else:
            listening.bind(str(socket_path))
            listening.listen()
        async with AsyncExitStack() as stack:
            with pytest.raises(OSError, match=f"unix:{socket_path}: Address already in use"):
                await listen(stack, pages(), [UnixAddress(str(socket_path))])
        assert socket_path.exists()


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_PID": str(os.getpid())},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
    ],
)
def test_sockets_for_no_process_or_another_one_are_rejected(environ: dict[str, str]) -> None:
    with pytest.raises(OSError, match="handed over no sockets"):
        inherited_sockets(environ)


_AS_SYSTEMD = """
import os, socket, sys
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(listening.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-m", "exporter", *sys.argv[2:]])
"""


async def test_the_command_takes_the_socket_that_systemd_opened() -> None:
    with socket.create_server((LOOPBACK, 0)) as free:
        port = free.getsockname()[1]
    arguments = ["--target", "https://127.0.0.1:1", "--web.listen-address", "systemd:"]
    process = subprocess.Popen(  # noqa: ASYNC220 - our own command, which ends with the test
        [sys.executable, "-c", _AS_SYSTEMD, str(port), *arguments], stderr=subprocess.PIPE, text=True
    )

    async def healthy() -> str:
        assert process.poll() is None
        try:
            return await ask(f"http://{LOOPBACK}:{port}/-/healthy")
        except aiohttp.ClientError as error:
            return repr(error)

    try:
        await eventually(healthy, lambda body: body == "ok\n")
    finally:
        process.terminate()
        _, log = process.communicate()
    assert f"address={LOOPBACK}:{port}" in log
    assert process.returncode == 0
