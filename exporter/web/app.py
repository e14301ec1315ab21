"""The web application: the paths of all pages."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Middleware

from exporter.web import handlers, middlewares
from exporter.web.app_context import APP_CONTEXT, AppContext


def create_app(site: AppContext) -> web.Application:
    """Return the application with all pages, for authenticated requests."""
    app = _app(site, middlewares.limit_rate, middlewares.check_host, middlewares.authenticate)
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
    """Return an application with health and readiness alone, without authentication."""
    return _app(site)


def _app(site: AppContext, *more_middlewares: Middleware) -> web.Application:
    app = web.Application(
        middlewares=[
            middlewares.set_security_headers,
            middlewares.put_errors_in_words,
            middlewares.limit_requests,
            *more_middlewares,
        ],
        client_max_size=middlewares.MAX_BODY_BYTES,
    )
    app[APP_CONTEXT] = site
    app.add_routes([web.get("/-/healthy", handlers.healthy), web.get("/-/ready", handlers.ready)])
    return app


async def _stop_probing(app: web.Application) -> None:
    await app[APP_CONTEXT].prober.stop()
