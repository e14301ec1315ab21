from __future__ import annotations

from pathlib import Path

import yaml

from exporter.settings.keys import walk
from exporter.settings.loading import load
from tools.generate_configuration_doc import EXAMPLE, PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == "\n".join(page()).rstrip() + "\n"


def test_the_example_on_the_page_is_valid(certificates: Path) -> None:
    file = certificates / "example.yml"
    for name in ("token", "passphrase"):
        (certificates / name).write_text("secret", encoding="ascii")
    (certificates / "web-config.yml").write_text("{}", encoding="ascii")
    file.write_text(EXAMPLE, encoding="utf-8")
    assert len(load(file, environ={}).targets) == 2
    assert f"```yaml\n{EXAMPLE}```" in PAGE.read_text(encoding="utf-8")


# The example keeps its secrets in files, and a secret is given only once.
INLINE_SECRETS = {("targets", "auth", "token"), ("targets", "auth", "passphrase")}


def test_the_example_has_every_key() -> None:
    document = yaml.safe_load(EXAMPLE)
    shown = {*places(document), *places(document["defaults"], ("targets",))}
    # Below `discover.auth` stand the ids of providers first.
    keys = {
        place
        for place, _ in walk()
        if place[0] != "defaults" and place[:3] != ("targets", "discover", "auth")
    }
    assert keys - INLINE_SECRETS <= shown


def places(value: object, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(value, list):
        return [place for item in value for place in places(item, above)]
    if not isinstance(value, dict):
        return [above]
    return [above, *(place for key, below in value.items() for place in places(below, (*above, key)))]
