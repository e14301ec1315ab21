"""The JSON Schema of the configuration: it fits the examples of the repository, and agrees with the exporter."""

from __future__ import annotations

import copy
import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.settings import value_schemas
from exporter.settings.addresses import parse_listen_address, parse_origin
from exporter.settings.durations import parse_duration
from exporter.settings.schema import Document
from exporter.settings.target_keys import TargetKeys
from exporter.settings.timestamps import parse_timestamp
from exporter.settings.yaml_text import parse_yaml
from tests.support.commands import ROOT
from tests.support.json_schema import SCHEMA, accepts, check_schema, faults
from tests.support.processes import run_command
from tools.generate_configuration_doc import EXAMPLE

DOCUMENTED: Any = parse_yaml(EXAMPLE)
ANY_KEY = re.compile(rf"^({'|'.join(Document.model_fields)}):", re.MULTILINE)
# Of these mappings the keys are free.
FREE = {"labels", "nodes"}
FENCED = re.compile(r"^```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"(?:^(?: {4,}.*)?\n)+", re.MULTILINE)


def configurations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every example of a configuration in the repository: a file, or a block of a document."""
    for file in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")):
        text = file.read_text()
        blocks = [*FENCED.findall(text), *map(textwrap.dedent, INDENTED.findall(text))]
        for number, block in enumerate(blocks):
            if is_configuration(found := parsed(block)):
                yield f"{file.relative_to(ROOT)}-{number}", found
    for file in (*ROOT.glob("deploy/**/*.yml"), *ROOT.glob("deploy/**/*.yaml")):
        if is_configuration(found := parsed(file.read_text())):
            yield str(file.relative_to(ROOT)), found


def parsed(text: str) -> Any:
    if not ANY_KEY.search(text):  # parsing every block of the documents takes seconds
        return None
    try:
        return parse_yaml(text)
    except ValueError:
        return None


def is_configuration(document: object) -> bool:
    # The keys of a target are no configuration, though some have the names of keys at the top.
    if not isinstance(document, dict) or is_configuration(document.get("config")):
        return False  # values of the chart have a configuration below this key
    return bool(
        set(document) & (set(Document.model_fields) - set(TargetKeys.model_fields))
        or (document and set(document) <= set(Document.model_fields))
    )


EXAMPLES = dict(configurations())


def test_the_schema_is_one() -> None:
    check_schema()


def test_the_examples_of_the_repository_are_found() -> None:
    files = {name.partition("-")[0] for name in EXAMPLES} | set(EXAMPLES)
    assert {"README.md", "docs/configuration.md", "deploy/compose/onedata-exporter.yml"} <= files


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_the_schema_accepts_every_example(example: dict[str, Any]) -> None:
    # Some examples show a part, without targets, or leave them to the administrator.
    targets = example.get("targets") or [{"url": "https://my.zone.domain.org"}]
    assert faults({**example, "targets": targets}) == []


def test_files_of_configuration_name_the_schema_for_editors() -> None:
    files = [ROOT / name for name in EXAMPLES if name.endswith((".yml", ".yaml"))]
    assert files
    for file in files:
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text())
        assert named, file
        place = named[1].replace("/usr/share/doc/onedata-exporter/", f"{ROOT}/")
        assert json.loads((file.parent / place).read_text()) == SCHEMA


async def test_the_command_prints_the_schema_of_the_documentation() -> None:
    printed = await run_command("config-schema")
    assert printed.code == 0
    assert printed.out == (ROOT / "docs" / "config.schema.json").read_text()


def places(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of each mapping with fixed keys, list and value."""
    if above:
        yield above
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield from places(below, (*above, key))


def put(place: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The example of the documentation with another value at a place."""
    changed: dict[str, Any] = copy.deepcopy(DOCUMENTED)
    parent: Any = changed
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    return changed


@pytest.mark.parametrize("place", list(places(DOCUMENTED)), ids=str)
def test_the_schema_refuses_a_value_of_another_kind(place: tuple[str | int, ...]) -> None:
    assert faults(put(place, [["wrong"]]))


def is_closed(place: tuple[str | int, ...]) -> bool:
    value = DOCUMENTED
    for key in place:
        value = value[key]
    return isinstance(value, dict) and place[-1] not in FREE


MAPPINGS = [place for place in places(DOCUMENTED) if is_closed(place)]


@pytest.mark.parametrize("place", MAPPINGS, ids=str)
def test_the_schema_refuses_an_unknown_key(place: tuple[str | int, ...]) -> None:
    assert faults(put((*place, "misspelt"), "x"))


@pytest.mark.parametrize(
    "changed",
    [
        {"misspelt": 1},
        {"targets": []},
        {"targets": [{"name": "x"}]},
        {"targets": [{"url": "http://x.org"}]},
        {"targets": [{"url": "https://x.org", "proxy_url": "http://x.org"}]},
        {"targets": [{"url": "https://x.org/path"}]},
        {"targets": [{"url": "https://user@x.org"}]},
        {"targets": [{"url": "https://x.org", "paths": []}]},
        {"targets": [{"url": "https://x.org", "labels": {"a-b": "c"}}]},
        {"targets": [{"url": "https://x.org", "labels": {"a": 1}}]},
        {"targets": [{"url": "https://x.org", "auth": {"token": "T", "token_file": "F"}}]},
        {"targets": [{"url": "https://x.org", "nodes": {"a": "10.0.0.1"}, "resolve_nodes": True}]},
        {"defaults": {"urls": "https://x.org"}},
        {"targets": [{"url": "https://x.org", "discover": "yes"}]},
        {"targets": [{"url": "https://x.org", "discover": {"defaults": {"nodes": {"a": "10.0.0.1"}}}}]},
        {"targets": [{"url": "https://x.org", "discover": {"defaults": {"auth": {"passphrase_file": "F"}}}}]},
        {"targets": [{"url": "https://x.org", "discover": {"auth": {"ID": {"pass": "P"}}}}]},
        {"poll": {"interval": "15 seconds"}},
        {"poll": {"interval": "0s"}},
        {"poll": {"interval": 0}},
        {"latency_buckets": [0]},
    ],
)
def test_the_schema_refuses(changed: dict[str, Any]) -> None:
    assert faults({"targets": [{"url": "https://x.org"}], **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"x-ours": [1]},
        {"targets": [{"url": "https://x.org", "discover": True}]},
        {"targets": [{"url": "https://x.org", "discover": {"defaults": {"auth": {"token_file": "F"}}}}]},
        {"targets": [{"url": "https://x.org", "discover": {"auth": {"ID": {"passphrase_file": "F"}}}}]},
        {"poll": {"interval": 15, "timeout": 0.5}},
        {"defaults": {"allow_http": True}, "targets": [{"url": "http://x.org"}]},
        {"targets": [{"url": "http://x.org", "allow_http": True}]},
        {"targets": [{"url": "https://x.org", "nodes": {"a": "10.0.0.1"}, "resolve_nodes": False}]},
    ],
)
def test_the_schema_accepts(changed: dict[str, Any]) -> None:
    assert faults({"targets": [{"url": "https://x.org"}], **changed}) == []


@given(
    value=st.text(alphabet="0123456789ywdhms.", max_size=8)
    | st.from_regex(value_schemas.DURATION_PATTERN, fullmatch=True)
    | st.floats(allow_nan=False)
    | st.integers()
)
def test_schema_and_exporter_agree_about_durations(value: str | float) -> None:
    try:
        parse_duration(value)
    except ValueError as error:
        # Only the exporter computes how long a text is.
        if not isinstance(value, str) or "must be a duration" in str(error):
            assert not accepts(value_schemas.DURATION, value)
    else:
        assert accepts(value_schemas.DURATION, value)


HOSTS = st.text(alphabet="ab0-._:[]/@?# é", max_size=10)


@given(
    scheme=st.sampled_from(["https", "HTTPS", "http", "ftp", ""]),
    host=HOSTS,
    end=st.sampled_from(["", "/", ":1"]),
)
@example(scheme="https", host="][:", end=":1")
@example(scheme="https", host="a[::1]", end="")
def test_the_schema_accepts_every_url_of_the_exporter(scheme: str, host: str, end: str) -> None:
    url = f"{scheme}://{host}{end}"
    try:
        parse_origin(url, allow_http=True)
    except ValueError:
        return
    assert accepts(value_schemas.ORIGIN, url)


@given(
    text=st.text(alphabet="a1:[].", max_size=10)
    | st.sampled_from(["systemd:", "unix:/run/x", "[::1]:1", ":1"])
)
def test_the_schema_accepts_every_address_of_the_exporter(text: str) -> None:
    try:
        parse_listen_address(text)
    except ValueError:
        return
    assert accepts(value_schemas.LISTEN_ADDRESS, text)


@given(
    timestamp=st.datetimes(timezones=st.timezones()).map(lambda timestamp: timestamp.isoformat()),
    separator=st.sampled_from("Tt "),
)
def test_the_schema_accepts_every_timestamp_of_the_exporter(timestamp: str, separator: str) -> None:
    text = timestamp.replace("T", separator)
    try:
        parse_timestamp(text)
    except ValueError:
        return
    assert accepts(value_schemas.TIMESTAMP, text)


def test_patterns_use_what_go_and_javascript_have_in_common() -> None:
    patterns = re.findall(r'"\^?[^"]*\(\?[^:][^"]*"', json.dumps(SCHEMA))
    assert patterns == []
