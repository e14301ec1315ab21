"""The web application: the paths of all pages."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Middleware

from exporter.web import api, handlers, middlewares, pages
from exporter.web.app_context import APP_CONTEXT, AppContext


def create_app(site: AppContext) -> web.Application:
    """Return the application with all pages, for authenticated requests."""
    app = _app(site, site.prefix, middlewares.limit_rate, middlewares.check_host, middlewares.authenticate)
    app.add_routes(
        [
            web.get(site.prefix + site.telemetry_path, handlers.metrics),
            web.get(f"{site.prefix}/", pages.status_page),
            web.get(f"{site.prefix}/targets/{{name}}", pages.target_page),
            web.get(f"{site.prefix}/targets/{{name}}/badge.svg", pages.badge),
            web.post(f"{site.prefix}/targets/{{name}}/poll", pages.poll_now),
            web.get(f"{site.prefix}/incidents", pages.incidents_page),
            web.get(f"{site.prefix}/incidents/{{id}}", pages.incident_page),
            web.get(f"{site.prefix}/probe", handlers.probe),
            web.get(f"{site.prefix}/api/v1/targets", api.targets_json),
            web.get(f"{site.prefix}/api/v1/targets/{{name}}", api.target_json),
            web.get(f"{site.prefix}/api/v1/incidents", api.incidents_json),
            web.get(f"{site.prefix}/api/v1/incidents/{{id}}", api.incident_json),
            web.get(f"{site.prefix}/api/v1/sd", api.service_discovery),
            web.post(f"{site.prefix}/-/reload", handlers.reload),
        ]
    )
    if site.prefix:
        app.add_routes([web.get("/", handlers.to_prefix), web.get(site.prefix, handlers.to_prefix)])
    app.on_shutdown.append(_stop_probing)
    return app


def create_health_app(site: AppContext) -> web.Application:
    """Return an application with health and readiness alone, without authentication."""
    return _app(site, "")


def _app(site: AppContext, prefix: str, *more_middlewares: Middleware) -> web.Application:
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
    app.add_routes(
        [web.get(f"{prefix}/-/healthy", handlers.healthy), web.get(f"{prefix}/-/ready", handlers.ready)]
    )
    return app


async def _stop_probing(app: web.Application) -> None:
    await app[APP_CONTEXT].prober.stop()
