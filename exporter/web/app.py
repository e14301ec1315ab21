"""The web application: the paths of all pages."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Middleware

from exporter.web import api, handlers, middlewares, pages
from exporter.web.app_context import APP_CONTEXT, AppContext


def create_app(app_context: AppContext) -> web.Application:
    """Return the application with all pages, for authenticated requests."""
    app = _app(
        app_context,
        app_context.prefix,
        middlewares.limit_rate,
        middlewares.check_host,
        middlewares.authenticate,
    )
    app.add_routes(
        [
            web.get(app_context.prefix + app_context.telemetry_path, handlers.metrics),
            web.get(f"{app_context.prefix}/", pages.status_page),
            web.get(f"{app_context.prefix}/targets/{{name}}", pages.target_page),
            web.get(f"{app_context.prefix}/targets/{{name}}/badge.svg", pages.badge),
            web.post(f"{app_context.prefix}/targets/{{name}}/poll", pages.poll_now),
            web.get(f"{app_context.prefix}/incidents", pages.incidents_page),
            web.get(f"{app_context.prefix}/incidents/{{id}}", pages.incident_page),
            web.get(f"{app_context.prefix}/probe", handlers.probe),
            web.get(f"{app_context.prefix}/api/v1/targets", api.targets_json),
            web.get(f"{app_context.prefix}/api/v1/targets/{{name}}", api.target_json),
            web.get(f"{app_context.prefix}/api/v1/incidents", api.incidents_json),
            web.get(f"{app_context.prefix}/api/v1/incidents/{{id}}", api.incident_json),
            web.get(f"{app_context.prefix}/api/v1/sd", api.service_discovery),
            web.post(f"{app_context.prefix}/-/reload", handlers.reload),
        ]
    )
    if app_context.prefix:
        app.add_routes([web.get("/", handlers.to_prefix), web.get(app_context.prefix, handlers.to_prefix)])
    app.on_shutdown.append(_stop_probing)
    return app


def create_health_app(app_context: AppContext) -> web.Application:
    """Return an application with health and readiness alone, without authentication."""
    return _app(app_context, "")


def _app(app_context: AppContext, prefix: str, *more_middlewares: Middleware) -> web.Application:
    app = web.Application(
        middlewares=[
            middlewares.set_security_headers,
            middlewares.put_errors_in_words,
            middlewares.limit_requests,
            *more_middlewares,
        ],
        client_max_size=middlewares.MAX_BODY_BYTES,
    )
    app[APP_CONTEXT] = app_context
    app.add_routes(
        [web.get(f"{prefix}/-/healthy", handlers.healthy), web.get(f"{prefix}/-/ready", handlers.ready)]
    )
    return app


async def _stop_probing(app: web.Application) -> None:
    await app[APP_CONTEXT].prober.stop()
