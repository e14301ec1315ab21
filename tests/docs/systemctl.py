"""A stand-in for systemctl: enough of it to run the services of a guide below a folder of its own.

ExecStart, ExecReload, EnvironmentFile, LoadCredential and Type=notify do what they do in systemd. Confinement is
left out: `systemd-analyze` checks it in other tests.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.05
HOST = Path(os.environ["TEST_HOST"])
UNITS = HOST / "etc" / "systemd" / "system"
STATE = HOST / "run" / "services"


class Service:
    """One unit file, and its process."""

    def __init__(self, name: str) -> None:
        self.name = name.removesuffix(".service")
        self.settings: defaultdict[str, list[str]] = defaultdict(list)
        for line in (UNITS / f"{self.name}.service").read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self.settings[key].append(value)
        self.pid_file = STATE / f"{self.name}.pid"

    def start(self) -> None:
        """Start the process, and wait for its notification if its type is `notify`."""
        environment = {**os.environ, **self._environment()}
        notifications = self._notifications(environment)
        with (STATE / f"{self.name}.log").open("ab") as log:
            process = subprocess.Popen(
                shlex.split(self.settings["ExecStart"][-1]),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid_file.write_text(str(process.pid))
        if notifications is not None:
            while b"READY=1" not in notifications.recv(4096):
                pass

    def stop(self) -> None:
        """End the process, if there is one."""
        if not self.pid_file.exists():
            return
        number = int(self.pid_file.read_text())
        os.kill(number, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while Path(f"/proc/{number}/exe").exists() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        self.pid_file.unlink()

    def reload(self) -> None:
        """Run the commands of ExecReload, as far as each succeeds."""
        environment = {**os.environ, "MAINPID": self.pid_file.read_text(), **self._environment()}
        for command in self.settings["ExecReload"]:
            subprocess.run(["/bin/bash", "-c", command], env=environment, check=True)

    def _environment(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for file in self.settings["EnvironmentFile"]:
            for line in Path(file.removeprefix("-")).read_text().splitlines():
                name, equals, value = line.partition("=")
                if equals and not line.startswith("#"):
                    found[name] = value
        folder = HOST / "run" / "credentials" / f"{self.name}.service"
        for credential in self.settings["LoadCredential"]:
            name, _, source = credential.partition(":")
            folder.mkdir(parents=True, exist_ok=True)
            for secret in Path(source).iterdir():
                shutil.copy(secret, folder / f"{name}_{secret.name}")
            found["CREDENTIALS_DIRECTORY"] = str(folder)
        return found

    def _notifications(self, environment: dict[str, str]) -> socket.socket | None:
        if not {"notify", "notify-reload"} & set(self.settings["Type"]):
            return None
        # A path may be too long for a socket; an abstract name is not.
        name = f"\0{self.name}-{os.getpid()}"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(name)
        listener.settimeout(_START_SECONDS)
        environment["NOTIFY_SOCKET"] = name.replace("\0", "@")
        return listener


def main(arguments: list[str]) -> None:
    """Do what one call of systemctl asks for."""
    STATE.mkdir(parents=True, exist_ok=True)
    match arguments:
        case ["daemon-reload"]:
            pass
        case ["enable", "--now", name] | ["start", name]:
            Service(name).start()
        case ["restart", name]:
            service = Service(name)
            service.stop()
            service.start()
        case ["reload", name]:
            Service(name).reload()
        case ["stop", name]:
            Service(name).stop()
        case _:
            raise SystemExit(f"systemctl of the tests does not know: {shlex.join(arguments)}")


if __name__ == "__main__":
    main(sys.argv[1:])
