"""What one simulated port has seen and answered, so that tests can compare it with what the exporter counts."""

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
    """Counts of what came over one path, from outside: what the worker forwards is not counted again.

    `with_credentials` holds the requests that showed credentials of any kind; `server_names` the names
    asked for in TLS (None: no SNI), `hosts` those in `Host`.
    """

    connections: int = 0
    served: Counter[Served] = field(default_factory=Counter)
    with_credentials: Counter[Served] = field(default_factory=Counter)
    server_names: set[str | None] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)

    def note_connection(self, server_name: str | None) -> None:
        """A connection was opened, TLS included."""
        self.connections += 1
        self.server_names.add(server_name)

    def note(self, request: Request, status: int) -> None:
        """A request was read, and is going to be answered so."""
        served = Served(request.method, request.path, status)
        self.served[served] += 1
        self.hosts.add(request.headers.get("host", ""))
        if carries_credentials(request):
            self.with_credentials[served] += 1

    def count(self, url_end: str = "", status: int | None = None) -> int:
        """How many requests had a URL path with this end, and were answered so (by default: any)."""
        return sum(
            number
            for served, number in self.served.items()
            if served.url_path.endswith(url_end) and status in (None, served.status)
        )
