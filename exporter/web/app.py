"""The web application: which page is where."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Middleware

from exporter.web import guards, handlers
from exporter.web.site import SITE, Site

_MAX_REQUEST_BYTES = 4096


def create_app(site: Site) -> web.Application:
    """All pages of the exporter, for GET and HEAD, for those whom the doorkeeper lets in."""
    app = _app(site, guards.admit)
    app.add_routes(
        [
            web.get(site.telemetry_path, handlers.metrics),
            web.get("/", handlers.status_page),
            web.get("/targets/{name}", handlers.target_page),
            web.get("/probe", handlers.probe),
            web.get("/api/v1/targets", handlers.targets_json),
            web.get("/api/v1/sd", handlers.service_discovery),
            web.post("/-/reload", handlers.reload),
        ]
    )
    app.on_shutdown.append(_stop_probing)
    return app


def create_health_app(site: Site) -> web.Application:
    """Health and readiness alone, for everybody: to be served beside the application that `site` belongs to."""
    return _app(site)


def _app(site: Site, *more_guards: Middleware) -> web.Application:
    app = web.Application(
        middlewares=[guards.set_security_headers, guards.put_errors_in_words, *more_guards],
        client_max_size=_MAX_REQUEST_BYTES,
    )
    app[SITE] = site
    app.add_routes([web.get("/-/healthy", handlers.healthy), web.get("/-/ready", handlers.ready)])
    return app


async def _stop_probing(app: web.Application) -> None:
    await app[SITE].prober.stop()
