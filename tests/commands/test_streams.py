"""Standard streams that are closed, full, or not read: a message for people, and no exit code that misleads."""

from __future__ import annotations

import pytest

from tests.support.terminal import TOKEN, Terminal

CREATE = ("create", "--username", "alice")
PASSWORD = "long-enough"
FULL = ">/dev/full"


@pytest.mark.parametrize("output_format", ["text", "json", "nagios"])
async def test_a_probe_whose_result_cannot_be_written_is_unknown(
    terminal: Terminal, output_format: str
) -> None:
    ended = await terminal.probe("--format", output_format, redirections=FULL)
    assert (ended.code, ended.err) == (3, "onedata-exporter: No space left on device\n")


async def test_a_result_that_cannot_be_written_is_no_refusal(terminal: Terminal) -> None:
    options = (*terminal.credentials(TOKEN), "--password-stdin")
    ended = await terminal.users(CREATE, *options, stdin=PASSWORD, redirections=FULL)
    assert (ended.code, ended.err) == (3, "onedata-exporter: No space left on device\n")
    assert terminal.zone.cluster.users.named("alice") is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [((), "no terminal to ask on"), (("--password-stdin",), "standard input is closed")],
)
async def test_without_standard_input_there_is_no_password(
    terminal: Terminal, options: tuple[str, ...], message: str
) -> None:
    ended = await terminal.users(CREATE, *terminal.credentials(TOKEN), *options, redirections="<&-")
    assert ended.code == 2
    assert message in ended.err
    assert terminal.zone.cluster.users.named("alice") is None


async def test_without_standard_output_the_exit_code_is_the_result(terminal: Terminal) -> None:
    ended = await terminal.probe(redirections=">&-")
    assert (ended.code, ended.err) == (0, "")
