"""The worker's REST API of a zone, in a process of its own, on the standard library's HTTP server.

`python -m tests.support.zone_rest CERTIFICATE FILE` answers from the JSON file at each request:
`{"privileged": true, "providers": [{"providerId": …}, …], "clusters": {ID: {…}}, "delay": 0.0, "raw": {PATH: BODY}}`,
and prints its port, and then a line `METHOD PATH TOKEN` for each request.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = "/api/v3/onezone"


def print_words(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


class Zone(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    file: Path

    def do_GET(self) -> None:
        state = json.loads(self.file.read_text(encoding="utf-8"))
        print_words("GET", self.path, self.headers.get("X-Auth-Token", "-"))
        threading.Event().wait(state.get("delay", 0.0))
        status, body = self.answer(state, self.path.removeprefix(ROOT))
        payload = body if isinstance(body, str) else json.dumps(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload.encode())))
        self.end_headers()
        self.wfile.write(payload.encode())

    def answer(self, state: dict[str, Any], path: str) -> tuple[int, Any]:
        if path in state.get("raw", {}):
            return 200, state["raw"][path]
        if self.headers.get("X-Auth-Token") != "token-of-the-zone":
            return 401, {"error": {"id": "unauthorized", "details": {"authError": {"id": "tokenInvalid"}}}}
        own = path.startswith("/user/effective_")
        if not own and not state["privileged"]:
            return 403, {"error": {"id": "forbidden"}}
        kind, _, provider_id = path.removeprefix("/user/effective_").removeprefix("/").partition("/")
        providers = {each["providerId"]: each for each in state["providers"]}
        if not provider_id:
            ids = list(providers) if kind == "providers" else ["onezone", *state["clusters"]]
            return 200, {kind: ids}
        found = (providers if kind == "providers" else state["clusters"]).get(provider_id)
        return (200, found) if found else (404, {"error": {"id": "notFound"}})

    def log_message(self, *_args: object) -> None:
        """Print nothing but the requests themselves."""


def main() -> None:
    certificate, file = sys.argv[1:]
    Zone.file = Path(file)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Zone)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print_words(str(server.server_address[1]))
    server.serve_forever()


if __name__ == "__main__":
    main()
