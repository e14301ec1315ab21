"""Rendering HTML: templates, and the policy by which a page may use its own inline style and script."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from importlib import resources
from typing import Any

import jinja2
from aiohttp import web

from exporter import __version__
from exporter.web import badges, filters

_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def environment(*packages: str) -> jinja2.Environment:
    """The templates of these packages, all read at once; the first that has a template of some name gives it."""
    sources = dict(_sources(packages))
    templates = jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(badges.FILTERS | filters.FILTERS)
    templates.globals["version"] = __version__
    for name in sources:  # compiled now: later no descriptor may be left to read what the compiler needs
        templates.get_template(name)
    return templates


def _sources(packages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for package in reversed(packages):
        for file in resources.files(package).joinpath("templates").iterdir():
            yield file.name, file.read_text(encoding="utf-8")


async def html(template: jinja2.Template, **values: Any) -> web.Response:
    """The page that a template makes of these values. Rendered off the loop: a page may be long."""
    nonce = secrets.token_urlsafe(16)
    page = await asyncio.to_thread(template.render, nonce=nonce, **values)
    return web.Response(
        body=page.encode("utf-8", "replace"),
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": _POLICY.format(nonce=nonce)},
    )
