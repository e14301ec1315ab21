"""Rendering HTML: templates, and the policy by which a page may use its own inline style and script."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache
from typing import TYPE_CHECKING, Any

from aiohttp import web

from exporter import __version__
from exporter.web import marks, wording

if TYPE_CHECKING:
    import jinja2

_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@cache
def environment(*packages: str) -> jinja2.Environment:
    """The templates of these packages; the first that has a template of some name gives it."""
    import jinja2  # noqa: PLC0415 - many exporters never show a page

    templates = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(marks.FILTERS | wording.FILTERS)
    templates.globals["version"] = __version__
    return templates


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
