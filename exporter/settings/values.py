"""The single values of the configuration: the types of its keys, with what each refuses.

A type is a pydantic annotation whose validator raises `ValueError` with a message for people; `TypeName`
is what the documentation calls it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
)

from exporter.settings import value_schemas
from exporter.settings.addresses import (
    Origin,
    parse_host,
    parse_ip_address,
    parse_listen_address,
    parse_origin,
)
from exporter.settings.certificates import check_file_name, check_readable
from exporter.settings.collection_checks import check_increasing, check_not_empty
from exporter.settings.durations import parse_duration
from exporter.settings.label_names import check_label_name
from exporter.settings.secrets import check_secret, check_secret_file
from exporter.settings.shards import Shard, parse_shard
from exporter.settings.timestamps import parse_timestamp
from exporter.settings.web_config import Address, SystemdSockets

_LONGEST_NAME = 100
_LONGEST_NODE_NAME = 63
_URL_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_OUR_PAGES = ("-", "api", "incidents", "targets", "probe")


class TypeName(NamedTuple):
    """What the documentation calls the type of a key."""

    text: str


class LogLevel(StrEnum):
    """The least important lines that are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line is written."""

    LOGFMT = "logfmt"
    JSON = "json"


def check_target_name(name: str) -> str:
    """Accept a target's name, which is also a part of a URL (`/targets/NAME`)."""
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError(f"must have 1 to {_LONGEST_NAME} characters")
    if not name.isprintable() or "/" in name or name != name.strip() or name in {".", ".."}:
        raise ValueError("must be printable text without '/', and without spaces at its ends")
    return name


def check_host(name: str) -> str:
    """Accept a host name or IP address, in lower case."""
    if not name:
        raise ValueError("must be a host name; leave the key out for the host of the URL")
    return parse_host(name)


def check_node_name(name: str) -> str:
    """Accept the name of a node, value of the label `node`."""
    if not 0 < len(name) <= _LONGEST_NODE_NAME:
        raise ValueError(f"the name of a node must have 1 to {_LONGEST_NODE_NAME} characters")
    if not name.isprintable() or name != name.strip():
        raise ValueError("the name of a node must be printable text without spaces at its ends")
    return name


def check_printable(text: str) -> str:
    """Text without control characters, and such that it can be encoded."""
    if not text.isprintable():
        raise ValueError("must not contain line breaks or other unprintable characters")
    return text


def check_telemetry_path(path: str) -> str:
    """Accept the URL path of the metrics."""
    if not _URL_PATH.fullmatch(path) or ".." in path.split("/"):
        raise ValueError("must be a URL path such as /metrics")
    if path.split("/")[1] in _OUR_PAGES:
        raise ValueError("is the place of another page of the exporter")
    return path


def _origin(value: object, info: ValidationInfo) -> Origin:
    # If `allow_http` itself is wrong, it is missing here: one fault is enough.
    if isinstance(value, Origin):  # a default
        return value
    return parse_origin(value, allow_http=info.data.get("allow_http", True))


def _one_address(value: object) -> Address:
    address = parse_listen_address(value)
    if isinstance(address, SystemdSockets):
        raise ValueError("must be an address of its own; systemd's sockets belong in listen_addresses")
    return address


Duration = Annotated[
    float, BeforeValidator(parse_duration), TypeName("duration"), WithJsonSchema(value_schemas.DURATION)
]
OwnDuration = Annotated[
    float | None,
    BeforeValidator(parse_duration),
    TypeName("duration"),
    WithJsonSchema(value_schemas.DURATION),
]
Url = Annotated[Origin, PlainValidator(_origin), TypeName("URL"), WithJsonSchema(value_schemas.ORIGIN)]
Host = Annotated[str, AfterValidator(check_host), TypeName("host name")]
Listen = Annotated[
    Address,
    PlainValidator(parse_listen_address),
    TypeName("addresses"),
    WithJsonSchema(value_schemas.LISTEN_ADDRESS),
]
OneListen = Annotated[
    Address | None,
    PlainValidator(_one_address),
    TypeName("address"),
    WithJsonSchema(value_schemas.LISTEN_ADDRESS),
]
ShardKey = Annotated[
    Shard,
    PlainValidator(parse_shard),
    TypeName("INDEX/COUNT or `auto`/COUNT"),
    WithJsonSchema(value_schemas.SHARD),
]
UrlPath = Annotated[
    str, AfterValidator(check_telemetry_path), TypeName("URL path"), WithJsonSchema(value_schemas.URL_PATH)
]
TargetName = Annotated[
    str, AfterValidator(check_target_name), TypeName("text"), WithJsonSchema(value_schemas.TARGET_NAME)
]
LabelName = Annotated[str, AfterValidator(check_label_name), WithJsonSchema(value_schemas.LABEL_NAME)]
LabelValue = Annotated[str, AfterValidator(check_printable), TypeName("text")]
NodeName = Annotated[str, AfterValidator(check_node_name), WithJsonSchema(value_schemas.NODE_NAME)]
IpAddress = Annotated[str, AfterValidator(parse_ip_address), WithJsonSchema(value_schemas.IP_ADDRESS)]
Timestamp = Annotated[
    float, PlainValidator(parse_timestamp), TypeName("date and time"), WithJsonSchema(value_schemas.TIMESTAMP)
]
FileName = Annotated[str, AfterValidator(check_file_name), TypeName("file")]
ReadableFile = Annotated[str, AfterValidator(check_readable), TypeName("file")]
SecretFile = Annotated[str, AfterValidator(check_secret_file), TypeName("file")]
SecretText = Annotated[SecretStr, AfterValidator(check_secret), TypeName("text")]
NO_SECRET = SecretStr("")
Buckets = Annotated[
    tuple[Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)], ...],
    AfterValidator(check_not_empty),
    AfterValidator(check_increasing),
    TypeName("list of seconds"),
]
