"""What the command line prints about what it rejects: never a value, which may be a secret in the wrong place."""

from __future__ import annotations

import pytest

from exporter.commands.arguments import parse
from exporter.commands.parsing import without_values

SECRET = "hunter2-canary"  # pragma: allowlist secret


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["probe", "zone", "--passphrase", SECRET], "--passphrase"),
        (["probe", "zone", f"--passphrase={SECRET}"], "--passphrase"),
        (["probe", "zone", "-p", SECRET], "-p"),
        (["probe", "zone", f"-p{SECRET}"], "not shown"),
        (["probe", "zone", SECRET], "not shown"),
        (["probe", "zone", "--token", f"a {SECRET} b"], "--token"),
        (["probe", "zone", "--format", SECRET], "--format"),
        (["probe", "zone", f"--explain={SECRET}"], "--explain"),
        (["users", "set-password", "alice", SECRET], "not shown"),
        (["users", "list", "--auth", SECRET], "--auth"),
        (["users", "list", "--path", SECRET], "--path"),
        (["maintenance", "start", "zone", "--password", SECRET], "--password"),
        (["serve", "--auth.token", SECRET], "--auth.token"),
        (["check-credentials", "zone", "--token", SECRET], "--token"),
    ],
)
def test_a_refused_option_is_named_and_its_value_is_not_shown(
    argv: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(argv)
    captured = capsys.readouterr()
    assert named in captured.err
    assert SECRET not in captured.out + captured.err


@pytest.mark.parametrize(
    ("message", "cleaned"),
    [
        (
            "unrecognized arguments: --a b --c=d",
            "unrecognized arguments: --a --c (values are not shown)",
        ),
        ("argument --n: invalid int value: 'x'", "argument --n: invalid int value"),
        ("the following arguments are required: NAME", "the following arguments are required: NAME"),
    ],
)
def test_messages_lose_their_values_only(message: str, cleaned: str) -> None:
    assert without_values(message) == cleaned
