"""Requests to Onepanel with credentials, and their answers as JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from exporter.simulator import Cluster
from exporter.targets import AccessPath
from tests.simulator.plain_client import Client

ROOT = "/api/v3/onepanel/"


def basic(passphrase: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"onepanel:{passphrase}".encode()).decode()}


PASSPHRASE = basic(Cluster().passphrase)


class JsonResponse(NamedTuple):
    """Status and JSON of an answer; None without a body."""

    status: int
    value: Any

    @property
    def error_id(self) -> str:
        return str(self.value["error"]["id"])


async def ask(  # noqa: PLR0913 - keywords with defaults, but for two
    client: Client,
    operation: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] = PASSPHRASE,
    body: Any = None,
    path: AccessPath = AccessPath.DIRECT,
) -> JsonResponse:
    sent = b"" if body is None else json.dumps(body).encode()
    heard = await client.ask(path, ROOT + operation, method=method, headers=headers, body=sent)
    return JsonResponse(heard.status, json.loads(heard.body) if heard.body else None)
