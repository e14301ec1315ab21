"""`/demo`: a switch for each fault of the simulated zone, beside what the exporter makes of it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from urllib.parse import parse_qs

from aiohttp import web

from exporter.diagnosis.rules import Diagnosis
from exporter.simulator.faults import Fault
from exporter.simulator.host_state import WELL
from exporter.simulator.zone import SimulatedZone
from exporter.state.store import Store
from exporter.web.app_context import APP_CONTEXT
from exporter.web.middlewares import refuse_foreign_forms
from exporter.web.rendering import environment, html
from exporter.web.status import status_of

_TEMPLATES = environment("exporter.simulator", "exporter.web")
_MAX_FORM_FIELDS = 10
_OPPOSITES = {"stop": "start", "close": "open"}


def add_demo_page(app: web.Application, zone: SimulatedZone, store: Store) -> None:
    """Mount `/demo` on an application made by `exporter.web.app.create_app`, before it is started."""
    page = _DemoPage(zone, store)
    app.add_routes(
        [
            web.get("/demo", page.show),
            web.post("/demo/faults/{name}", page.service_control),
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
            faults=_by_diagnosis(Fault),
            active=self._zone.faults,
            well=self._is_well(),
            undo=undo,
            now=now,
            telemetry_path=request.app[APP_CONTEXT].telemetry_path,
        )

    async def service_control(self, request: web.Request) -> web.Response:
        """Switch one fault: `on` is 1 or 0."""
        refuse_foreign_forms(request)
        name, wanted = request.match_info["name"], await _form_value(request, "on")
        fault = next((fault for fault in Fault if fault.value == name), None)
        if fault is None:
            raise web.HTTPNotFound(text="There is no such fault. All of them are at /demo.\n")
        if wanted not in {"0", "1"}:
            raise web.HTTPBadRequest(text="Send the form value on=1 to begin the fault, on=0 to end it.\n")
        await self._zone.set(fault, on=wanted == "1")
        raise web.HTTPSeeOther("/demo")

    async def recover(self, request: web.Request) -> web.Response:
        """Switch all faults off, and start what was stopped by way of Onepanel."""
        refuse_foreign_forms(request)
        await self._zone.only()
        await self._zone.change(host_states={})
        raise web.HTTPSeeOther("/demo")

    def _is_well(self) -> bool:
        host_states = self._zone.cluster.host_states.values()
        return not self._zone.faults and all(host_state == WELL for host_state in host_states)


async def _form_value(request: web.Request, name: str) -> str | None:
    """Return a value of the form in the body, as browsers encode it; None if there is none.

    aiohttp's own reader of forms raises for some that are malformed.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        return None
    try:
        values = parse_qs((await request.read()).decode("ascii"), max_num_fields=_MAX_FORM_FIELDS)
    except ValueError:
        return None
    return values.get(name, [None])[0]


def undo(fault: Fault) -> str:
    """What the button of an active fault says: the opposite of its title."""
    verb, _, rest = fault.title.partition(" ")
    return f"{_OPPOSITES[verb]} {rest}" if verb in _OPPOSITES else f"undo: {fault.title}"


def _by_diagnosis(faults: Iterable[Fault]) -> dict[Diagnosis, list[Fault]]:
    """The faults by the diagnosis that one then sees, in the order in which they are declared."""
    groups: dict[Diagnosis, list[Fault]] = {}
    for fault in faults:
        groups.setdefault(fault.diagnosis, []).append(fault)
    return groups
