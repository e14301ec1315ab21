"""The least that aiohttp does: a loop that sends requests, and keeps nothing of the answers.

What an exporter costs more than this is its own. Run as
`python -m bench.bare CA_FILE PROXY_PORT DIRECT_PORT TARGETS CONNECTIONS_PER_SECOND`; it ends when it is killed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import sys

import aiohttp
import uvloop

from bench.contestants import address_of
from bench.farm import CONFIGURATION, HEALTH, SERVER_NAME


async def check(context: ssl.SSLContext, origin: str) -> None:
    """Two checks over a connection of their own."""
    connector = aiohttp.TCPConnector(ssl=context, use_dns_cache=False, limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for path in (CONFIGURATION, HEALTH):
            async with session.get(origin + path, server_hostname=SERVER_NAME) as answer:
                json.loads(await answer.read())


async def main(ca_file: str, ports: tuple[int, int], targets: int, rate: float) -> None:
    """Check every target over both ports in turn, at a steady rate, for ever."""
    context = ssl.create_default_context(cafile=ca_file)
    origins = [f"https://{address_of(index)}:{port}" for index in range(targets) for port in ports]
    clock = asyncio.get_running_loop().time
    began = clock()
    async with asyncio.TaskGroup() as group:
        for number, origin in enumerate(itertools.cycle(origins)):
            await asyncio.sleep(began + number / rate - clock())
            group.create_task(check(context, origin))


if __name__ == "__main__":
    _, file, proxy, direct, count, per_second = sys.argv
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(file, (int(proxy), int(direct)), int(count), float(per_second)))
