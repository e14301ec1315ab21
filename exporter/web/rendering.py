"""Rendering HTML: templates, and the policy by which a page may use its own inline style and script."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from importlib import resources

import jinja2
from aiohttp import web

from exporter import __version__
from exporter.diagnosis.rules import Diagnosis
from exporter.web import badges, charts, filters, links
from exporter.web.app_context import APP_CONTEXT
from exporter.web.badges import diagnosis_badge
from exporter.web.query import Sort

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='8' fill='%23{colour}'/%3E"
    "%3Cpath d='{sign}' fill='none' stroke='%23fff' stroke-width='3' stroke-linecap='round' "
    "stroke-linejoin='round'/%3E%3C/svg%3E"
)
_PULSE, _CROSS = "M5 17h6l3-8 5 15 3-7h5", "M9 9l14 14M23 9l-14 14"
# By the tone of a page. One in which something is wrong differs in its sign, too.
ICONS = {
    "good": _ICON.format(colour="18794e", sign=_PULSE),
    "idle": _ICON.format(colour="335c99", sign=_PULSE),
    "warn": _ICON.format(colour="8a5300", sign="M16 7v11M16 24v.5"),
    "bad": _ICON.format(colour="b3261e", sign=_CROSS),
}
_FILTERS = {
    "bar": charts.bar,
    "icon": lambda tone: ICONS.get(tone, ICONS["idle"]),
    "links": links.with_links,
    "pairs": lambda values: [(value, value) for value in values],
    "percent": charts.percent,
}
_GLOBALS = {
    "icons": ICONS,
    "ok": Diagnosis.OK,
    "sorts": [(sort.value, sort.value) for sort in Sort],
    "states": [("bad", "not ok"), *((each.value, diagnosis_badge(each).word) for each in Diagnosis)],
    "version": __version__,
}
_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def environment(*packages: str) -> jinja2.Environment:
    """Return the templates of these packages, all read at once; the first that has a template of some name gives it."""
    sources = dict(_sources(packages))
    templates = jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(badges.FILTERS | filters.FILTERS | _FILTERS)
    templates.globals.update(_GLOBALS)
    for name in sources:  # compiled now: later no descriptor may be left to read what the compiler needs
        templates.get_template(name)
    return templates


def _sources(packages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for package in reversed(packages):
        for file in resources.files(package).joinpath("templates").iterdir():
            yield file.name, file.read_text(encoding="utf-8")


TEMPLATES = environment("exporter.web")


def policy(nonce: str) -> str:
    """Return the policy of a page whose own style and script have this nonce."""
    return _POLICY.format(nonce=nonce)


async def page(request: web.Request, template: jinja2.Template, **values: object) -> web.Response:
    """Return the page that a template makes of values. It is rendered off the loop, as a page may be long."""
    app_context, nonce = request.app[APP_CONTEXT], secrets.token_urlsafe(16)
    text = await asyncio.to_thread(
        template.render,
        nonce=nonce,
        prefix=app_context.prefix,
        telemetry_path=app_context.telemetry_path,
        open_incidents=app_context.incidents.count_open(),
        banners=app_context.readiness.banners(
            app_context.store.states, app_context.faults(), time.monotonic()
        ),
        now=time.time(),
        **values,
    )
    return web.Response(
        body=text.encode("utf-8", "replace"),
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": policy(nonce)},
    )
