"""The linter of the documents finds bad prose, and leaves good prose, code and tables alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.commands import ROOT
from tests.support.programs import program

LINTER = ROOT / "tools" / "lint-prose"
LOCK_FILE = ROOT / "tools" / "textlint" / "package-lock.json"

LONG_CELL = "a fact, " * 40

GOOD = f"""\
# Silence an alert

If the worker is down, the exporter reports `proxy_down`. The command finishes within 55 s, before the default
timeout of a Nagios plugin. Polling continues during maintenance; alerts are suppressed.

| column | meaning |
|---|---|
| a long cell | {LONG_CELL} |

```sh
curl https://nobody.example.org  # code is code: who, told, away
```
"""

BAD = {
    "Whoever reaches the port reads the metrics.": "(name the component or the role",
    "The page tells which host fails.": "report, state, print, show",
    "The exporter looks at both paths.": "poll, query, read, check, inspect",
    "The one target is well.": "healthy, up",
    "A Onepanel node of the cluster is sick.": "unhealthy, failing",
    "Hosts that were\naway are polled last.": "unreachable, down",
    "The time of the certificate is over.": "expired, ended",
    "The queue is full; come again in a second.": "connect, retry, recover",
    "Where a host is frozen, the request fails.": "=> If",
    "A body that is no JSON is an error.": "is not, are not",
    "The file is read anew.": "again",
    "The command speaks TLS.": "use, answer, return",
    "The exporter goes on with the next host.": "continue, proceed",
    "The new file takes over.": "load, apply, replace",
    "During maintenance the alerts keep silent.": "notify, page, suppress, fail",
    "The file lies in the folder.": "be located, be stored",
    "The list can be had from the zone.": "be available",
    "The reason was learnt.": "unknown, determined",
    "The key belongs into the file.": "belong in",
    "Compression pays on slow lines.": "be worth the cost",
    "A page shows all that is known.": "everything except",
    "The poll is repeated, for it failed.": "since, because",
    "The patience of the plugin ends.": "timeout, deadline",
    "The living hosts answer: the living are polled first.": "(state the fact",
    "- A list item that nobody reads": "(name the component or the role",
    "| cell |\n|---|\n| somebody works |": "(name the component or the role",
    "The exporter polls the first path, and then polls the second path, and then compares both of the results, "
    "and then writes what it has found into the store.": "exceeds the maximum sentence length of 150",
}


def lint(*files: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINTER, *files], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module", autouse=True)
def _linter() -> None:
    program("npm")


def test_good_prose_passes(tmp_path: Path) -> None:
    file = tmp_path / "good.md"
    file.write_text(GOOD)
    linted = lint(file)
    assert (linted.returncode, linted.stdout) == (0, "")


def test_each_kind_of_bad_prose_fails_with_its_remedy(tmp_path: Path) -> None:
    files = {}
    for number, (text, remedy) in enumerate(BAD.items()):
        file = tmp_path / f"bad{number:02}.md"
        file.write_text(f"{text}\n")
        files[str(file)] = remedy
    linted = lint(*map(Path, files))
    assert linted.returncode == 1
    for name, remedy in files.items():
        found = linted.stdout.partition(f"{name}:")[2].partition(f"{tmp_path}/")[0]
        assert remedy in found, (Path(name).read_text(), found)


def test_every_rule_of_the_linter_has_an_example_that_fails() -> None:
    rules = yaml.safe_load((ROOT / "tools" / "textlint" / "words.yml").read_text())["rules"]
    remedies = {remedy.removeprefix("=> ") for remedy in BAD.values()}
    missing = [rule["expected"] for rule in rules if not any(r in rule["expected"] for r in remedies)]
    assert missing == []


def test_without_npm_the_linter_is_skipped_except_in_ci(tmp_path: Path) -> None:
    for needed in ("bash", "dirname"):
        (tmp_path / needed).symlink_to(str(shutil.which(needed)))
    skipped = lint(environment={"PATH": str(tmp_path)})
    assert skipped.returncode == 0
    assert "textlint needs npm and Node.js 20.18 or newer" in skipped.stderr
    failed = lint(environment={"PATH": str(tmp_path), "CI": "true"})
    assert failed.returncode == 1
    assert failed.stderr == skipped.stderr


def test_the_lock_file_names_hashes_and_no_registry() -> None:
    packages = json.loads(LOCK_FILE.read_text())["packages"]
    assert len(packages) > 100
    for name, package in packages.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")
