"""Write the SBOM (CycloneDX JSON) of what the image installs: python -m tools.make_sbom FOLDER.

Versions come from constraints.txt. The same inputs give the same bytes: no time, no random serial number.
"""

from __future__ import annotations

import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from exporter import __version__

ROOT = Path(__file__).parent.parent
_PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)", re.MULTILINE)
_NAME = re.compile(r"^[A-Za-z0-9._-]+")


def pins() -> dict[str, str]:
    """Return what constraints.txt pins: normalized name and version."""
    text = (ROOT / "constraints.txt").read_text(encoding="ascii")
    return {match["name"]: match["version"] for match in _PIN.finditer(text)}


def sbom() -> Bom:
    """Return the exporter, what it is installed with, and which of that it asks for itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    root = _component(project["name"], __version__, ComponentType.APPLICATION)
    root.description = project["description"]
    root.licenses.add(DisjunctiveLicense(id=project["license"]))
    libraries = {name: _component(name, version, ComponentType.LIBRARY) for name, version in pins().items()}
    bom = Bom(components=libraries.values())
    bom.metadata.component = root
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the library would say now
    bom.serial_number = uuid.uuid5(
        uuid.NAMESPACE_URL, "\n".join(f"{each.purl}" for each in (root, *libraries.values()))
    )
    direct = [libraries[name] for name in _asked_for(project["dependencies"])]
    bom.register_dependency(root, direct)
    return bom


def _component(name: str, version: str, kind: ComponentType) -> Component:
    purl = PackageURL("pypi", name=name, version=version)
    return Component(name=name, version=version, type=kind, purl=purl, bom_ref=str(purl))


def _asked_for(requirements: list[str]) -> Iterator[str]:
    for requirement in requirements:
        if name := _NAME.match(requirement):
            yield name[0].lower().replace("_", "-")


def main() -> int:
    """Write FOLDER/onedata-exporter-VERSION.cdx.json."""
    folder = Path(sys.argv[1])
    text = JsonV1Dot6(sbom()).output_as_string(indent=2)
    (folder / f"onedata-exporter-{__version__}.cdx.json").write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
