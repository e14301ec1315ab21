"""Handlers of the JSON pages: targets, incidents, and service discovery of Prometheus."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum

from aiohttp import web

from exporter.state.incidents import Incident
from exporter.state.runs import Run
from exporter.state.target_state import TargetState
from exporter.state.timeline import Timeline
from exporter.targets import AccessPath, Target
from exporter.web.app_context import APP_CONTEXT, AppContext, state_of
from exporter.web.status import TargetStatus, by_urgency, status_of

_TARGETS_PER_TURN = 20


async def targets_json(request: web.Request) -> web.Response:
    """Show `/api/v1/targets`: the fields of `TargetStatus`, the broken ones first, and the faults of the exporter."""
    app_context = request.app[APP_CONTEXT]
    return _json(await app_context.shared.run("targets", lambda: _all_targets(app_context)))


async def _all_targets(app_context: AppContext) -> bytes:
    async with app_context.making:
        statuses = by_urgency(await _statuses(app_context))
        faults = app_context.readiness.banners(
            app_context.store.states, app_context.faults(), time.monotonic()
        )
        return await asyncio.to_thread(_encoded, statuses, faults)


async def _statuses(app_context: AppContext) -> list[TargetStatus]:
    """Return the status of all targets, each at one moment. Let other tasks run in between."""
    statuses = []
    for number, state in enumerate(app_context.store.states, start=1):
        statuses.append(status_of(state, time.monotonic(), time.time()))
        if number % _TARGETS_PER_TURN == 0:
            await asyncio.sleep(0)
    return statuses


async def target_json(request: web.Request) -> web.Response:
    """Show `/api/v1/targets/NAME`: a target's status, its last rounds, its incidents and its history."""
    state = state_of(request, request.match_info["name"])
    members = {
        **asdict(status_of(state, time.monotonic(), time.time())),
        "rounds": [asdict(each) for each in reversed(state.history)],
        "incidents": [
            incident_summary(each)
            for each in request.app[APP_CONTEXT].incidents.latest_first(state.target.name)
        ],
        "history": _history(state),
    }
    return _json((await asyncio.to_thread(json.dumps, members)).encode())


def _history(state: TargetState) -> Mapping[str, object]:
    timeline: Timeline = state.timeline
    return {
        "diagnosis": _runs(timeline.diagnoses),
        "paths": [
            {"path": path.value, "node": node, "symptom": _runs(timeline.path(path, node))}
            for node in state.node_names
            for path in AccessPath
        ],
        "services": {name: _runs(runs) for name, runs in timeline.services().items()},
        "latency": {
            path.value: [each._asdict() for each in latencies]
            for path, latencies in timeline.latencies.items()
        },
    }


def _runs(runs: Iterable[Run[StrEnum]]) -> list[Mapping[str, object]]:
    """Return runs for JSON; the state is null while nothing was polled."""
    return [{"state": each.state, "began": each.began, "ended": each.ended} for each in runs]


async def incidents_json(request: web.Request) -> web.Response:
    """Show `/api/v1/incidents`: all incidents, or those of `target`; the open ones first, then the latest."""
    target = request.query.get("target") or None
    found = request.app[APP_CONTEXT].incidents.latest_first(target)
    return _json(json.dumps([incident_summary(each) for each in found]).encode())


async def incident_json(request: web.Request) -> web.Response:
    """Show `/api/v1/incidents/ID`: one incident with its evidence."""
    incident = request.app[APP_CONTEXT].incidents.get(request.match_info["id"])
    if incident is None:
        raise web.HTTPNotFound(text="No incident of this id is kept.\n")
    return _json(json.dumps(incident_members(request, incident)).encode())


def incident_summary(incident: Incident) -> dict[str, object]:
    """Return an incident without its evidence, as the public interface names its members."""
    return {
        "id": incident.incident_id,
        "target": incident.target,
        "node": incident.node,
        "from": incident.before,
        "to": incident.after,
        "since": incident.since,
        "until": incident.until,
        "reasons": dict(incident.reasons),
    }


def incident_members(request: web.Request, incident: Incident) -> dict[str, object]:
    """Return an incident with its evidence and its address."""
    app_context = request.app[APP_CONTEXT]
    base = app_context.external_url.rstrip("/") or f"{request.scheme}://{request.host}{app_context.prefix}"
    return {
        **incident_summary(incident),
        "url": f"{base}/incidents/{incident.incident_id}",
        "evidence": incident.evidence,
    }


async def service_discovery(request: web.Request) -> web.Response:
    """`/api/v1/sd`: Prometheus `http_sd`, one group for each target, scraped as `/probe?target=NAME` of this exporter.

    The scrape's address is the one this page was asked at. `instance` is the target's name, so that
    `up` and the like of all targets stay apart; the metrics carry the label `target` themselves.
    For relabelling: `__meta_onedata_url`, `__meta_onedata_kind` and, of the user's labels,
    `__meta_onedata_label_NAME`.
    """
    app_context = request.app[APP_CONTEXT]
    groups = [
        {
            "targets": [request.host],
            "labels": {
                "__metrics_path__": f"{app_context.prefix}/probe",
                "__scheme__": request.scheme,
                **_discovery_labels(state.target),
            },
        }
        for state in app_context.store.states
    ]
    return _json(json.dumps(groups).encode())


def _discovery_labels(target: Target) -> dict[str, str]:
    return {
        "__param_target": target.name,
        "__meta_onedata_url": target.url,
        "__meta_onedata_kind": target.kind.value,
        "instance": target.name,
        **{f"__meta_onedata_label_{name}": value for name, value in target.labels},
    }


def _encoded(statuses: list[TargetStatus], faults: Sequence[str]) -> bytes:
    """Encode one target at a time: all of them at once would hold up the other threads."""
    targets = ", ".join(json.dumps(asdict(status)) for status in statuses)
    return f'{{"targets": [{targets}], "faults": {json.dumps(faults)}}}'.encode()


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", charset="utf-8")
