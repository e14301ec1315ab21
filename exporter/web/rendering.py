"""Rendering HTML: templates, and the policy by which a page may use its own inline style and script."""

from __future__ import annotations

import asyncio
import codecs
import secrets
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from aiohttp import web

from exporter import __version__, spare
from exporter.web import badges, filters

if TYPE_CHECKING:
    import jinja2

_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@cache
def environment(*packages: str) -> jinja2.Environment:
    """The templates of these packages, all read at once; the first that has a template of some name gives it."""
    with spare.lent():
        import jinja2  # noqa: PLC0415 - many exporters never show a page

        sources = dict(_sources(packages))
        codecs.lookup("unicode_escape")  # jinja2 asks for it when it meets the first string in a template
    templates = jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(badges.FILTERS | filters.FILTERS)
    templates.globals["version"] = __version__
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
