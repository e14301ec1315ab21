"""Print the alerts that Alertmanager sends, one line each: webhook_printer.py HOST:PORT."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


def line(alert: dict[str, Any]) -> str:
    """Return an alert of Alertmanager's webhook message, for people."""
    labels, annotations = alert["labels"], alert["annotations"]
    head = (
        alert["status"].upper(),
        labels.get("severity", ""),
        labels["alertname"],
        labels.get("target", ""),
    )
    return f"{' '.join(word for word in head if word)}: {annotations.get('summary', '')}"


class Printer(BaseHTTPRequestHandler):
    """Takes Alertmanager's POST requests."""

    def do_POST(self) -> None:
        """Print what came."""
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for alert in message["alerts"]:
            print(line(alert), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        """Say nothing of requests: the alerts are what is to be read."""


def main(address: str) -> None:
    """Serve until a signal stops the process."""
    host, _, port = address.rpartition(":")
    HTTPServer((host, int(port)), Printer).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
