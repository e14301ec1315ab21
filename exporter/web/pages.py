"""Handlers of the pages for people: all targets, one target, all incidents, one incident."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from exporter.state.incidents import Incident
from exporter.state.target_state import TargetState
from exporter.state.timeline import DAY_SECONDS
from exporter.targets import AccessPath
from exporter.web import charts
from exporter.web.api import incident_members
from exporter.web.app_context import APP_CONTEXT, AppContext, state_of
from exporter.web.badge_svg import badge_svg
from exporter.web.links import grafana_url, runbook_url
from exporter.web.middlewares import refuse_foreign_forms
from exporter.web.overview import Entry, entry_of, overview
from exporter.web.plots import latency_plot
from exporter.web.query import ROWS_PER_PAGE, page_numbers, parse_query
from exporter.web.rendering import TEMPLATES, page
from exporter.web.status import status_of

_STATES_PER_TURN = 50
_SLOTS_OF_BAR, _SLOTS_OF_TIMELINE = 96, 288


async def status_page(request: web.Request) -> web.Response:
    """Show `/`: the targets that the query selects, by default those with a fault first."""
    app_context = request.app[APP_CONTEXT]
    async with app_context.making:
        seen = overview(await _entries(app_context), parse_query(request.query), time.time())
        rows = {
            entry.name: (status_of(entry.state, time.monotonic(), time.time()), _bar(entry.state))
            for group in seen.groups
            for entry in group.entries
        }
        return await page(
            request,
            TEMPLATES.get_template("status.html"),
            seen=seen,
            rows=rows,
            maintained=sum(state.maintenance(time.time()) is not None for state in app_context.store.states),
            numbers=page_numbers(seen.pages, min(seen.query.page, seen.pages)),
            page_address=lambda number: f"{app_context.prefix}/{seen.query.with_page(number)}",
        )


async def _entries(app_context: AppContext) -> list[Entry]:
    """Return the entries of all targets. Let other tasks run in between."""
    entries, states = [], app_context.store.states
    for number, state in enumerate(states, start=1):
        zone = app_context.store.membership(state.target).onezone
        entries.append(entry_of(state, zone, time.monotonic()))
        if number % _STATES_PER_TURN == 0:
            await asyncio.sleep(0)
    return entries


def _bar(state: TargetState) -> Mapping[str, object]:
    """Return the last day of a target, as a picture and in numbers."""
    now = time.time()
    window = charts.Window(now - DAY_SECONDS, now)
    lanes = charts.lanes_of(state.timeline, state.node_names, state.target.expected_paths)
    return {
        "lanes": lanes,
        "window": window,
        "slots": _SLOTS_OF_BAR,
        "text": f"Last 24 h: {charts.lane_text(lanes[-1], window)}",
        "availability": charts.availability(state.timeline, window.since),
    }


async def target_page(request: web.Request) -> web.Response:
    """Show `/targets/NAME`: one target, its day and its last rounds; 404 for a name that is not configured."""
    app_context = request.app[APP_CONTEXT]
    state = state_of(request, request.match_info["name"])
    now = time.time()
    status = status_of(state, time.monotonic(), now)
    window = charts.Window(now - DAY_SECONDS, now)
    lanes = [
        *charts.lanes_of(state.timeline, state.node_names, state.target.expected_paths),
        *charts.service_lanes(state.timeline),
    ]
    return await page(
        request,
        TEMPLATES.get_template("target.html"),
        target=status,
        notes=state.target.notes,
        zone=app_context.store.membership(state.target).onezone,
        rounds=list(reversed(state.history)),
        window=window,
        lanes=[(lane.name, lane, charts.lane_text(lane, window)) for lane in lanes],
        slots=_SLOTS_OF_TIMELINE,
        plot=latency_plot(state.timeline, window),
        availability=charts.availability(state.timeline, window.since),
        incidents=list(app_context.incidents.latest_first(state.target.name))[:5],
        grafana=grafana_url(app_context.links, state.target.name),
        runbook=runbook_url(app_context.links, status.diagnosis, state.target.name) if status.summary else "",
    )


async def poll_now(request: web.Request) -> web.Response:
    """Poll a target (`POST /targets/NAME/poll`) within the limits of `/probe`, and show its page."""
    refuse_foreign_forms(request)
    app_context = request.app[APP_CONTEXT]
    target = state_of(request, request.match_info["name"]).target
    fresh = await app_context.prober.probe(target, target.schedule.interval)
    app_context.record_round(fresh.checkup)
    raise web.HTTPSeeOther(request.rel_url.parent.raw_path)


async def badge(request: web.Request) -> web.Response:
    """Show `/targets/NAME/badge.svg`: the diagnosis of a target as a badge."""
    state = state_of(request, request.match_info["name"])
    status = status_of(state, time.monotonic(), time.time())
    return web.Response(body=badge_svg(status).encode("utf-8", "replace"), content_type="image/svg+xml")


async def incidents_page(request: web.Request) -> web.Response:
    """Show `/incidents`: all incidents, or those of `target`; the open ones first."""
    app_context = request.app[APP_CONTEXT]
    target = request.query.get("target", "")
    found = list(app_context.incidents.latest_first(target or None))
    pages = max(1, -(-len(found) // ROWS_PER_PAGE))
    number = min(parse_query(request.query).page, pages)
    return await page(
        request,
        TEMPLATES.get_template("incidents.html"),
        target=target,
        incidents=found[(number - 1) * ROWS_PER_PAGE : number * ROWS_PER_PAGE],
        total=len(found),
        number=number,
        page_address=lambda number: (
            f"{app_context.prefix}/incidents?{urlencode({'target': target, 'page': number}, errors='replace')}"
        ),
        numbers=page_numbers(pages, number),
    )


async def incident_page(request: web.Request) -> web.Response:
    """Show `/incidents/ID`: one incident with its evidence; 404 for one that is not kept."""
    app_context = request.app[APP_CONTEXT]
    incident = incident_of(request)
    state = app_context.store.state(incident.target)
    members = incident_members(request, incident)
    return await page(
        request,
        TEMPLATES.get_template("incident.html"),
        incident=incident,
        evidence=members["evidence"],
        paths=[path.value for path in AccessPath],
        ticket=json.dumps(members, indent=2),
        is_configured=state is not None,
        runbook=runbook_url(app_context.links, incident.after, incident.target),
        grafana=grafana_url(app_context.links, incident.target),
    )


def incident_of(request: web.Request) -> Incident:
    """Return the incident that the path names.

    Raises:
        web.HTTPNotFound: there is none of this id.
    """
    app_context = request.app[APP_CONTEXT]
    incident = app_context.incidents.get(request.match_info["id"])
    if incident is None:
        raise web.HTTPNotFound(
            text=f"No incident of this id is kept. The latest ones are listed at {app_context.prefix}/incidents.\n"
        )
    return incident
