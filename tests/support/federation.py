"""A simulated federation as the exporter is configured to discover it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from exporter.simulator import SimulatedFederation
from exporter.targets import AccessPath
from tests.support.processes import LOOPBACK_ANY_PORT

TOKEN = "simulated-token"
KRAKOW, LISBON, UPPSALA = PROVIDERS = ("127.0.0.2", "127.0.0.3", "127.0.0.4")


def configuration(federation: SimulatedFederation, folder: Path, **discover: Any) -> Path:
    """Write the configuration of one zone with `discover`; return its file."""
    proxy, direct = (federation.ports[path] for path in (AccessPath.PROXY, AccessPath.DIRECT))
    (folder / "ca.pem").write_text(federation.ca_pem, encoding="ascii")
    document = {
        "poll": {"interval": "1s", "details_interval": "5s", "timeout": "950ms"},
        "web": {"listen_addresses": [LOOPBACK_ANY_PORT]},
        "defaults": {"tls": {"ca_file": "ca.pem"}},
        "targets": [
            {
                "name": "zone",
                "url": f"https://127.0.0.1:{proxy}",
                "direct_url": f"https://127.0.0.1:{direct}",
                "auth": {"token": TOKEN},
                "discover": {
                    "interval": "2s",
                    "proxy_port": proxy,
                    "direct_port": direct,
                    "defaults": {"auth": {"token": TOKEN}},
                    **discover,
                },
            }
        ],
    }
    file = folder / "federation.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file
