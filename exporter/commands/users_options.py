"""The options of `users`: which Onezone, with which credentials, what to do."""

from __future__ import annotations

import argparse

from exporter.commands.options import CREDENTIALS, add_connection_options, add_format, file_name
from exporter.credentials import AuthMethod
from exporter.targets import AccessPath

AUTO = "auto"
_USER = "the id of a user, or a name that only one user has"
_EXIT_CODES_OF_USERS = """\
exit codes: 0 done; 1 the server refused; 2 bad usage or configuration;
3 Onepanel could not be reached, it is not known whether a change was carried out, or the answer cannot be written
(a change that may have been carried out is never sent a second time)
"""


def add_users_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `users`, each with its options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{_EXIT_CODES_OF_USERS}\n{CREDENTIALS}"
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    _action(actions, "list", "the ids and names of all users")
    _action(actions, "show", "one user").add_argument("user_id", metavar="ID|NAME", type=_user_id, help=_USER)
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
    set_password.add_argument("user_id", metavar="ID|NAME", type=_user_id, help=_USER)
    _add_password(set_password)


def _action(actions: argparse._SubParsersAction, name: str, text: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]  # the type is argparse's own secret
    parser: argparse.ArgumentParser = actions.add_parser(
        name,
        help=text,
        description=text,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"{_EXIT_CODES_OF_USERS}\n{CREDENTIALS}",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--target",
        dest="subject",
        metavar="NAME",
        help="a configured target; may be left out when there is only one",
    )
    which.add_argument("--url", metavar="URL", help="a Onezone, such as https://my.zone.domain.org")
    add_connection_options(parser)
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
    add_format(parser, "text", "json")
    return parser


def _add_password(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    source.add_argument(
        "--password-file", metavar="FILE", type=file_name, help="read the password from a file"
    )


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("is not UTF-8 text") from None
    return text


def _user_id(text: str) -> str:
    if not text or not text.isprintable() or text in {".", ".."}:
        raise argparse.ArgumentTypeError("is no id or name of a user")
    return text
