"""Responses to requests that failed: a plain sentence for programs, a page with a link for browsers."""

from __future__ import annotations

import secrets
from http import HTTPStatus

from aiohttp import web

from exporter.web.app_context import APP_CONTEXT
from exporter.web.rendering import TEMPLATES, policy


def error_response(request: web.Request, error: web.HTTPException) -> web.Response:
    """Return the response to a request that raised an error."""
    words, headers = _words(request, error), error.headers.copy()
    if error.status < HTTPStatus.BAD_REQUEST or "text/html" not in request.headers.get("Accept", ""):
        return web.Response(status=error.status, text=words, headers=headers)
    nonce = secrets.token_urlsafe(16)
    headers["Content-Type"] = "text/html; charset=utf-8"
    headers["Content-Security-Policy"] = policy(nonce)
    values = {"reason": error.reason, "text": words, "prefix": request.app[APP_CONTEXT].prefix}
    text = TEMPLATES.get_template("error.html").render(nonce=nonce, **values)
    return web.Response(status=error.status, body=text.encode("utf-8", "replace"), headers=headers)


def _words(request: web.Request, error: web.HTTPException) -> str:
    """Return the sentence of a page that raised the error, or one for those that aiohttp raises by itself."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"This page accepts only {', '.join(sorted(error.allowed_methods))}.\n"
    if error.text and error.text != f"{error.status}: {error.reason}":
        return error.text
    if error.status == HTTPStatus.NOT_FOUND:
        app_context = request.app[APP_CONTEXT]
        return (
            f"There is no such page. The metrics are at {app_context.prefix}{app_context.telemetry_path}, "
            f"the status of all targets is at {app_context.prefix}/.\n"
        )
    return f"{error.reason}.\n"
