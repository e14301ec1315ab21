"""Handlers of the pages for programs: metrics, rounds on request, reload and health."""

from __future__ import annotations

import asyncio
import gzip
import time
from contextlib import nullcontext

from aiohttp import web

from exporter.exposition.text_format import TextFormat
from exporter.report import explain, summarize, write_text
from exporter.web.app_context import APP_CONTEXT, AppContext, state_of
from exporter.web.middlewares import refuse_foreign_forms
from exporter.web.negotiation import accepts_gzip, text_format
from exporter.web.probing import scrape_seconds


async def metrics(request: web.Request) -> web.Response:
    """Show `/metrics` in the format and compression the client prefers, or only the families named by `name[]`.

    A page that is being made serves all requests for the same.
    """
    wanted_format, names = _wanted(request)
    app_context, packed = request.app[APP_CONTEXT], _wants_gzip(request)
    key = ("metrics", wanted_format, names, packed)
    body = await app_context.shared.run(
        key, lambda: _metrics_page(app_context, wanted_format, names, packed=packed)
    )
    return _exposed(body, wanted_format, packed=packed)


async def _metrics_page(
    app_context: AppContext, wanted_format: TextFormat, names: frozenset[str], *, packed: bool
) -> bytes:
    """Make the page. There are few whole ones, which wait for nothing, and any number of parts of it."""
    async with app_context.making if names else nullcontext():
        pieces = (app_context.exposition.compressed_page if packed else app_context.exposition.page)(
            wanted_format, names
        )
        return b"".join([piece async for piece in pieces])


async def probe(request: web.Request) -> web.Response:
    """`/probe?target=NAME`: a round on request, as metrics of this target alone or, with `debug=true`, as text."""
    app_context = request.app[APP_CONTEXT]
    name = request.query.get("target")
    if not name:
        prefix = request.app[APP_CONTEXT].prefix
        raise web.HTTPBadRequest(
            text=f"Name the target: {prefix}/probe?target=NAME. All targets are listed at {prefix}/.\n"
        )
    target = state_of(request, name).target
    fresh = await app_context.prober.probe(target, scrape_seconds(request.headers, target.schedule.interval))
    if request.query.get("debug") == "true":
        text = f"{write_text(summarize(fresh.checkup))}\n{explain(fresh.checkup, fresh.traces)}"
        return web.Response(body=text.encode("utf-8", "replace"), content_type="text/plain", charset="utf-8")
    wanted_format, names = _wanted(request)
    page = app_context.exposition.round_page(fresh.checkup, wanted_format, names)
    packed = _wants_gzip(request)
    return _exposed(gzip.compress(page) if packed else page, wanted_format, packed=packed)


async def reload(request: web.Request) -> web.Response:
    """`POST /-/reload`: 200 when the configuration was applied, 500 when it was rejected, 403 when not enabled.

    A form of another origin is refused, so that no page elsewhere can have a visitor's browser send it.
    """
    act = request.app[APP_CONTEXT].reload
    if act is None:
        raise web.HTTPForbidden(text="Reloading over HTTP is not enabled: see web.enable_lifecycle.\n")
    refuse_foreign_forms(request)
    if await asyncio.shield(act()):  # also for a client that does not wait for it
        return web.Response(text="configuration reloaded\n")
    return web.Response(status=500, text="the configuration was refused; the log has the reason\n")


async def to_prefix(request: web.Request) -> web.Response:
    """Redirect to the status page below `web.route_prefix`."""
    raise web.HTTPFound(f"{request.app[APP_CONTEXT].prefix}/")


async def healthy(_request: web.Request) -> web.Response:
    """Show `/-/healthy`: 200 for as long as the process serves."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """Show `/-/ready`: 200 while the exporter serves and polls, else 503 with the reason."""
    app_context = request.app[APP_CONTEXT]
    reason = app_context.readiness.reason(app_context.store.states, time.monotonic())
    return web.Response(status=503, text=f"not ready: {reason}\n") if reason else web.Response(text="ready\n")


def _wanted(request: web.Request) -> tuple[TextFormat, frozenset[str]]:
    """Return the text format that the client prefers, and the families it asks for."""
    return text_format(request.headers.getall("Accept", ())), frozenset(request.query.getall("name[]", ()))


def _wants_gzip(request: web.Request) -> bool:
    return accepts_gzip(request.headers.getall("Accept-Encoding", ()))


def _exposed(body: bytes, wanted_format: TextFormat, *, packed: bool) -> web.Response:
    headers = {"Content-Type": wanted_format.value, "Vary": "Accept, Accept-Encoding"}
    return web.Response(body=body, headers={**headers, "Content-Encoding": "gzip"} if packed else headers)
