"""The options that set keys of the configuration, for `serve` and `demo`."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Flag:
    """An option that sets one key of the configuration, or adds to a list of it.

    Without `metavar` it takes no value, and sets the key to true. `aliases` are further spellings. `values` are
    all values of the key, if it has few: shells complete them.
    """

    option: str
    key_path: str
    metavar: str
    help: str
    repeatable: bool = False
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def spelling(self) -> str:
        """The option with the name of its value."""
        return f"{self.option} {self.metavar}".rstrip()


LISTEN_ADDRESS = Flag(
    "--web.listen-address",
    "web.listen_addresses",
    "ADDRESS",
    "where to listen, such as :19443 (the default), 127.0.0.1:19443, [::1]:19443, unix:/run/exporter.sock or "
    "systemd: (its sockets); may be repeated",
    repeatable=True,
)
POLL_FLAGS = (
    Flag("--poll.interval", "poll.interval", "DURATION", "time between two rounds (default: 15s)"),
    Flag(
        "--poll.timeout",
        "poll.timeout",
        "DURATION",
        "limit of one request (default: 10s, or the interval where that is shorter)",
    ),
)
LOG_FLAGS = (
    Flag(
        "--log.level",
        "log.level",
        "LEVEL",
        "the least important lines to log: debug, info (the default), warning or error",
        values=("debug", "info", "warning", "error"),
    ),
    Flag(
        "--log.format",
        "log.format",
        "FORMAT",
        "the form of log lines: logfmt (the default) or json",
        values=("logfmt", "json"),
    ),
)
TARGET = Flag(
    "--target",
    "targets",
    "URL",
    "a cluster to watch, such as https://my.zone.domain.org; may be repeated; "
    "takes the place of the targets of environment and file",
    repeatable=True,
)
WEB_CONFIG_FILE = Flag(
    "--web.config.file",
    "web.config_file",
    "FILE",
    "TLS, passwords and headers, in the format of Prometheus' own web configuration; also --web.config-file",
    aliases=("--web.config-file",),
)
TELEMETRY_PATH = Flag(
    "--web.telemetry-path", "web.telemetry_path", "PATH", "URL path of the metrics (default: /metrics)"
)
AUTO_RELOAD_FLAGS = (
    Flag(
        "--config.enable-auto-reload",
        "config.auto_reload",
        "",
        "reload the configuration when its file, or a file that it names, has changed",
    ),
    Flag(
        "--config.auto-reload-interval",
        "config.auto_reload_interval",
        "DURATION",
        "time between two checks of these files (default: 30s)",
    ),
)
SHARD = Flag(
    "--shard",
    "shard",
    "INDEX/COUNT",
    "poll only this share of the targets, such as 0/3, 1/3 and 2/3 on three exporters with one configuration; "
    "auto/3 takes the index from the number at the end of the host name",
)
SERVE_FLAGS = (
    *(TARGET, WEB_CONFIG_FILE, TELEMETRY_PATH, SHARD, LISTEN_ADDRESS),
    *(*POLL_FLAGS, *AUTO_RELOAD_FLAGS, *LOG_FLAGS),
)
# The demo has defaults of its own: see `exporter.commands.demo`.
DEMO_FLAGS = (
    replace(LISTEN_ADDRESS, help="where to listen (default: 127.0.0.1:19443); may be repeated"),
    replace(POLL_FLAGS[0], help="time between two rounds (default: 2s)"),
    replace(
        POLL_FLAGS[1],
        help="limit of one request (default: 1500ms; with an interval of your own as for 'serve')",
    ),
    *LOG_FLAGS,
)
