"""docs/getting-started.md is true: every command on it is run, with a simulated Onezone as the cluster.

Commands run on a pretended host (host.py): paths, ports and the domain of the page are replaced by those of the test,
the durations of the rules are shortened, `sudo` does nothing, and `systemctl` is a stand-in. What is not run is named
in NOT_RUN.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.simulator import INSTANT, Authority, SimulatedZone
from tests.docs.guide import Step, matches, steps
from tests.docs.host import Host, Ran
from tests.support.commands import ROOT
from tests.support.waiting import eventually

PAGE = ROOT / "docs" / "getting-started.md"
DOMAIN = "my.zone.domain.org"
NOT_RUN = {
    "git clone": "the network is not used; a copy of the working tree is installed instead",
    "pip install --require-hashes": "tests/deploy/test_constraints.py covers the pinned dependencies",
    "onedata-exporter-as-service": "it needs root and a mount namespace; tests/deploy/test_packages.py runs it",
}
REPEAT = "repeat until the output matches"


@pytest.fixture
async def host(tmp_path: Path, authority: Authority, ca_file: Path) -> AsyncIterator[Host]:
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        host = Host(
            tmp_path,
            {
                # The simulated paths have ports of their own: in the configuration, and in a command.
                f"url: https://{DOMAIN}": f"url: {zone.proxy_url}\n    direct_url: {zone.direct_url}",
                f"https://{DOMAIN}": f"{zone.proxy_url} --direct-url {zone.direct_url}",
                DOMAIN: "127.0.0.1",
            },
            {"SSL_CERT_FILE": str(ca_file), "ONEDATA_EXPORTER_POLL__INTERVAL": "1s"},
        )
        yield host
        host.close()


@pytest.mark.long
async def test_every_command_of_getting_started_does_what_the_page_promises(host: Host) -> None:
    left_out = []
    for step in steps(PAGE.read_text(encoding="utf-8")):
        if step.remark.startswith("not run"):
            left_out.append(step.script)
        else:
            await perform(step, host)
    assert len(left_out) == len(NOT_RUN)
    for script, command in zip(left_out, NOT_RUN, strict=True):
        assert command in script


async def perform(step: Step, host: Host) -> None:
    typed = "simulated-passphrase\n" if step.remark == "type the passphrase" else ""
    expected = None if step.expected is None else host.here(step.expected)
    code = int(found[1]) if (found := re.match(r"exit code (\d)", step.remark)) else 0

    async def ran() -> Ran:
        return await host.run(step.script, typed)

    def holds(result: Ran) -> bool:
        return result.code == code and (expected is None or matches(expected, result.output))

    try:
        await eventually(ran, holds, 60.0 if step.remark == REPEAT else 0.0)
    except AssertionError as error:
        pytest.fail(f"{PAGE.name}, line {step.line}: {step.script}\n{error}\n{host.logs()}")


def test_an_ellipsis_matches_a_part_of_a_line_or_whole_lines() -> None:
    assert matches("a … d\n", "a b c d\n")
    assert matches("first\n…\n", "first\nsecond\nthird\n")
    assert matches("first\n…\n", "first\n")
    assert not matches("first\n", "first\nsecond\n")
    assert not matches("a … d\n", "a b\nc d\n")


def test_a_block_of_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="line 3: a block of python cannot be run"):
        list(steps("text\n```python\nprint()\n```\n"))


def test_each_command_of_a_console_block_has_its_own_output() -> None:
    block = "<!-- test: exit code 1 -->\n```console\n$ one\n1\n$ two\n```\n"
    assert list(steps(block)) == [Step(3, "one", "1\n", "exit code 1"), Step(5, "two", "", "exit code 1")]
