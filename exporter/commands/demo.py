"""`demo`: a simulated federation on loopback, monitored by the real exporter over real TLS."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter import log
from exporter.app import Exporter
from exporter.commands.demo_kit import DemoKit
from exporter.commands.demo_options import port_option
from exporter.commands.lifecycle import run_until_stopped
from exporter.commands.serve import EXIT_BAD_CONFIGURATION, EXIT_FAILURE
from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load
from exporter.simulator import Cluster, SimulatedFederation, TakenPortError
from exporter.simulator.page import add_demo_page
from exporter.simulator.tokens import serialize
from exporter.targets import AccessPath

# Quick rounds, so that the diagnosis changes within seconds.
_DEFAULTS: dict[str, object] = {
    "web.listen_addresses": ["127.0.0.1:19443"],
    "poll.details_interval": "5s",
    "log.level": "info",
}
# The token is for the worker of the Onezone and for every Onepanel; the second one for the Oneproviders' only.
_CAVEATS = ("service = ozw-onezone,ozp-onezone,opp-*",)
_PROVIDER_CAVEATS = ("service = opp-*",)
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
# Together, so that the timeout does not forbid a shorter interval.
_PACE = {"poll.interval": "2s", "poll.timeout": "1500ms"}


@dataclass(frozen=True, slots=True)
class _Running:
    exporter: Exporter
    kit: DemoKit


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; exit codes as of `serve`."""
    pace = {} if "poll.interval" in arguments.flags else _PACE
    flags = {**_DEFAULTS, **pace, **arguments.flags}
    if _is_local(flags["web.listen_addresses"]):
        # A page elsewhere cannot have its name resolve to loopback, and push the buttons.
        flags = {"web.allowed_hosts": list(_LOOPBACK_NAMES), **flags}
    ports = {AccessPath.PROXY: arguments.proxy_port, AccessPath.DIRECT: arguments.direct_port}
    try:
        run_until_stopped(lambda: _demo(flags, ports), _introduce)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    except OSError as error:
        print(f"cannot start the demo: {error}{_advice(error, ports)}", file=sys.stderr)
        return EXIT_FAILURE
    return 0


def _is_local(addresses: Sequence[str]) -> bool:
    """Return whether all pages are served on loopback alone."""
    return all(address.rpartition(":")[0].strip("[]") in _LOOPBACK_NAMES for address in addresses)


@asynccontextmanager
async def _demo(flags: dict[str, object], ports: Mapping[AccessPath, int]) -> AsyncIterator[_Running]:
    federation = SimulatedFederation(
        zone=Cluster(
            tokens=frozenset({serialize(*_CAVEATS)}),
            member_tokens=frozenset({serialize(*_PROVIDER_CAVEATS)}),
        ),
        proxy_port=ports[AccessPath.PROXY],
        direct_port=ports[AccessPath.DIRECT],
    )
    with tempfile.TemporaryDirectory(prefix="onedata-exporter-demo-") as folder:
        async with federation:
            kit = DemoKit(Path(folder), federation)
            kit.write()
            settings = load(kit.config_file, flags, {})
            log.configure(settings.log.level, settings.log.format)
            exporter = Exporter(settings)
            add_demo_page(exporter.web_app, federation, exporter.store)
            async with exporter:
                yield _Running(exporter, kit)


async def _introduce(running: _Running) -> None:
    print(running.kit.introduction(running.exporter.addresses), flush=True)


def _advice(error: OSError, ports: Mapping[AccessPath, int]) -> str:
    """Return the option that chooses another port, if a port is the problem."""
    if isinstance(error, TakenPortError):
        options = [port_option(path) for path, port in ports.items() if port == error.port]
        return f"; choose another with {' and '.join(options)} (0: any free port)" if options else ""
    return "; choose another address with --web.listen-address"
