"""`/demo`: a switch for each trouble of the simulated zone, beside what the exporter makes of it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from aiohttp import web

from exporter.diagnosis import Diagnosis
from exporter.simulator.condition import WELL
from exporter.simulator.troubles import Trouble
from exporter.simulator.zone import SimulatedZone
from exporter.store import Store
from exporter.web.guards import refuse_foreign_forms
from exporter.web.rendering import environment, html
from exporter.web.site import SITE
from exporter.web.status import status_of

_TEMPLATES = environment("exporter.simulator", "exporter.web")
_OPPOSITES = {"stop": "start", "close": "open"}


def add_demo_page(app: web.Application, zone: SimulatedZone, store: Store) -> None:
    """Mount `/demo` on an application made by `exporter.web.app.create_app`, before it is started."""
    page = _DemoPage(zone, store)
    app.add_routes(
        [
            web.get("/demo", page.show),
            web.post("/demo/troubles/{name}", page.switch),
            web.post("/demo/recovery", page.recover),
        ]
    )


class _DemoPage:
    """The page, and what its buttons do."""

    def __init__(self, zone: SimulatedZone, store: Store) -> None:
        self._zone = zone
        self._store = store

    async def show(self, request: web.Request) -> web.Response:
        """The switches, and the diagnosis of what is watched."""
        monotonic, now = time.monotonic(), time.time()
        return await html(
            _TEMPLATES.get_template("demo.html"),
            targets=[status_of(state, monotonic, now) for state in self._store.states],
            troubles=_by_diagnosis(Trouble),
            active=self._zone.troubles,
            well=self._is_well(),
            undo=undo,
            now=now,
            telemetry_path=request.app[SITE].telemetry_path,
        )

    async def switch(self, request: web.Request) -> web.Response:
        """Switch one trouble: `on` is 1 or 0."""
        refuse_foreign_forms(request)
        name, wanted = request.match_info["name"], (await request.post()).get("on")
        trouble = next((trouble for trouble in Trouble if trouble.value == name), None)
        if trouble is None:
            raise web.HTTPNotFound(text="There is no such trouble. All of them are at /demo.\n")
        if wanted not in {"0", "1"}:
            raise web.HTTPBadRequest(text="Say on=1 to switch the trouble on, on=0 to switch it off.\n")
        await self._zone.set(trouble, on=wanted == "1")
        raise web.HTTPSeeOther("/demo")

    async def recover(self, request: web.Request) -> web.Response:
        """Switch all troubles off, and start what was stopped by way of Onepanel."""
        refuse_foreign_forms(request)
        await self._zone.only()
        await self._zone.change(conditions={})
        raise web.HTTPSeeOther("/demo")

    def _is_well(self) -> bool:
        conditions = self._zone.cluster.conditions.values()
        return not self._zone.troubles and all(condition == WELL for condition in conditions)


def undo(trouble: Trouble) -> str:
    """What the button of an active trouble says: the opposite of its title."""
    verb, _, rest = trouble.title.partition(" ")
    return f"{_OPPOSITES[verb]} {rest}" if verb in _OPPOSITES else f"undo: {trouble.title}"


def _by_diagnosis(troubles: Iterable[Trouble]) -> dict[Diagnosis, list[Trouble]]:
    """The troubles by the diagnosis that one then sees, in the order in which they are declared."""
    groups: dict[Diagnosis, list[Trouble]] = {}
    for trouble in troubles:
        groups.setdefault(trouble.diagnosis, []).append(trouble)
    return groups
