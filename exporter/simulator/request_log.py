"""The requests and answers of one simulated port, for comparison with the counters of the exporter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from exporter.simulator.credentials import carries_credentials
from exporter.simulator.messages import Request


class Served(NamedTuple):
    """One kind of served request. `status` is 0 when the server stayed silent."""

    method: str
    url_path: str
    status: int


@dataclass(slots=True)
class RequestLog:
    """Counts of the requests over one path; requests that the worker forwards are not counted again.

    `with_credentials` holds the requests that showed credentials of any kind; `server_names` the names
    asked for in TLS (None: no SNI), `hosts` those in `Host`.
    """

    connections: int = 0
    served: Counter[Served] = field(default_factory=Counter)
    with_credentials: Counter[Served] = field(default_factory=Counter)
    server_names: set[str | None] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)

    def note_connection(self, server_name: str | None) -> None:
        """Count a connection whose TLS handshake is finished."""
        self.connections += 1
        self.server_names.add(server_name)

    def note(self, request: Request, status: int) -> None:
        """Count a request and the status of its answer."""
        served = Served(request.method, request.path, status)
        self.served[served] += 1
        self.hosts.add(request.headers.get("host", ""))
        if carries_credentials(request):
            self.with_credentials[served] += 1

    def count(self, url_end: str = "", status: int | None = None) -> int:
        """Return how many requests had a URL path with this end and an answer of this status (default: any)."""
        return sum(
            number
            for served, number in self.served.items()
            if served.url_path.endswith(url_end) and status in (None, served.status)
        )
