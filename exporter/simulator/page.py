"""`/demo`: a switch for each fault of each simulated cluster, beside the diagnosis of the exporter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qsl

from aiohttp import web

from exporter.diagnosis.rules import Diagnosis
from exporter.simulator.faults import Fault
from exporter.simulator.federation import SimulatedFederation
from exporter.simulator.federation_faults import FederationFault
from exporter.simulator.host_state import WELL
from exporter.simulator.membership import ZONE
from exporter.state.store import Store
from exporter.web.app_context import APP_CONTEXT
from exporter.web.middlewares import refuse_foreign_forms
from exporter.web.rendering import environment, page
from exporter.web.status import TargetStatus, status_of

AnyFault: TypeAlias = Fault | FederationFault

_TEMPLATES = environment("exporter.simulator", "exporter.web")
_MAX_FORM_FIELDS = 10
_OPPOSITES = {"stop": "start", "close": "open"}
_FAULTS: dict[str, AnyFault] = {fault.value: fault for kind in (FederationFault, Fault) for fault in kind}


class MemberView(NamedTuple):
    """One cluster as the page shows it, with the targets that monitor it."""

    key: str
    name: str
    faults: frozenset[AnyFault]
    targets: list[TargetStatus]


class FaultGroup(NamedTuple):
    """Faults that lead to one diagnosis; None for those of the federation."""

    diagnosis: Diagnosis | None
    faults: list[AnyFault]


def add_demo_page(app: web.Application, federation: SimulatedFederation, store: Store) -> None:
    """Mount `/demo` on an application made by `exporter.web.app.create_app`, before it is started."""
    demo, prefix = _DemoPage(federation, store), app[APP_CONTEXT].prefix
    app.add_routes(
        [
            web.get(f"{prefix}/demo", demo.show),
            web.post(f"{prefix}/demo/faults/{{name}}", demo.switch_fault),
            web.post(f"{prefix}/demo/recovery", demo.recover),
        ]
    )


class _DemoPage:
    """The page, and the effects of its buttons."""

    def __init__(self, federation: SimulatedFederation, store: Store) -> None:
        self._federation = federation
        self._store = store

    async def show(self, request: web.Request) -> web.Response:
        """Show all clusters, and the switches and targets of one."""
        chosen = self._member(request.query.get("member", ZONE))
        members = [self._view(key) for key in self._federation.members]
        return await page(
            request,
            _TEMPLATES.get_template("demo.html"),
            members=members,
            chosen=next(member for member in members if member.key == chosen),
            zone=ZONE,
            groups=list(_groups(chosen)),
            healthy=self._is_healthy(),
            undo=undo,
        )

    async def switch_fault(self, request: web.Request) -> web.Response:
        """Switch one fault of a cluster: `on` is 1 or 0, `member` the cluster (by default the Onezone)."""
        refuse_foreign_forms(request)
        form = await _form(request)
        fault, wanted = _FAULTS.get(request.match_info["name"]), form.get("on")
        if fault is None:
            raise web.HTTPNotFound(text="No such fault. /demo lists all of them.\n")
        if wanted not in {"0", "1"}:
            raise web.HTTPBadRequest(text="Send the form value on=1 to begin the fault, on=0 to end it.\n")
        member = self._member(form.get("member", ZONE))
        try:
            await self._federation.set(fault, on=wanted == "1", member=member)
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        raise web.HTTPSeeOther(f"{_page_of(request, member)}#{fault.value}")

    async def recover(self, request: web.Request) -> web.Response:
        """Switch all faults of all clusters off, and start what was stopped through Onepanel."""
        refuse_foreign_forms(request)
        member = self._member((await _form(request)).get("member", ZONE))
        await self._federation.recover()
        raise web.HTTPSeeOther(_page_of(request, member))

    def _member(self, key: str) -> str:
        if key not in self._federation.members:
            raise web.HTTPNotFound(text="No such cluster. /demo lists all of them.\n")
        return key

    def _view(self, key: str) -> MemberView:
        federation = self._federation
        return MemberView(key, federation.name_of(key), federation.faults(key), self._targets(key))

    def _targets(self, key: str) -> list[TargetStatus]:
        addresses = self._federation.addresses(key)
        monotonic, now = time.monotonic(), time.time()
        return [
            status_of(state, monotonic, now)
            for state in self._store.states
            if state.target.domain in addresses
        ]

    def _is_healthy(self) -> bool:
        clusters = self._federation.members.values()
        states = [state for one in clusters for state in one.cluster.host_states.values()]
        switched = any(self._federation.faults(key) for key in self._federation.members)
        return not switched and all(state == WELL for state in states)


async def _form(request: web.Request) -> dict[str, str]:
    """Return the form in the body, as browsers encode it; an empty one if there is none.

    aiohttp's own reader of forms raises for some that are malformed.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        return dict(parse_qsl((await request.read()).decode("ascii"), max_num_fields=_MAX_FORM_FIELDS))
    except ValueError:
        return {}


def undo(fault: AnyFault) -> str:
    """Return the words on the button of an active fault: the opposite of its title."""
    verb, _, rest = fault.title.partition(" ")
    return f"{_OPPOSITES[verb]} {rest}" if verb in _OPPOSITES else f"undo: {fault.title}"


def _page_of(request: web.Request, member: str) -> str:
    prefix = request.app[APP_CONTEXT].prefix
    return f"{prefix}/demo" if member == ZONE else f"{prefix}/demo?member={member}"


def _groups(member: str) -> Iterator[FaultGroup]:
    """Yield the faults of a cluster by the diagnosis that they lead to, those of the federation first."""
    yield FaultGroup(None, [fault for fault in FederationFault if fault.of_zone is (member == ZONE)])
    by_diagnosis: dict[Diagnosis, list[AnyFault]] = {}
    for fault in Fault:
        by_diagnosis.setdefault(fault.diagnosis, []).append(fault)
    yield from (FaultGroup(diagnosis, faults) for diagnosis, faults in by_diagnosis.items())
