"""One Prometheus for all tests of the panels: it watches once, then answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.grafana.monitored import Prometheus, prometheus, watch


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder: Path = tmp_path_factory.mktemp("prometheus")
    started: list[Prometheus] = []
    with ExitStack() as stack:

        def start(port: int) -> Prometheus:
            started.append(stack.enter_context(prometheus(folder, port)))
            return started[0]

        end = asyncio.run(watch(folder, start))
        yield replace(started[0], end=end)
