"""What a release consists of: sdist and wheel that run where nothing else is installed, SBOM and notes."""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion

from exporter import __version__
from tests.support.commands import ROOT, run, succeed
from tests.support.processes import DEMO, ExporterProcess
from tools.make_sbom import pins, sbom
from tools.release_notes import sections

pytestmark = pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="a release is made from a checkout, and this is none"
)

REVISION = "fedcba9876543210fedcba9876543210fedcba98"
# What a checkout holds that is no source.
NO_SOURCE = (".*", "build", "dist", "__pycache__", "*.egg-info")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both distributions, as `make dist` builds them: the wheel out of the sdist."""
    folder = tmp_path_factory.mktemp("release")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*NO_SOURCE))
    shutil.copy(ROOT / ".dockerignore", source)
    environment = {"SOURCE_REVISION": REVISION}
    succeed(sys.executable, "-m", "build", "--outdir", folder / "dist", source, environment=environment)
    return folder / "dist"


def wheel_of(dist: Path) -> Path:
    return dist / f"onedata_exporter-{__version__}-py3-none-any.whl"


def test_the_sdist_holds_what_is_needed_to_build_image_and_wheel_and_to_deploy_them(dist: Path) -> None:
    top = f"onedata_exporter-{__version__}"
    with tarfile.open(dist / f"{top}.tar.gz") as archive:
        names = {name.removeprefix(f"{top}/") for name in archive.getnames()}
    assert {
        "Dockerfile",
        ".dockerignore",
        "Makefile",
        "constraints.txt",
        "constraints-build.txt",
        "tools/hatch_build.py",
        "exporter/REVISION",
        "exporter/web/templates/status.html",
        "deploy/systemd/onedata-exporter.service",
        "deploy/compose/compose.yml",
        "deploy/helm/onedata-exporter/Chart.yaml",
        "deploy/helm/onedata-exporter/files/rules.yml",
        "deploy/helm/onedata-exporter/files/dashboards/onedata-fleet.json",
        "deploy/prometheus/rules/onedata-alerts.yml",
        "grafana/dashboards/onedata-fleet.json",
        "CHANGELOG.md",
        "LICENSE",
    } <= names


def test_the_wheel_holds_the_package_and_nothing_else(dist: Path) -> None:
    with zipfile.ZipFile(wheel_of(dist)) as archive:
        names = archive.namelist()
        assert archive.read("exporter/REVISION").decode() == f"{REVISION}\n"
    assert {name.split("/")[0] for name in names} == {"exporter", f"onedata_exporter-{__version__}.dist-info"}
    assert "exporter/py.typed" in names
    assert "exporter/simulator/templates/demo.html" in names


def test_a_source_checkout_has_no_revision() -> None:
    assert not (ROOT / "exporter" / "REVISION").exists()


@pytest.mark.slow
async def test_the_wheel_runs_the_demo_in_an_empty_environment(dist: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    succeed(*install, "--only-binary=:all:", "--require-hashes", "--requirement", ROOT / "constraints.txt")
    succeed(*install, "--no-deps", "--no-index", wheel_of(dist))
    succeed(python, "-m", "pip", "check", "--disable-pip-version-check")
    assert (
        succeed(python.with_name("onedata-exporter"), "--version", folder=tmp_path)
        .strip()
        .endswith(__version__)
    )
    demo = ExporterProcess(*DEMO, folder=tmp_path, python=python)
    async with demo:
        seen = await demo.metrics_when(lambda metrics: metrics.diagnosis("demo-zone") == "ok")
        assert seen.value("onedata_exporter_build_info", revision=REVISION, version=__version__) == 1.0


def test_the_image_is_built_with_the_version_and_the_revision_of_the_source() -> None:
    output = succeed("make", "--dry-run", "image", "ENGINE=podman")
    epoch = succeed("git", "log", "-1", "--format=%ct").strip()
    assert f"BUILDAH_FORMAT=docker SOURCE_DATE_EPOCH={epoch} podman build" in output
    assert f"--timestamp {epoch}" in output
    assert "--timestamp" not in succeed("make", "--dry-run", "image", "ENGINE=docker")
    assert f"--tag onedata-exporter:{__version__}" in output
    assert f"--build-arg VERSION={__version__}" in output
    assert succeed("git", "rev-parse", "HEAD").strip() in output


def test_the_image_of_an_unpacked_sdist_has_the_revision_that_it_was_made_from(
    dist: Path, tmp_path: Path
) -> None:
    top = f"onedata_exporter-{__version__}"
    with tarfile.open(dist / f"{top}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    built = run("make", "--dry-run", "image", folder=tmp_path / top)
    assert f"--build-arg REVISION={REVISION}" in built.stdout
    assert built.stderr == ""


def test_the_sbom_is_valid_and_lists_what_the_image_installs(tmp_path: Path) -> None:
    succeed(sys.executable, "-m", "tools.make_sbom", tmp_path)
    text = (tmp_path / f"onedata-exporter-{__version__}.cdx.json").read_text()
    # It takes more than a second to import, for which no other process of the tests should wait.
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415 - only the tests of a release need it

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document: dict[str, Any] = json.loads(text)
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["version"] == __version__
    assert {each["name"]: each["version"] for each in document["components"]} == pins()
    assert "pkg:pypi/aiohttp@" in text


def test_a_release_is_made_with_pinned_tools_alone() -> None:
    output = succeed("make", "--dry-run", "--always-make", "dist")
    installed = [line for line in output.splitlines() if "pip install" in line]
    assert len(installed) == 1
    assert "--require-hashes" in output
    assert "--requirement constraints-dist.txt" in output


def test_the_sbom_is_the_same_for_the_same_inputs() -> None:
    first, second = (JsonV1Dot6(sbom()).output_as_string() for _ in range(2))
    assert first == second
    assert "timestamp" not in first


CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.1.0] - 2026-12-01

### Added

- A [thing](docs/thing.md).

## [1.0.0] - 2026-11-01

- The first.

[1.1.0]: https://example.org/1.1.0
"""


def test_the_notes_of_a_release_are_its_section_of_the_changelog() -> None:
    assert sections(CHANGELOG) == {
        "Unreleased": "",
        "1.1.0": "### Added\n\n- A [thing](docs/thing.md).",
        "1.0.0": "- The first.",
    }


def test_the_changelog_describes_this_version_or_the_next() -> None:
    assert "- " in succeed(sys.executable, "-m", "tools.release_notes", "--draft")


def test_no_release_is_made_without_notes() -> None:
    notes = run(sys.executable, "-m", "tools.release_notes")
    is_described = __version__ in sections((ROOT / "CHANGELOG.md").read_text())
    assert (notes.returncode == 0) is is_described
    assert is_described or "CHANGELOG.md" in notes.stderr
