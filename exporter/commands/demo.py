"""`demo`: a simulated Onezone on loopback, watched by the real exporter over real TLS."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from exporter import log
from exporter.app import Exporter
from exporter.commands.lifecycle import run_until_stopped
from exporter.commands.serve import EXIT_BAD_CONFIGURATION, EXIT_FAILURE
from exporter.settings.conversion import Settings
from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load
from exporter.simulator.page import add_demo_page
from exporter.simulator.zone import SimulatedZone
from exporter.web_config import ListenAddress

# Quick rounds, so that one sees the diagnosis change within seconds.
_DEFAULTS: dict[str, Any] = {
    "web.listen_addresses": ["127.0.0.1:19443"],
    "poll.details_interval": "5s",
    "log.level": "info",
}
# Together, so that the timeout is not in the way of who wants a shorter interval.
_PACE = {"poll.interval": "2s", "poll.timeout": "1500ms"}
_NAME = "demo-zone"
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; exit codes as of `serve`."""
    pace = {} if "poll.interval" in arguments.flags else _PACE
    flags = {**_DEFAULTS, **pace, **arguments.flags}
    try:
        run_until_stopped(lambda: _demo(flags), _tell)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    except OSError as error:
        print(f"cannot start the demo: {error}", file=sys.stderr)
        return EXIT_FAILURE
    return 0


@asynccontextmanager
async def _demo(flags: dict[str, Any]) -> AsyncIterator[Exporter]:
    with tempfile.TemporaryDirectory(prefix="onedata-exporter-demo-") as folder:
        async with SimulatedZone() as zone:
            settings = _settings(flags, zone, Path(folder) / "ca.pem")
            log.configure(settings.log.level, settings.log.format)
            exporter = Exporter(settings)
            add_demo_page(exporter.web_app, zone, exporter.store)
            async with exporter:
                yield exporter


def _settings(flags: dict[str, Any], zone: SimulatedZone, ca_file: Path) -> Settings:
    ca_file.write_text(zone.ca_pem, encoding="ascii")
    target = {
        "name": _NAME,
        "url": zone.proxy_url,
        "direct_url": zone.direct_url,
        "tls": {"ca_file": str(ca_file)},
        "auth": {"passphrase": zone.cluster.passphrase},
    }
    return load(None, {**flags, "targets": [target]}, {})


async def _tell(exporter: Exporter) -> None:
    print(
        "\n"
        f"A simulated Onezone is running, watched over both paths. {_what_to_open(exporter.addresses)}"
        "Ctrl-C ends it.\n",
        flush=True,
    )


def _what_to_open(addresses: Sequence[ListenAddress]) -> str:
    """The pages by their URLs; on a Unix socket, which no browser opens, by their paths."""
    origin = f"http://{_reachable(addresses[0])}" if addresses else ""
    return (
        f"{'Open' if addresses else 'Its pages are'}\n"
        f"  {origin}/demo      to break things, and see the diagnosis\n"
        f"  {origin}/          for the status page\n"
        f"  {origin}/metrics   for what Prometheus sees\n"
    )


def _reachable(address: ListenAddress) -> ListenAddress:
    """An address to connect to: who listens on all interfaces is reached on loopback."""
    return address._replace(host=_LOOPBACK.get(address.host, address.host))
