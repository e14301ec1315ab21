"""The options of `probe`, `check-credentials` and `healthcheck`, and those that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from exporter.settings.durations import parse_duration

_DEADLINE = "55s"
_EXIT_CODES_OF_PROBE = "exit codes: 0 ok, 1 warning, 2 critical, 3 unknown (also: bad usage or configuration)"
_EXIT_CODES_OF_CHECK = (
    "exit codes: 0 as it should be; 1 a warning (more than is needed, about to expire, not confined);\n"
    "2 not accepted for something that polling needs; 3 could not be found out (also: bad usage or configuration)"
)
CREDENTIALS = """\
credentials: from the configuration file; from --token-file or --passphrase-file, which take the place of
the configured ones; or from the environment, such as ONEDATA_EXPORTER_DEFAULTS__AUTH__TOKEN. Never from an argument.
"""


def add_probe_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `probe`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{_EXIT_CODES_OF_PROBE}\n\n{CREDENTIALS}"
    parser.add_argument(
        "subject",
        metavar="NAME|URL",
        nargs="?",
        help="a configured target, or a URL such as https://my.zone.domain.org",
    )
    parser.add_argument("--all", action="store_true", help="probe every configured target, several at once")
    add_connection_options(parser)
    parser.add_argument(
        "--explain",
        action="store_true",
        help="add every request with its headers (secrets masked), the certificates, and the reasoning",
    )
    parser.add_argument(
        "--deadline",
        metavar="DURATION",
        type=duration,
        default=_DEADLINE,
        help="limit of all of it: what cannot be asked in time is reported as not learnt "
        "(default: %(default)s; Nagios waits for 60s)",
    )
    add_format(parser, "text", "json", "nagios")


def add_fleet_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `fleet`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{_EXIT_CODES_OF_PROBE}\n\n{CREDENTIALS}"
    parser.add_argument(
        "subject", metavar="ZONE", help="a configured Onezone, or a URL such as https://my.zone.domain.org"
    )
    add_connection_options(parser)
    parser.add_argument(
        "--deadline",
        metavar="DURATION",
        type=duration,
        default="5m",
        help="limit of all rounds together (default: %(default)s)",
    )
    add_format(parser, "text", "json")


def add_check_credentials_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `check-credentials`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{_EXIT_CODES_OF_CHECK}\n\n{CREDENTIALS}"
    parser.add_argument(
        "subject", metavar="NAME|URL", help="a configured target, or a URL such as https://my.zone.domain.org"
    )
    add_connection_options(parser)


def add_config_file(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the configuration file."""
    parser.add_argument(
        "--config.file",
        dest="config_file",
        metavar="FILE",
        type=file_name,
        help="YAML file with the configuration",
    )


def add_connection_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a cluster and the credentials for it."""
    add_config_file(parser)
    parser.add_argument(
        "--direct-url",
        metavar="URL",
        help="where Onepanel itself listens, if a URL is given (default: port 9443)",
    )
    parser.add_argument(
        "--tls.ca-file",
        dest="ca_file",
        metavar="FILE",
        type=file_name,
        help="certificate authorities to trust, if a URL is given",
    )
    parser.add_argument("--token-file", metavar="FILE", type=file_name, help="file with an access token")
    parser.add_argument(
        "--passphrase-file", metavar="FILE", type=file_name, help="file with the emergency passphrase"
    )
    parser.add_argument("--timeout", metavar="DURATION", type=duration, help="limit of one request")


def add_format(parser: argparse.ArgumentParser, *formats: str) -> None:
    """Add the option that names the format of the output; the first one is the default."""
    parser.add_argument(
        "--format", choices=formats, default=formats[0], help="the form of the output (default: %(default)s)"
    )


def file_name(text: str) -> Path:
    """Return the value of an option that names a file; reject an empty one, which would mean the working directory."""
    if not text:
        raise argparse.ArgumentTypeError("must name a file")
    return Path(text)


def duration(text: str) -> float:
    """Return the seconds of an option that takes a duration."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


DEFAULT_ORIGIN = "http://127.0.0.1:19443"


def add_healthcheck_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `healthcheck`."""
    parser.add_argument(
        "--url",
        metavar="URL",
        type=_origin,
        default=DEFAULT_ORIGIN,
        help=f"where the exporter listens, without a path (default: {DEFAULT_ORIGIN}); "
        "with TLS its certificate must be trusted: SSL_CERT_FILE names other authorities than the system's; "
        "with passwords only web.health_address answers",
    )
    parser.add_argument(
        "--wait",
        metavar="DURATION",
        dest="wait_seconds",
        type=duration,
        default=0.0,
        help="how long to repeat the check until the exporter serves, as 30s (default: check once)",
    )


def _origin(text: str) -> str:
    scheme, _, rest = text.rstrip("/").partition("://")
    if scheme not in {"http", "https"} or not rest or "/" in rest:
        raise argparse.ArgumentTypeError(f"{text!r} is not like {DEFAULT_ORIGIN}")
    return f"{scheme}://{rest}"
