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
    ROOT / "deploy" / "systemd" / "onedata-exporter-as-service",
    *(ROOT / "deploy" / "package" / name for name in ("postinst", "prerm", "postrm")),
]


def test_the_dockerfile_passes_hadolint() -> None:
    assert succeed("hadolint", "Dockerfile") == ""


def test_the_scripts_pass_shellcheck() -> None:
    assert len(SHELL_SCRIPTS) >= 4
    assert succeed("shellcheck", *SHELL_SCRIPTS) == ""


def test_yaml_files_pass_yamllint() -> None:
    assert succeed("yamllint", "--strict", "deploy", "grafana", ".github", ".yamllint.yml") == ""


def test_the_workflows_pass_actionlint() -> None:
    # With shellcheck on the PATH it looks at the scripts in the workflows, too.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    assert succeed("actionlint", *WORKFLOWS, environment={"PATH": path}) == ""
    succeed("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


def test_zizmor_finds_no_weakness_in_the_workflows() -> None:
    succeed(
        "zizmor",
        "--offline",
        "--no-progress",
        "--quiet",
        "--persona=pedantic",
        "--min-severity=medium",
        *WORKFLOWS,
    )


def test_zizmor_would_find_a_weakness(tmp_path: Path) -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    weak = tmp_path / "weak.yml"
    weak.write_text(workflow.replace('"$GITHUB_REF_NAME"', '"${{ github.ref_name }}"'))
    assert run("zizmor", "--offline", "--no-progress", "--quiet", weak).returncode != 0


# What a job may do beside reading the repository, and why, by workflow and job.
SIGNS = {"id-token": "write", "attestations": "write"}
PERMISSIONS = {
    ("release", "sign"): {"contents": "read", **SIGNS},
    ("release", "release"): {"contents": "write"},
    ("release", "index"): {"id-token": "write"},
    ("release", "publish-image"): SIGNS,
    ("release", "publish-chart"): SIGNS,
}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_has_no_permission_that_a_job_does_not_ask_for(workflow: Path) -> None:
    document = yaml.safe_load(workflow.read_text())
    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        wanted = PERMISSIONS.get((workflow.stem, name), {"contents": "read"})
        assert job["permissions"] == wanted, name


# Actions of others than GitHub sign and publish, and nothing else.
ACTION = re.compile(r"(actions/[a-z-]+|sigstore/cosign-installer|pypa/gh-action-pypi-publish)@[0-9a-f]{40}")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_pins_the_actions_of_others_by_commit_and_keeps_no_token(workflow: Path) -> None:
    for step in _steps(yaml.safe_load(workflow.read_text())):
        used = step.get("uses", "")
        assert not used or ACTION.fullmatch(used), used
        assert "checkout" not in used or step["with"]["persist-credentials"] is False


def test_a_release_signs_and_attests_all_that_it_publishes() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]
    for name in ("sign", "publish-image", "publish-chart"):
        used = " ".join(step.get("uses", "") for step in jobs[name]["steps"])
        assert "cosign sign" in " ".join(step.get("run", "") for step in jobs[name]["steps"])
        assert "actions/attest-build-provenance@" in used
        assert ("actions/attest-sbom@" in used) is (name != "publish-chart")
    assert {jobs[name]["needs"] for name in ("release", "index")} == {"sign"}
    assert jobs["sign"]["needs"] == ["build", "packages"]
    # Trusted publishing: no job has a token of the package index.
    assert "password" not in str(jobs["index"])


def test_every_python_version_that_the_project_names_is_tested() -> None:
    matrix = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())["jobs"]["test"][
        "strategy"
    ]
    classifiers = re.findall(
        r'"Programming Language :: Python :: (3\.[0-9]+)"', (ROOT / "pyproject.toml").read_text()
    )
    assert matrix["matrix"]["python"] == classifiers


def test_ci_runs_the_tests_with_nothing_skipped() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if "make" in line and not line.startswith("#")] == [
        "make test",
        "make test-slow",
    ]
    assert "export CI=true" in lines


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_a_job_in_a_container_lets_git_read_the_checkout(workflow: Path) -> None:
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        commands = [step.get("run", "") for step in job.get("steps", ())]
        assert "container" not in job or any("--add safe.directory" in command for command in commands)


def test_the_search_for_secrets_fails_if_git_names_no_files() -> None:
    looked = run("make", "--assume-old=.venv/.ready", "secrets", environment={"GIT_DIR": "/nonexistent"})
    assert looked.returncode != 0
    assert "not a git repository" in looked.stderr


def _steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", ())]
