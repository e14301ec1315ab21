from __future__ import annotations

import fcntl
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from exporter.commands.passwords import NoPasswordError, read_password
from tests.support.servers import closed_port

FIRST = "canary-password"


def on_a_terminal(folder: Path, *answers: str) -> tuple[int, str]:
    """`set-password` on a terminal, where these answers are typed: the exit code, and what stands on the screen."""
    token = folder / "token"
    token.write_text("the-token")
    url = f"https://127.0.0.1:{closed_port()}"
    argv = [
        sys.executable,
        "-m",
        "exporter",
        "users",
        "set-password",
        "u1",
        "--url",
        url,
        "--direct-url",
        f"https://127.0.0.1:{closed_port()}",
    ]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*argv, "--token-file", str(token)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - getpass wants a terminal of its own
    ) as process:
        os.close(theirs)
        screen = ""
        for prompt, answer in zip(("New password: ", "The same again: "), answers, strict=True):
            while prompt not in screen:
                screen += os.read(ours, 1024).decode()
            os.write(ours, f"{answer}\n".encode())
        while more := _read(ours):
            screen += more
        code = process.wait(30)
    os.close(ours)
    return code, screen


def _read(terminal: int) -> str:
    try:
        return os.read(terminal, 1024).decode()
    except OSError:  # how Linux says that the other side is closed
        return ""


def test_a_password_is_asked_for_twice_and_never_shown(tmp_path: Path) -> None:
    code, screen = on_a_terminal(tmp_path, FIRST, FIRST)
    assert code == 3
    assert "connection_refused" in screen
    assert FIRST not in screen


def test_two_different_passwords_send_nothing(tmp_path: Path) -> None:
    code, screen = on_a_terminal(tmp_path, FIRST, FIRST + "x")
    assert code == 2
    assert "not the same; nothing was sent" in screen
    assert FIRST not in screen


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"secret\n", "secret"),
        (b"secret", "secret"),
        (b" two words \r\n", " two words "),
        ("ż\n".encode(), "ż"),
    ],
)
def test_only_the_line_feed_at_the_end_is_no_part_of_a_password(
    tmp_path: Path, content: bytes, password: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    assert read_password(file, from_stdin=False) == password


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "empty"), (b"\n", "empty"), (b"\xff\n", "UTF-8"), (b"x" * 5000, "longer")]
)
def test_what_is_no_password_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    with pytest.raises(NoPasswordError, match=message):
        read_password(file, from_stdin=False)
