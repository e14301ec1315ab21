"""A browser for the tests of a file, and the pages that they read with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.backend import PolledBackend
from tests.browser.chromium import Reader, chromium


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest.fixture
def backend() -> PolledBackend:
    return PolledBackend()


@pytest_asyncio.fixture(loop_scope="module")
async def reader(browser: Browser, backend: PolledBackend) -> AsyncIterator[Reader]:
    """A reader of the pages of the site."""
    server = await backend.serve()
    found = Reader(browser, str(server.make_url("")).rstrip("/"))
    yield found
    await found.close()
    await server.close()
