"""The options of `demo` that concern the simulated clusters. Their defaults are ports that stay the same."""

from __future__ import annotations

import argparse

from exporter.targets import AccessPath

# 443 and 9443 of a real cluster, with a 2 before it.
DEFAULT_PORTS = {AccessPath.PROXY: 20443, AccessPath.DIRECT: 29443}
_HIGHEST_PORT = 65535


def port_option(path: AccessPath) -> str:
    """Return the option that chooses the port of a path."""
    return f"--simulator.{path}-port"


def add_demo_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the simulated clusters."""
    for path, port in DEFAULT_PORTS.items():
        parser.add_argument(
            port_option(path),
            dest=f"{path}_port",
            metavar="PORT",
            type=_port,
            default=port,
            help=f"port of the {path} path of every simulated cluster; 0: any free port (default: {port})",
        )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_HIGHEST_PORT}, not {text!r}")
    return int(text)
