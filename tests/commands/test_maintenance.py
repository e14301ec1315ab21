"""`maintenance`, and what `probe` makes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from exporter.files import read_note
from exporter.maintenance import read_note_text
from exporter.simulator import Fault
from tests.support.forking import Ended
from tests.support.terminal import Terminal

HOUR = 3600


def config(terminal: Terminal, file: str = "maintenance/{name}", maintenance: Sequence[object] = ()) -> str:
    target = terminal.target(**({"maintenance_file": file} if file else {}), maintenance=maintenance)
    # A command knows the targets of every share.
    return terminal.file("config.yml", json.dumps({"shard": "0/1", "targets": [target]}))


async def maintain(terminal: Terminal, action: str, *options: str, file: str = "") -> Ended:
    where = file or config(terminal)
    return await terminal.run("maintenance", action, "my-zone", "--config.file", where, *options)


def note(terminal: Terminal) -> str | None:
    return read_note(str(terminal.folder / "maintenance" / "my-zone"))


async def test_maintenance_begins_with_an_end_and_a_reason_and_is_ended_early(terminal: Terminal) -> None:
    ended = await maintain(terminal, "start", "--for", "2h", "--reason", "new disk")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("my-zone: maintenance until 20")
    end, reason = read_note_text(note(terminal) or "")
    assert reason == "new disk"
    assert end is not None
    written = (terminal.folder / "maintenance" / "my-zone").stat()
    assert written.st_mode & 0o777 == 0o644
    # In whole seconds, and not shorter: the file is written within milliseconds.
    assert -0.1 <= end - written.st_mtime - 2 * HOUR <= 1
    assert [file.name for file in (terminal.folder / "maintenance").iterdir()] == ["my-zone"]

    ended = await maintain(terminal, "end")
    assert (ended.code, ended.out) == (0, "my-zone: maintenance ended\n")
    assert note(terminal) is None
    ended = await maintain(terminal, "end")
    assert (ended.code, ended.out) == (0, "my-zone: was not in maintenance\n")


async def test_without_an_end_it_lasts_until_it_is_ended(terminal: Terminal) -> None:
    ended = await maintain(terminal, "start")
    assert "until `maintenance end`" in ended.out
    assert note(terminal) == ""


async def test_a_window_of_the_configuration_continues(terminal: Terminal) -> None:
    window = {"start": "2020-01-01T00:00:00Z", "end": "2199-01-01T00:00:00Z", "reason": "upgrade"}
    file = config(terminal, maintenance=[window])
    await maintain(terminal, "start", file=file)
    ended = await maintain(terminal, "end", file=file)
    assert "still in maintenance, by a window of the configuration (upgrade)" in ended.out


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("start", "other"), 2, "no target has this name; there are: my-zone"),
        (("start", "my-zone", "--for", "soon"), 2, "must be a duration"),
        (("start", "my-zone", "--reason", "a\nb"), 2, "one line"),
        (("pause", "my-zone"), 2, "invalid choice: 'pause'"),
        (("start",), 2, "NAME"),
    ],
)
async def test_bad_usage_has_an_exit_code_and_a_message(
    terminal: Terminal, argv: tuple[str, ...], code: int, message: str
) -> None:
    ended = await terminal.run("maintenance", *argv, "--config.file", config(terminal))
    assert ended.code == code
    assert message in ended.err


async def test_a_target_without_a_maintenance_file_names_the_missing_key(terminal: Terminal) -> None:
    ended = await maintain(terminal, "start", file=config(terminal, file=""))
    assert ended.code == 2
    assert "maintenance_file: is not set; set it" in ended.err


async def test_a_file_that_cannot_be_written_is_named(terminal: Terminal) -> None:
    (terminal.folder / "taken").write_text("", encoding="ascii")
    ended = await maintain(terminal, "start", file=config(terminal, file="taken/{name}"))
    assert ended.code == 1
    assert str(Path("taken") / "my-zone") in ended.err


async def test_probe_is_ok_with_the_word_maintenance_and_keeps_the_diagnosis(terminal: Terminal) -> None:
    await terminal.zone.only(Fault.WORKER_STOPPED)
    await maintain(terminal, "start", "--reason", "new disk")
    options = ("probe", "my-zone", "--config.file", config(terminal), "--format")
    nagios = await terminal.run(*options, "nagios")
    assert nagios.code == 0
    assert nagios.out.startswith("ONEDATA OK - my-zone: MAINTENANCE (new disk), proxy_down (")
    text = await terminal.run(*options, "text")
    assert text.code == 0
    assert text.out.splitlines()[0].endswith(": OK, proxy_down")
    assert "MAINTENANCE: new disk" in text.out
    summary = json.loads((await terminal.run(*options, "json")).out)
    assert (summary["exit_code"], summary["diagnosis"], summary["maintenance"]) == (
        0,
        "proxy_down",
        "new disk",
    )

    await maintain(terminal, "end")
    nagios = await terminal.run(*options, "nagios")
    assert nagios.code == 2
    assert "MAINTENANCE" not in nagios.out
    assert json.loads((await terminal.run(*options, "json")).out)["maintenance"] is None
