"""The options of `probe` and `users` (which cluster, with which credentials, what to do), and of `healthcheck`."""

from __future__ import annotations

import argparse
from pathlib import Path

from exporter.credentials import AuthMethod
from exporter.settings.durations import parse_duration
from exporter.targets import AccessPath

AUTO = "auto"
_DEADLINE = "55s"
_EXIT_CODES_OF_PROBE = "exit codes: 0 ok, 1 warning, 2 critical, 3 unknown (also: bad usage or configuration)"
_EXIT_CODES_OF_USERS = """\
exit codes: 0 done; 1 the server refused; 2 bad usage or configuration;
3 Onepanel could not be reached, it is not known whether a change was carried out, or the answer cannot be written
(a change that may have been carried out is never sent a second time)
"""
_EXIT_CODES_OF_CHECK = (
    "exit codes: 0 as it should be; 1 a warning (more than is needed, about to expire, not confined);\n"
    "2 not accepted for something that polling needs; 3 could not be found out (also: bad usage or configuration)"
)
_CREDENTIALS = """\
credentials: from the configuration file; from --token-file or --passphrase-file, which take the place of
the configured ones; or from the environment, such as ONEDATA_EXPORTER_DEFAULTS__AUTH__TOKEN. Never from an argument.
"""


def add_probe_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `probe`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{_EXIT_CODES_OF_PROBE}\n\n{_CREDENTIALS}"
    parser.add_argument(
        "subject", metavar="NAME|URL", help="a configured target, or a URL such as https://my.zone.domain.org"
    )
    _add_connection_options(parser)
    parser.add_argument(
        "--explain",
        action="store_true",
        help="add every request with its headers (secrets masked), the certificates, and the reasoning",
    )
    parser.add_argument(
        "--deadline",
        metavar="DURATION",
        type=_duration,
        default=_DEADLINE,
        help="limit of all of it: what cannot be asked in time is said to be not learnt "
        "(default: %(default)s; Nagios waits for 60s)",
    )
    _add_format(parser, "text", "json", "nagios")


def add_check_credentials_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `check-credentials`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{_EXIT_CODES_OF_CHECK}\n\n{_CREDENTIALS}"
    parser.add_argument(
        "subject", metavar="NAME|URL", help="a configured target, or a URL such as https://my.zone.domain.org"
    )
    _add_connection_options(parser)


def add_users_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions of `users`, each with its options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{_EXIT_CODES_OF_USERS}\n{_CREDENTIALS}"
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    _action(actions, "list", "the ids of all users")
    _action(actions, "show", "one user").add_argument("user_id", metavar="ID", type=_user_id)
    create = _action(actions, "create", "create a user")
    create.add_argument("--username", metavar="NAME", type=_text, required=True, help="name to log in with")
    create.add_argument("--full-name", metavar="TEXT", type=_text, default="", help="name as shown")
    create.add_argument(
        "--group",
        metavar="ID",
        type=_text,
        action="append",
        default=[],
        help="a group to join; may be repeated",
    )
    _add_password(create)
    set_password = _action(actions, "set-password", "set the password of a user")
    set_password.add_argument("user_id", metavar="ID", type=_user_id)
    _add_password(set_password)


def _action(actions: argparse._SubParsersAction, name: str, text: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]  # the type is argparse's own secret
    parser: argparse.ArgumentParser = actions.add_parser(
        name,
        help=text,
        description=text,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"{_EXIT_CODES_OF_USERS}\n{_CREDENTIALS}",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--target",
        dest="subject",
        metavar="NAME",
        help="a configured target; may be left out when there is only one",
    )
    which.add_argument("--url", metavar="URL", help="a Onezone, such as https://my.zone.domain.org")
    _add_connection_options(parser)
    parser.add_argument(
        "--path",
        choices=[AUTO, *AccessPath],
        default=AUTO,
        help="over which path; auto (the default): proxy, then direct when it is the path that fails",
    )
    parser.add_argument(
        "--auth",
        choices=[AUTO, *AuthMethod],
        default=AUTO,
        help="with which credentials; auto (the default): the token, then the passphrase when the token is refused",
    )
    _add_format(parser, "text", "json")
    return parser


def _add_connection_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config.file",
        dest="config_file",
        metavar="FILE",
        type=file_name,
        help="YAML file with the configuration",
    )
    parser.add_argument(
        "--direct-url", metavar="URL", help="with a URL: where Onepanel itself listens (default: port 9443)"
    )
    parser.add_argument(
        "--tls.ca-file",
        dest="ca_file",
        metavar="FILE",
        type=file_name,
        help="with a URL: certificate authorities to trust",
    )
    parser.add_argument("--token-file", metavar="FILE", type=file_name, help="file with an access token")
    parser.add_argument(
        "--passphrase-file", metavar="FILE", type=file_name, help="file with the emergency passphrase"
    )
    parser.add_argument("--timeout", metavar="DURATION", type=_duration, help="limit of one request")


def _add_password(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    source.add_argument(
        "--password-file", metavar="FILE", type=file_name, help="read the password from a file"
    )


def _add_format(parser: argparse.ArgumentParser, *formats: str) -> None:
    parser.add_argument("--format", choices=formats, default=formats[0], help="default: %(default)s")


def file_name(text: str) -> Path:
    """The value of an option that names a file; an empty one would be the working directory."""
    if not text:
        raise argparse.ArgumentTypeError("must name a file")
    return Path(text)


def _duration(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("is not UTF-8 text") from None
    return text


def _user_id(text: str) -> str:
    if not text or not text.isprintable() or text in {".", ".."}:
        raise argparse.ArgumentTypeError("is no id of a user")
    return text


DEFAULT_ORIGIN = "http://127.0.0.1:19443"


def add_healthcheck_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `healthcheck`."""
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
        type=_duration,
        default=0.0,
        help="how long to repeat the check until the exporter serves, as 30s (default: check once)",
    )


def _origin(text: str) -> str:
    scheme, _, rest = text.rstrip("/").partition("://")
    if scheme not in {"http", "https"} or not rest or "/" in rest:
        raise argparse.ArgumentTypeError(f"{text!r} is not like {DEFAULT_ORIGIN}")
    return f"{scheme}://{rest}"
