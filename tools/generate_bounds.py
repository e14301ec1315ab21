"""Write the table of bounds in docs/security.md from the constants of the code.

With --check, write nothing and fail when the page differs.
"""

from __future__ import annotations

import importlib
import re
import sys
from typing import NamedTuple

from tools.generated import ROOT, write_or_check

_PAGE = ROOT / "docs" / "security.md"
_TABLE = re.compile(r"(<!-- bounds: begin -->\n).*?(<!-- bounds: end -->)", re.DOTALL)
_KIB, _MIB = 2**10, 2**20


class Bound(NamedTuple):
    """A bound for people: what it limits, in which unit, and the constant that holds it, `module:NAME`."""

    what: str
    unit: str
    constant: str


BOUNDS = {
    "What a target or zone sends": (
        Bound("head of a response, status line and headers", "bytes", "client.wire:MAX_HEAD_BYTES"),
        Bound("empty lines before a response", "", "client.wire:MAX_EMPTY_LINES"),
        Bound("interim responses (1xx) of a request", "", "client.wire:MAX_INTERIM_ANSWERS"),
        Bound(
            "bytes on the wire for each byte of body that is permitted",
            "",
            "client.wire:WIRE_BYTES_PER_BODY_BYTE",
        ),
        Bound("requests of an operation in a round", "", "client.conversation:MOST_REQUESTS"),
        Bound("addresses of a host name", "", "client.resolver:_MAX_ADDRESSES"),
        Bound("certificates of a chain", "", "certificates:MAX_CHAIN"),
        Bound("worker report", "bytes", "operations.worker_report:MAX_BODY_BYTES"),
        Bound("XML elements of a worker report", "", "operations.worker_report:_MAX_ELEMENTS"),
        Bound("hosts of a cluster in labels", "", "operations.limits:MAX_HOSTS"),
        Bound("modules of a worker in labels", "", "operations.limits:MAX_MODULES"),
        Bound("statuses of the hosts of a service", "bytes", "operations.host_survey:_MAX_BODY_BYTES"),
        Bound("list of the providers of a zone", "bytes", "operations.providers:_MAX_LIST_BYTES"),
        Bound("list of users", "bytes", "operations.users:_MAX_BODY_BYTES"),
        Bound(
            "parsed responses that are kept for all targets together",
            "bytes",
            "operations.responses:_KEPT_BYTES",
        ),
        Bound("text of an error that is shown", "characters", "operations.responses:_MAX_DETAIL"),
        Bound("body in the evidence of an incident", "bytes", "client.transcripts:MAX_BODY_BYTES"),
        Bound("head in the evidence of an incident", "characters", "client.transcripts:MAX_HEAD_CHARACTERS"),
    ),
    "What a client of the pages sends": (
        Bound("headers of a request", "bytes", "web.middlewares:MAX_HEADER_BYTES"),
        Bound("body of a request", "bytes", "web.middlewares:MAX_BODY_BYTES"),
        Bound("time for the body of a request", "seconds", "web.middlewares:BODY_SECONDS"),
        Bound("time for a TLS handshake", "seconds", "web.acceptor:HANDSHAKE_SECONDS"),
        Bound("connections", "", "web.connection_limit:MAX_CONNECTIONS"),
        Bound("responses that clients have not read", "bytes", "web.connection_limit:MAX_WAITING_BYTES"),
        Bound("waiting requests for `/probe`", "", "web.probing:MAX_WAITING"),
        Bound("rounds of `/probe` at once", "", "web.probing:_ROUNDS_AT_ONCE"),
        Bound("passwords that wait for verification", "", "web.passwords:_MOST_AT_ONCE"),
        Bound("passwords that are remembered", "", "web.passwords:_MOST_ACCEPTED"),
    ),
    "What files contain": (
        Bound("configuration", "bytes", "files.reading:MAX_CONFIGURATION_BYTES"),
        Bound("values that the aliases of a configuration unfold to", "", "settings.yaml_text:_MOST_VALUES"),
        Bound("secret", "bytes", "files.reading:MAX_SECRET_BYTES"),
        Bound("certificates and keys", "bytes", "files.pem:MAX_PEM_BYTES"),
        Bound("first line of a maintenance file", "bytes", "files.reading:_MAX_NOTE_BYTES"),
        Bound("cache of discovered providers", "bytes", "polling.provider_cache:_MAX_BYTES"),
    ),
    "What the exporter keeps": (
        Bound("runs of a path or diagnosis in the history of a target", "", "state.runs:MOST_RUNS"),
        Bound("closed incidents", "", "state.incidents:MOST_CLOSED"),
        Bound("events of a target", "", "state.events:MOST_EVENTS"),
    ),
}


def main() -> int:
    """Write the table, or compare it."""
    text = _PAGE.read_text(encoding="utf-8")
    return write_or_check(
        __doc__, {_PAGE: _TABLE.sub(lambda match: f"{match[1]}\n{table()}\n{match[2]}", text)}
    )


def table() -> str:
    """Return the bounds as tables of Markdown, one for each origin of foreign input."""
    return (
        "\n".join(
            f"| {origin} | at most |\n| --- | --- |\n"
            + "".join(f"| {bound.what} | {written(bound)} |\n" for bound in bounds)
            for origin, bounds in BOUNDS.items()
        )
        + "\n"
    )


def written(bound: Bound) -> str:
    """Return the value of a bound with its unit."""
    module, name = bound.constant.split(":")
    value = getattr(importlib.import_module(f"exporter.{module}"), name)
    if bound.unit != "bytes":
        number = f"{value:,}" if isinstance(value, int) else f"{value:g}"
        return f"{number} {bound.unit}".rstrip()
    for size, unit in ((_MIB, "MiB"), (_KIB, "KiB")):
        if value % size == 0:
            return f"{value // size} {unit}"
    return f"{value} bytes"


if __name__ == "__main__":
    sys.exit(main())
