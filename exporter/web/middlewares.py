"""What holds for every answer: limits of requests, security headers, errors in plain words, no uncounted bug."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from exporter.web.app_context import APP_CONTEXT
from exporter.web.error_pages import error_response
from exporter.web.origins import host_of, is_same_origin

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # Not `no-referrer`: browsers would then send forms of our own pages with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Server": "onedata-exporter",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
MAX_HEADER_BYTES = 32 * 1024
MAX_BODY_BYTES = 4096
BODY_SECONDS = 5.0
# Browsers obey all policies: one of the operator's can only add to ours, which names the page's own style.
_ADDED = "Content-Security-Policy"
_BUG = "Internal error; see the exporter's log, and report it.\n"
_HEALTH_PAGES = frozenset({"/-/healthy", "/-/ready"})


@web.middleware
async def set_security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the headers that a page has not set itself, and those of the web configuration."""
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
async def put_errors_in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Make every exception an answer: aiohttp's own with a plain sentence, any other a counted 500."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return error_response(request, error)
    except Exception as error:  # noqa: BLE001 - a bug costs one page, not the exporter
        request.app[APP_CONTEXT].report_bug("web", error)
        return error_response(request, web.HTTPInternalServerError(text=_BUG))


@web.middleware
async def limit_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests whose headers or body are larger than any page needs, before any other work on them."""
    if sum(len(name) + len(value) for name, value in request.raw_headers) > MAX_HEADER_BYTES:
        raise web.HTTPRequestHeaderFieldsTooLarge(
            text=f"The headers of a request may have {MAX_HEADER_BYTES} bytes in all.\n"
        )
    if request.body_exists:
        await _read_body(request)
    return await handler(request)


async def _read_body(request: web.Request) -> None:
    """Have the whole body at hand, of whatever encoding: it is never decompressed."""
    too_large = web.HTTPRequestEntityTooLarge(
        MAX_BODY_BYTES, text=f"The body of a request may have {MAX_BODY_BYTES} bytes.\n"
    )
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise too_large
    try:
        async with asyncio.timeout(BODY_SECONDS):
            await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(
            text=f"The body of the request did not arrive within {BODY_SECONDS:g} s.\n"
        ) from None
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError):
        raise web.HTTPBadRequest(text="The body of the request is malformed.\n") from None


@web.middleware
async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests for a host name that is not ours, if `web.allowed_hosts` lists those that are.

    Otherwise a page elsewhere could have its name resolve to the exporter's address, and read the pages.
    """
    app_context = request.app[APP_CONTEXT]
    is_health_page = request.path.removeprefix(app_context.prefix) in _HEALTH_PAGES
    if (
        app_context.allowed_hosts
        and not is_health_page
        and host_of(request.host) not in app_context.allowed_hosts
    ):
        raise web.HTTPMisdirectedRequest(
            text="The exporter does not serve this host name. To allow it, add it to web.allowed_hosts.\n"
        )
    return await handler(request)


@web.middleware
async def limit_rate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests above the rate limit of the web configuration."""
    request.app[APP_CONTEXT].access_control.limit_rate()
    return await handler(request)


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests without valid credentials, if the web configuration has users."""
    await request.app[APP_CONTEXT].access_control.authenticate(request.headers.get("Authorization", ""))
    return await handler(request)


def refuse_foreign_forms(request: web.Request) -> None:
    """Raise 403 when a browser sent this on behalf of another site; programs send neither header.

    Browsers send `Sec-Fetch-Site` over TLS and on loopback only, `Origin` with every form.
    """
    fetch_site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    is_foreign = (
        fetch_site not in {"same-origin", "none"}
        if fetch_site
        else origin and not is_same_origin(origin, request.host, request.app[APP_CONTEXT].allowed_hosts)
    )
    if is_foreign:
        raise web.HTTPForbidden(text="Requests that another site's page sends are refused.\n")
