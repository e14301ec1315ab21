"""The pages over rounds that a test makes."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

from aiohttp.test_utils import TestServer

from exporter.diagnosis.checkup import Checkup
from exporter.maintenance import Window
from exporter.report.evidence import evidence, reasons
from exporter.state.incidents import Incidents, Opening
from exporter.targets import Node, Target
from exporter.web.app import create_app
from tests.support.checkups import REFUSED, ZONE, make_checkup, make_details, make_target
from tests.web.conftest import Backend


class PolledBackend(Backend):
    """The pages over rounds that a test makes."""

    def __init__(self) -> None:
        super().__init__()
        self.incidents = Incidents()

    def poll(self, target: Target, *, is_up: bool = True, ago: float = 0.0) -> None:
        """Record a round of a target, with what it changes."""
        self.record_all(make_checkup(target, proxy=None if is_up else REFUSED, at=time.time() - ago), ago)

    def record_all(self, checkup: Checkup, ago: float = 0.0) -> None:
        """Record a round that was finished a while ago."""
        for change in self.record(checkup, ago):
            found = partial(evidence, change.node, checkup, None)
            self.incidents.follow(change, Opening(checkup.finished_at, reasons(checkup, change.node), found))

    async def serve(self, prefix: str = "") -> TestServer:
        """Start to serve the pages; the caller closes the server."""
        server = TestServer(create_app(self.pages(incidents=self.incidents, prefix=prefix)))
        await server.start_server()
        return server


def every_state(backend: PolledBackend) -> None:
    """Targets in every state that the pages distinguish."""
    named = (Node("node1", "10.0.0.1"), Node("node2", "10.0.0.2"))
    window = Window(0.0, 2e10, "disk is replaced")
    targets = {
        "healthy": make_target(
            "healthy", (("site", "krakow"),), notes="Contact: https://tickets.domain.org/7"
        ),
        "down": make_target("down", (("site", "lisbon"),)),
        "nodes": make_target("nodes", nodes=named),
        "findings": make_target("findings"),
        "waiting": make_target("waiting"),
        "stale": make_target("stale"),
        "maintained": make_target("maintained", maintenance=(window,)),
        "rtl": make_target("שלום עולם"),
        "long": make_target("a-rather-long-name-of-a-target-" * 3),
    }
    backend.know(*targets.values())
    for name, target in targets.items():
        if name not in {"waiting", "stale"}:
            backend.poll(target, ago=30.0)
            backend.poll(target, is_up=name not in {"down", "nodes"}, ago=15.0)
            backend.poll(target, is_up=name not in {"down", "nodes"})
    backend.poll(targets["stale"], ago=4100.0)  # the widest of all ages: "1 h 8 min ago"
    found = replace(
        make_checkup(targets["findings"], facts=replace(ZONE, complete=False)), finished_at=time.time()
    )
    backend.record_all(found)
    for name in ("healthy", "findings", "down"):
        details = replace(make_details(targets[name]), finished_at=time.time())
        backend.store.record_details(targets[name], details, time.monotonic())


def many(count: int) -> list[Target]:
    """Healthy targets of two sites: `t00` and so on."""
    digits = len(str(count - 1))
    sites = ("lisbon", "krakow")
    return [make_target(f"t{number:0{digits}}", (("site", sites[number % 2]),)) for number in range(count)]
