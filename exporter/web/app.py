"""The web application: which page is where."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Middleware

from exporter.web import handlers, middlewares
from exporter.web.app_context import APP_CONTEXT, AppContext

_MAX_REQUEST_BYTES = 4096


def create_app(site: AppContext) -> web.Application:
    """All pages of the exporter, for GET and HEAD, for those whom the doorkeeper lets in."""
    app = _app(site, middlewares.authenticate)
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


def create_health_app(site: AppContext) -> web.Application:
    """Health and readiness alone, for everybody: to be served beside the application that `site` belongs to."""
    return _app(site)


def _app(site: AppContext, *more_middlewares: Middleware) -> web.Application:
    app = web.Application(
        middlewares=[middlewares.set_security_headers, middlewares.put_errors_in_words, *more_middlewares],
        client_max_size=_MAX_REQUEST_BYTES,
    )
    app[APP_CONTEXT] = site
    app.add_routes([web.get("/-/healthy", handlers.healthy), web.get("/-/ready", handlers.ready)])
    return app


async def _stop_probing(app: web.Application) -> None:
    await app[APP_CONTEXT].prober.stop()
