"""The keys of the configuration. `docs/configuration.md` is generated from these models.

To add a key, add a field with its type, default and description; a key of a target is then turned into a
part of `exporter.targets.Target` in `conversion.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from exporter.durations import format_duration
from exporter.settings.addresses import Origin
from exporter.settings.certificates import check_ca_file, check_key_pair, check_readable
from exporter.settings.values import (
    Buckets,
    Duration,
    Host,
    LabelName,
    LabelValue,
    Listen,
    LogFormat,
    LogLevel,
    TargetName,
    TypeName,
    Url,
    UrlPath,
    check_not_empty,
)
from exporter.targets import AccessPath, IpProtocol, Kind

if TYPE_CHECKING:
    from pydantic import ValidationInfo

_DEFAULT_TIMEOUT = 10.0
_ONEPANEL_PORT = 9443


class Keys(BaseModel):
    """A mapping with known keys. A key without a value (`tls:`) counts as absent."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {
            key: value for key, value in values.items() if value is not None or key not in cls.model_fields
        }


class Poll(Keys):
    """When targets are looked at."""

    interval: Duration = Field(15.0, description="time between two rounds of the public operations")
    details_interval: Duration = Field(
        60.0,
        description="time between two rounds of what needs credentials",
    )
    timeout: Duration = Field(
        default_factory=lambda keys: min(_DEFAULT_TIMEOUT, keys.get("interval", _DEFAULT_TIMEOUT)),
        description="limit of one request, connection included; not longer than the interval. "
        "Default: 10s, or the interval where that is shorter",
    )
    max_concurrency: int = Field(
        100, ge=1, description="connections that are opened or used at once, over all targets"
    )

    @field_validator("timeout")
    @classmethod
    def _within_interval(cls, timeout: float, info: ValidationInfo) -> float:
        interval = info.data.get("interval", timeout)
        if timeout > interval:
            raise ValueError(
                f"{format_duration(timeout)} is longer than poll.interval, {format_duration(interval)}"
            )
        return timeout


class Web(Keys):
    """The exporter's own pages."""

    listen_addresses: Annotated[tuple[Listen, ...], AfterValidator(check_not_empty)] = Field(
        (":19443",),
        validate_default=True,
        description="where to listen: `:PORT` (all interfaces), `HOST:PORT` or `[IPV6]:PORT`; port 0: any free port",
    )
    telemetry_path: UrlPath = Field("/metrics", description="URL path of the metrics")


class Log(Keys):
    """What is logged, on standard error."""

    level: LogLevel = Field(LogLevel.INFO, description="the least important lines that are logged")
    format: LogFormat = Field(LogFormat.LOGFMT, description="how a line is written")


class Tls(Keys):
    """How a target's certificate is verified, and the exporter's own certificate.

    File names are relative to the directory of the configuration file.
    """

    ca_file: Annotated[str, AfterValidator(check_ca_file), TypeName("file")] = Field(
        "",
        description="PEM file of the certificate authorities to trust; default: those of the system",
    )
    server_name: Host = Field(
        "", description="name that the certificate must be for; default: the host of the URL"
    )
    cert_file: Annotated[str, AfterValidator(check_readable), TypeName("file")] = Field(
        "", description="PEM file with the exporter's own certificate, for servers that ask for one"
    )
    key_file: Annotated[str, AfterValidator(check_readable), TypeName("file")] = Field(
        "", description="PEM file with the key of `cert_file`, without a passphrase"
    )
    insecure_skip_verify: bool = Field(
        default=False, description="do not verify the certificate; for experiments only"
    )

    @field_validator("key_file")
    @classmethod
    def _key_of_certificate(cls, key_file: str, info: ValidationInfo) -> str:
        cert_file = info.data.get("cert_file")
        if cert_file == "":
            raise ValueError("needs tls.cert_file, too")
        if cert_file:
            check_key_pair(cert_file, key_file)
        return key_file

    @model_validator(mode="after")
    def _certificate_has_key(self) -> Self:
        if self.cert_file and not self.key_file:
            raise ValueError("cert_file needs key_file, too")
        return self


def _host_of_url(keys: dict[str, Any]) -> str:
    # Where the URL is wrong, its own fault is enough.
    return keys["url"].host if "url" in keys else "unknown"


class TargetKeys(Keys):
    """One Onedata cluster to watch."""

    allow_http: bool = Field(
        default=False,
        description="accept `http://` URLs for this target: anybody on the way can read and change all",
    )
    url: Url = Field(
        description="the cluster's domain, as in `https://my.zone.domain.org`; all else is optional"
    )
    name: TargetName = Field(
        default_factory=_host_of_url,
        validate_default=True,
        description="its name in metrics and pages, value of the label `target`; default: the host of the URL",
    )
    kind: Kind = Field(Kind.AUTO, description="what it is; `auto`: as its Onepanel says")
    labels: dict[LabelName, LabelValue] = Field(
        {}, description="labels of your own, only on `onedata_target_info`"
    )
    paths: Annotated[frozenset[AccessPath], AfterValidator(check_not_empty)] = Field(
        frozenset(AccessPath), description="the access paths that are expected to work"
    )
    proxy_url: Url = Field(
        default_factory=lambda keys: keys.get("url"),
        description="where the proxy path leads; default: the URL",
    )
    direct_url: Url = Field(
        default_factory=lambda keys: Origin("https", _host_of_url(keys), _ONEPANEL_PORT),
        description="where Onepanel itself listens; default: the host of the URL, port 9443",
    )
    tls: Tls = Field(Tls(), description="certificates; see below")
    ip_protocol: IpProtocol = Field(IpProtocol.AUTO, description="the IP versions that may be used")
    proxy_from_environment: bool = Field(
        default=False, description="use the HTTP proxy that `HTTPS_PROXY` and `NO_PROXY` say"
    )


class Document(Keys):
    """The top of the configuration."""

    poll: Poll = Field(Poll(), description="when targets are looked at; see below")
    web: Web = Field(Web(), description="the exporter's own pages; see below")
    log: Log = Field(Log(), description="what is logged; see below")
    latency_buckets: Buckets = Field(
        (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
        description="upper bounds of the histogram `onedata_onepanel_request_duration_seconds`, increasing",
    )
    defaults: dict[str, Any] = Field(
        {},
        description="any key of a target, for all targets; a target's own key wins, `tls` and `labels` key by key",
    )
    targets: Annotated[tuple[TargetKeys, ...], AfterValidator(check_not_empty)] = Field(
        description="what to watch; at least one target"
    )
