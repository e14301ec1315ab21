"""What holds for every answer: security headers, plain words for errors, and no bug that goes uncounted."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from exporter.web.site import SITE

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # Not `no-referrer`: browsers would then send forms of our own pages with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_BUG = "The exporter made a mistake while making this page. Its log says more; please report it.\n"


@web.middleware
async def set_security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the headers that a page has not set itself."""
    response = await handler(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@web.middleware
async def put_errors_in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Make every exception an answer: aiohttp's own with a plain sentence, any other a counted 500."""
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return _plain(405, f"This page does not know {request.method}; it knows {allowed}.\n", Allow=allowed)
    except web.HTTPNotFound as error:
        return _plain(404, error.text if error.text != "404: Not Found" else _no_such_page(request))
    except web.HTTPException as error:
        error.headers.popall("Content-Length", None)
        return web.Response(status=error.status, text=f"{error.reason}.\n", headers=error.headers)
    except Exception as error:  # noqa: BLE001 - a bug costs one page, not the exporter
        request.app[SITE].report_bug("web", error)
        return _plain(500, _BUG)


def _no_such_page(request: web.Request) -> str:
    telemetry_path = request.app[SITE].telemetry_path
    return f"There is no such page. The metrics are at {telemetry_path}, the status of all targets is at /.\n"


def _plain(status: int, text: str | None, **headers: str) -> web.Response:
    return web.Response(status=status, text=text, headers=headers)
