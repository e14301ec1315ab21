"""One function for each page."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from contextlib import nullcontext
from dataclasses import asdict

from aiohttp import web

from exporter.exposition.text_format import TextFormat
from exporter.report import explain, summarize, write_text
from exporter.state.target_state import TargetState
from exporter.targets import Target
from exporter.web.app_context import APP_CONTEXT, AppContext
from exporter.web.middlewares import refuse_foreign_forms
from exporter.web.negotiation import accepts_gzip, text_format
from exporter.web.probing import scrape_seconds
from exporter.web.rendering import environment, html
from exporter.web.status import TargetStatus, by_urgency, past_rounds, status_of

_TARGETS_PER_TURN = 20
_TEMPLATES = environment("exporter.web")


async def metrics(request: web.Request) -> web.Response:
    """Show `/metrics` in the format and compression the client prefers, or only the families named by `name[]`.

    A page that is being made serves all requests for the same.
    """
    wanted_format, names = _wanted(request)
    site, packed = request.app[APP_CONTEXT], _wants_gzip(request)
    key = ("metrics", wanted_format, names, packed)
    body = await site.shared.run(key, lambda: _metrics_page(site, wanted_format, names, packed=packed))
    return _exposed(body, wanted_format, packed=packed)


async def _metrics_page(
    site: AppContext, wanted_format: TextFormat, names: frozenset[str], *, packed: bool
) -> bytes:
    """Make the page. There are few whole ones, which wait for nothing, and any number of parts of it."""
    async with site.making if names else nullcontext():
        pieces = (site.exposition.compressed_page if packed else site.exposition.page)(wanted_format, names)
        return b"".join([piece async for piece in pieces])


async def probe(request: web.Request) -> web.Response:
    """`/probe?target=NAME`: a round for who asks, as metrics of this target alone or, with `debug=true`, in words."""
    site = request.app[APP_CONTEXT]
    name = request.query.get("target")
    if not name:
        raise web.HTTPBadRequest(text="Name the target: /probe?target=NAME. All targets are listed at /.\n")
    target = _state(request, name).target
    fresh = await site.prober.probe(target, scrape_seconds(request.headers, target.schedule.interval))
    if request.query.get("debug") == "true":
        text = f"{write_text(summarize(fresh.checkup))}\n{explain(fresh.checkup, fresh.traces)}"
        return web.Response(body=text.encode("utf-8", "replace"), content_type="text/plain", charset="utf-8")
    wanted_format, names = _wanted(request)
    page = site.exposition.round_page(fresh.checkup, wanted_format, names)
    packed = _wants_gzip(request)
    return _exposed(gzip.compress(page) if packed else page, wanted_format, packed=packed)


async def status_page(request: web.Request) -> web.Response:
    """`/`: every target, the broken ones first."""
    site = request.app[APP_CONTEXT]
    async with site.making:
        return await html(
            _TEMPLATES.get_template("status.html"),
            targets=by_urgency(await _statuses(site)),
            now=time.time(),
            telemetry_path=site.telemetry_path,
        )


async def target_page(request: web.Request) -> web.Response:
    """`/targets/NAME`: one target and its last rounds; 404 for a name that is not configured."""
    site = request.app[APP_CONTEXT]
    state = _state(request, request.match_info["name"])
    return await html(
        _TEMPLATES.get_template("target.html"),
        target=status_of(state, time.monotonic(), now := time.time()),
        rounds=past_rounds(state),
        now=now,
        telemetry_path=site.telemetry_path,
    )


async def targets_json(request: web.Request) -> web.Response:
    """Show `/api/v1/targets`: `{"targets": [...]}` with the fields of `TargetStatus`, the broken ones first."""
    site = request.app[APP_CONTEXT]
    return _json(await site.shared.run("targets", lambda: _all_targets(site)))


async def _all_targets(site: AppContext) -> bytes:
    async with site.making:
        return await asyncio.to_thread(_encoded, by_urgency(await _statuses(site)))


async def service_discovery(request: web.Request) -> web.Response:
    """`/api/v1/sd`: Prometheus `http_sd`, one group for each target, scraped as `/probe?target=NAME` of this exporter.

    The scrape's address is the one this page was asked at. `instance` is the target's name, so that
    `up` and the like of all targets stay apart; the metrics carry the label `target` themselves.
    For relabelling: `__meta_onedata_url`, `__meta_onedata_kind` and, of the user's labels,
    `__meta_onedata_label_NAME`.
    """
    targets = [state.target for state in request.app[APP_CONTEXT].store.states]
    groups = [
        {"targets": [request.host], "labels": _discovery_labels(target, request.scheme)} for target in targets
    ]
    return _json(json.dumps(groups).encode())


async def reload(request: web.Request) -> web.Response:
    """`POST /-/reload`: 200 when the configuration was taken over, 500 when it was refused, 403 when not enabled.

    A form of another origin is refused, so that no page elsewhere can have a visitor's browser send it.
    """
    act = request.app[APP_CONTEXT].reload
    if act is None:
        raise web.HTTPForbidden(text="Reloading over HTTP is not enabled: see web.enable_lifecycle.\n")
    refuse_foreign_forms(request)
    if await asyncio.shield(act()):  # also for who does not wait for it
        return web.Response(text="configuration reloaded\n")
    return web.Response(status=500, text="the configuration was refused; the log says why\n")


async def healthy(_request: web.Request) -> web.Response:
    """Show `/-/healthy`: 200 for as long as the process serves."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """Show `/-/ready`: 200 while the exporter serves and polls, else 503 with the reason."""
    site = request.app[APP_CONTEXT]
    reason = site.readiness.reason(site.store.states, time.monotonic())
    return web.Response(status=503, text=f"not ready: {reason}\n") if reason else web.Response(text="ready\n")


def _state(request: web.Request, name: str) -> TargetState:
    state = request.app[APP_CONTEXT].store.state(name)
    if state is None:
        raise web.HTTPNotFound(text="No target of this name is configured. All targets are listed at /.\n")
    return state


def _wanted(request: web.Request) -> tuple[TextFormat, frozenset[str]]:
    """The text format that the client prefers, and the families it asks for."""
    return text_format(request.headers.getall("Accept", ())), frozenset(request.query.getall("name[]", ()))


def _wants_gzip(request: web.Request) -> bool:
    return accepts_gzip(request.headers.getall("Accept-Encoding", ()))


def _exposed(body: bytes, wanted_format: TextFormat, *, packed: bool) -> web.Response:
    headers = {"Content-Type": wanted_format.value, "Vary": "Accept, Accept-Encoding"}
    return web.Response(body=body, headers={**headers, "Content-Encoding": "gzip"} if packed else headers)


async def _statuses(site: AppContext) -> list[TargetStatus]:
    """Return the status of all targets, each at one moment. Let other tasks run in between."""
    statuses = []
    for number, state in enumerate(site.store.states, start=1):
        statuses.append(status_of(state, time.monotonic(), time.time()))
        if number % _TARGETS_PER_TURN == 0:
            await asyncio.sleep(0)
    return statuses


def _discovery_labels(target: Target, scheme: str) -> dict[str, str]:
    return {
        "__metrics_path__": "/probe",
        "__param_target": target.name,
        "__meta_onedata_url": target.url,
        "__meta_onedata_kind": target.kind.value,
        "__scheme__": scheme,
        "instance": target.name,
        **{f"__meta_onedata_label_{name}": value for name, value in target.labels},
    }


def _encoded(statuses: list[TargetStatus]) -> bytes:
    """Encode one target at a time: all of them at once would hold up the other threads."""
    return f'{{"targets": [{", ".join(json.dumps(asdict(status)) for status in statuses)}]}}'.encode()


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", charset="utf-8")
