"""What holds for every answer: security headers, plain words for errors, and no bug that goes uncounted."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from exporter.web.app_context import APP_CONTEXT

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # Not `no-referrer`: browsers would then send forms of our own pages with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Server": "onedata-exporter",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# Browsers obey all policies: one of the operator's can only add to ours, which names the page's own style.
_ADDED = "Content-Security-Policy"
_BUG = "The exporter made a mistake while making this page. Its log says more; please report it.\n"


@web.middleware
async def set_security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the headers that a page has not set itself, and those that the operator wants on every answer."""
    response = await handler(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    for name, value in request.app[APP_CONTEXT].access_control.headers:
        if name == _ADDED:
            response.headers.add(name, value)
        else:
            response.headers[name] = value
    return response


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in only whom the doorkeeper lets in."""
    await request.app[APP_CONTEXT].access_control.authenticate(request.headers.get("Authorization", ""))
    return await handler(request)


@web.middleware
async def put_errors_in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Make every exception an answer: aiohttp's own with a plain sentence, any other a counted 500."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return web.Response(status=error.status, text=_words(request, error), headers=error.headers)
    except Exception as error:  # noqa: BLE001 - a bug costs one page, not the exporter
        request.app[APP_CONTEXT].report_bug("web", error)
        return web.Response(status=500, text=_BUG)


def refuse_foreign_forms(request: web.Request) -> None:
    """Raise 403 when a browser sent this on behalf of another site; programs send neither header.

    Browsers send `Sec-Fetch-Site` over TLS and on loopback only, `Origin` with every form.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    is_foreign = (
        site not in {"same-origin", "none"} if site else origin and origin.partition("://")[2] != request.host
    )
    if is_foreign:
        raise web.HTTPForbidden(text="This was sent by a page of another site, which may not ask for it.\n")


def _words(request: web.Request, error: web.HTTPException) -> str:
    """The sentence of a page that raised the error, or one for those that aiohttp raises by itself."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"This page does not know {request.method}; it knows {', '.join(sorted(error.allowed_methods))}.\n"
    if error.text and error.text != f"{error.status}: {error.reason}":
        return error.text
    if error.status == HTTPStatus.NOT_FOUND:
        path = request.app[APP_CONTEXT].telemetry_path
        return f"There is no such page. The metrics are at {path}, the status of all targets is at /.\n"
    return f"{error.reason}.\n"
