"""The web application: which page is where."""

from __future__ import annotations

from aiohttp import web

from exporter.store import Store
from exporter.web import guards, handlers
from exporter.web.site import SITE, MetricsPage, ReportBug, Site

_MAX_REQUEST_BYTES = 4096


def create_app(
    store: Store,
    exposition: MetricsPage,
    report_bug: ReportBug,
    telemetry_path: str = "/metrics",
) -> web.Application:
    """All pages of the exporter, for GET and HEAD.

    `report_bug` is told of exceptions that nobody expected, as ("web", exception).
    """
    app = web.Application(
        middlewares=[guards.set_security_headers, guards.put_errors_in_words],
        client_max_size=_MAX_REQUEST_BYTES,
    )
    app[SITE] = Site(store, exposition, telemetry_path, report_bug)
    app.add_routes(
        [
            web.get(telemetry_path, handlers.metrics),
            web.get("/", handlers.status_page),
            web.get("/targets/{name}", handlers.target_page),
            web.get("/api/v1/targets", handlers.targets_json),
            web.get("/api/v1/sd", handlers.service_discovery),
            web.get("/-/healthy", handlers.healthy),
            web.get("/-/ready", handlers.ready),
        ]
    )
    return app
