from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import ROOT, run, succeed

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SHELL_SCRIPTS = [
    ROOT / ".ci" / "run",
    *(file for file in (ROOT / "tools").iterdir() if not file.suffix and file.is_file()),
]


def test_hadolint_has_nothing_to_say_about_the_dockerfile() -> None:
    assert succeed("hadolint", "Dockerfile") == ""


def test_shellcheck_has_nothing_to_say_about_the_scripts() -> None:
    assert len(SHELL_SCRIPTS) >= 4
    assert succeed("shellcheck", *SHELL_SCRIPTS) == ""


def test_yamllint_has_nothing_to_say_about_what_people_write() -> None:
    assert succeed("yamllint", "--strict", "deploy", "grafana", ".github", ".yamllint.yml") == ""


def test_actionlint_has_nothing_to_say_about_the_workflows() -> None:
    # With shellcheck on the PATH it looks at the scripts in the workflows, too.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    assert succeed("actionlint", *WORKFLOWS, environment={"PATH": path}) == ""
    succeed("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_has_no_permission_that_a_job_does_not_ask_for(workflow: Path) -> None:
    document = yaml.safe_load(workflow.read_text())
    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        wanted = (
            {"contents": "write"} if (workflow.stem, name) == ("release", "release") else {"contents": "read"}
        )
        assert job["permissions"] == wanted, name


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_pins_the_actions_of_others_by_commit_and_keeps_no_token(workflow: Path) -> None:
    for step in _steps(yaml.safe_load(workflow.read_text())):
        used = step.get("uses", "")
        assert not used or re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", used), used
        assert "checkout" not in used or step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_a_job_in_a_container_lets_git_read_the_checkout(workflow: Path) -> None:
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        commands = [step.get("run", "") for step in job.get("steps", ())]
        assert "container" not in job or any("--add safe.directory" in command for command in commands)


def test_looking_for_secrets_fails_where_git_names_no_files() -> None:
    looked = run("make", "--assume-old=.venv/.ready", "secrets", environment={"GIT_DIR": "/nonexistent"})
    assert looked.returncode != 0
    assert "not a git repository" in looked.stderr


def _steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", ())]
