"""What `demo` leaves in a folder for the commands that its user pastes, and the text that it prints."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from exporter.settings.web_config import ListenAddress
from exporter.simulator import SimulatedFederation
from exporter.targets import AccessPath

ZONE_TARGET = "demo-zone"
# A provider that is removed disappears within seconds.
_DISCOVERY_INTERVAL = "5s"
_PROGRAM = "onedata-exporter"
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on


@dataclass(frozen=True, slots=True)
class DemoKit:
    """The files of a running demo: configuration, certificate authority and secrets of its federation."""

    folder: Path
    federation: SimulatedFederation

    @property
    def config_file(self) -> Path:
        """Return the configuration of the demo, for other commands."""
        return self.folder / "onedata-exporter.yml"

    @property
    def ca_file(self) -> Path:
        """Return the file of the authority that signed the certificates of the simulated clusters."""
        return self.folder / "ca.pem"

    def write(self) -> None:
        """Write all files; secrets are readable by their owner only."""
        self.ca_file.write_text(self.federation.ca_pem, encoding="ascii")
        for name, secret in self._secrets().items():
            file = self.folder / name
            file.touch(mode=0o600)
            file.write_text(secret, encoding="ascii")
        self.config_file.write_text(self.configuration(), encoding="utf-8")

    def configuration(self) -> str:
        """Return the configuration as YAML."""
        token, passphrase = ({f"{name}_file": str(self.folder / name)} for name in ("token", "passphrase"))
        # A token that is of use for the panels of providers only: a zone can list any host.
        for_providers = {"token_file": str(self.folder / "provider-token")}
        zone, ports = self.federation.zone, self.federation.ports
        target = {
            "name": ZONE_TARGET,
            "url": zone.proxy_url,
            "direct_url": zone.direct_url,
            "auth": {**token, **passphrase},
            "discover": {
                "interval": _DISCOVERY_INTERVAL,
                "proxy_port": ports[AccessPath.PROXY],
                "direct_port": ports[AccessPath.DIRECT],
                "defaults": {"auth": for_providers},
            },
        }
        document = {"defaults": {"tls": {"ca_file": str(self.ca_file)}}, "targets": [target]}
        return yaml.safe_dump(document, sort_keys=False, width=120)

    def _secrets(self) -> dict[str, str]:
        facts = self.federation.zone.cluster
        (token,), (provider_token,) = facts.tokens, facts.member_tokens
        return {"passphrase": facts.passphrase, "token": token, "provider-token": provider_token}

    def introduction(self, addresses: Sequence[ListenAddress]) -> str:
        """Return what the demo prints once it serves."""
        program, zone = _program(), self.federation.zone
        config = f"--config.file {shlex.quote(str(self.config_file))}"
        url = f"{zone.proxy_url} --direct-url {zone.direct_url}"
        token = shlex.quote(str(self.folder / "token"))
        providers = len(self.federation.providers)
        commands = (
            f"probe {url} --tls.ca-file {shlex.quote(str(self.ca_file))}",
            f"check-credentials {ZONE_TARGET} {config} --token-file {token}",
            f"users list --target {ZONE_TARGET} {config}",
        )
        blocks = [
            f"A simulated Onezone and {providers} Oneproviders are running, monitored over both paths.",
            _pages(addresses),
            "\n".join(["Commands for another shell:", *(f"  {program} {command}" for command in commands)]),
            f"The configuration, also in {self.config_file}:\n\n{_indented(self.configuration())}",
        ]
        if addresses:
            blocks.append(f"A scrape job for Prometheus:\n\n{_indented(_scrape_job(addresses[0]))}")
        return "\n" + "\n\n".join([*blocks, "Ctrl-C ends the demo.", ""])


def _pages(addresses: Sequence[ListenAddress]) -> str:
    """Return the pages by their URLs; on a Unix socket, which no browser opens, by their paths."""
    origin = f"http://{_reachable(addresses[0])}" if addresses else ""
    return (
        f"{'Open' if addresses else 'Its pages are'}\n"
        f"  {origin}/demo      to break the clusters, and see the diagnosis\n"
        f"  {origin}/          for the status page\n"
        f"  {origin}/metrics   for what Prometheus scrapes"
    )


def _scrape_job(address: ListenAddress) -> str:
    job = {"job_name": "onedata-exporter", "static_configs": [{"targets": [str(_reachable(address))]}]}
    return yaml.safe_dump({"scrape_configs": [job]}, sort_keys=False)


def _reachable(address: ListenAddress) -> ListenAddress:
    """Return an address to connect to: a server on all interfaces is reached on loopback."""
    return address._replace(host=_LOOPBACK.get(address.host, address.host))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _program() -> str:
    """Return how this program is called in a shell."""
    started = Path(sys.argv[0])
    if started.name != _PROGRAM:
        return f"{shlex.quote(sys.executable)} -m exporter"
    return _PROGRAM if shutil.which(_PROGRAM) else shlex.quote(str(started))
