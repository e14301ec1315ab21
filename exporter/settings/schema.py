"""The keys of the configuration. `docs/configuration.md` is generated from these models.

To add a key, add a field with its type, default and description; a key of a target (in `target_keys.py`) is
then turned into a part of `exporter.targets.Target` in `conversion.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, field_validator

from exporter.settings.collection_checks import check_no_clash, check_not_empty
from exporter.settings.durations import format_duration
from exporter.settings.model import Keys
from exporter.settings.page_values import AllowedHost, PageUrl, Retention, RoutePrefix
from exporter.settings.reload_keys import Configuration
from exporter.settings.target_keys import TargetKeys
from exporter.settings.values import (
    Buckets,
    Duration,
    FileName,
    Listen,
    LogFormat,
    LogLevel,
    OneListen,
    ReadableFile,
    ShardKey,
    UrlPath,
)

if TYPE_CHECKING:
    from pydantic import ValidationInfo

    from exporter.settings.web_config import Address

_DEFAULT_TIMEOUT = 10.0
_DEFAULT_DETAILS_INTERVAL = 60.0


class Poll(Keys):
    """When targets are polled."""

    interval: Duration = Field(15.0, description="time between two rounds of the public operations")
    details_interval: Duration = Field(
        default_factory=lambda keys: max(_DEFAULT_DETAILS_INTERVAL, keys.get("interval", 0.0)),
        description="time between two rounds of what needs credentials; not shorter than the interval. "
        "Default: 60s, or the interval where that is longer",
    )
    timeout: Duration = Field(
        default_factory=lambda keys: min(_DEFAULT_TIMEOUT, keys.get("interval", _DEFAULT_TIMEOUT)),
        description="limit of one request, connection included; not longer than the interval. "
        "Default: 10s, or the interval where that is shorter",
    )
    max_concurrency: int = Field(
        100, ge=1, description="connections that are opened or used at once, over all targets"
    )

    @field_validator("details_interval")
    @classmethod
    def _not_more_often(cls, details_interval: float, info: ValidationInfo) -> float:
        interval = info.data.get("interval", details_interval)
        if details_interval < interval:
            raise ValueError(
                f"{format_duration(details_interval)} is shorter than poll.interval, {format_duration(interval)}"
            )
        return details_interval

    @field_validator("timeout")
    @classmethod
    def _within_interval(cls, timeout: float, info: ValidationInfo) -> float:
        interval = info.data.get("interval", timeout)
        if timeout > interval:
            raise ValueError(
                f"{format_duration(timeout)} is longer than poll.interval, {format_duration(interval)}"
            )
        return timeout


class Links(Keys):
    """The targets of links on the pages. An empty value leaves the link out."""

    grafana: PageUrl = Field(
        "",
        description="Grafana: the base URL, or the URL of a dashboard in which `{target}` is the name of the target",
    )
    runbooks: PageUrl = Field(
        "https://github.com/onedata/onedata-exporter/blob/main/docs/runbooks/{alert}.md",
        description="runbooks: a URL in which `{alert}` is the name of the alert, or what comes before `/ALERT.md`",
    )


class Web(Keys):
    """The exporter's own pages."""

    listen_addresses: Annotated[
        tuple[Listen, ...], AfterValidator(check_not_empty), AfterValidator(check_no_clash)
    ] = Field(
        (":19443",),
        validate_default=True,
        description="where to listen: `:PORT` (all interfaces), `HOST:PORT` or `[IPV6]:PORT` (port 0: any free port), "
        "`unix:/PATH` (a socket) or `systemd:` (the sockets that systemd hands over)",
    )
    health_address: OneListen = Field(
        None,
        description="a further address with nothing but `/-/healthy` and `/-/ready`, "
        "always without TLS and passwords; default: none",
    )
    config_file: ReadableFile = Field(
        "",
        description="file with TLS, passwords and headers in the format of Prometheus' own web configuration; "
        "see [the pages](web.md). It is read again when it changes",
    )
    telemetry_path: UrlPath = Field("/metrics", description="URL path of the metrics")
    enable_lifecycle: bool = Field(
        default=False,
        description="let `POST /-/reload` reload the configuration, as SIGHUP does; "
        "every client that reaches the pages may then do so",
    )

    links: Links = Field(Links(), description="links on the pages; see below")
    external_url: PageUrl = Field(
        "",
        description="how people reach the pages, `route_prefix` included: for the links in the JSON of "
        "incidents. Default: the address of the request",
    )
    route_prefix: RoutePrefix = Field(
        "",
        description="begins the path of every page, for a reverse proxy that passes on paths unchanged. "
        "`health_address` has no prefix",
    )
    allowed_hosts: tuple[AllowedHost, ...] = Field(
        (),
        description="the names that the header `Host` of a request may have, without ports. Other requests get 421, "
        "except `/-/healthy` and `/-/ready`. Default: any name",
    )

    @field_validator("health_address")
    @classmethod
    def _address_of_its_own(cls, address: Address | None, info: ValidationInfo) -> Address | None:
        if address is not None:
            for other in info.data.get("listen_addresses", ()):
                check_no_clash((other, address))
        return address


class History(Keys):
    """The past that the pages show."""

    retention: Retention = Field(86_400.0, description="how long the past is kept: 1h to 30d")
    file: FileName = Field(
        "",
        description="an SQLite file that keeps the past over a restart; its directory must exist. Default: the past "
        "is kept in memory only",
    )


class Log(Keys):
    """What is logged, on standard error."""

    level: LogLevel = Field(LogLevel.INFO, description="the least important lines that are logged")
    format: LogFormat = Field(LogFormat.LOGFMT, description="how a line is written")


class Document(Keys):
    """The top of the configuration."""

    poll: Poll = Field(Poll(), description="when targets are polled; see below")
    web: Web = Field(Web(), description="the exporter's own pages; see below")
    history: History = Field(History(), description="the past that the pages show; see below")
    log: Log = Field(Log(), description="what is logged; see below")
    config: Configuration = Field(
        Configuration(), description="when the configuration is reloaded; see below"
    )
    latency_buckets: Buckets = Field(
        (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
        description="upper bounds of the histogram `onedata_onepanel_request_duration_seconds`, increasing",
    )
    defaults: dict[str, Any] = Field(
        {},
        description="any key of a target, for all targets; a target's own key wins, `tls`, `auth` and `labels` "
        "key by key",
    )
    shard: ShardKey = Field(
        "0/1",
        validate_default=True,
        description="watch only a share of the targets: the share `INDEX` (from 0) of `COUNT` exporters with the same "
        "configuration; a target's name decides where it belongs. `auto/COUNT` takes the index from the number at the "
        "end of the host name",
    )
    targets: Annotated[tuple[TargetKeys, ...], AfterValidator(check_not_empty)] = Field(
        description="what to watch; at least one target"
    )
