"""A canary in every place that can hold a secret: it is sung to Onepanel, and nowhere else."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.client.client import Client
from exporter.client.credential_provider import CredentialProvider
from exporter.client.rejections import Rejections
from exporter.operations import users
from exporter.settings.loading import load
from exporter.simulator import INSTANT, Authority, Cluster, SimulatedZone
from tests.cluster.reported import accepted, with_auth
from tests.support.processes import ROOT, ExporterProcess, Metrics, run_command, write_config

SECRETS = {
    place: f"canary-{place}"
    for place in ("inline", "in-a-file", "environment", "wrong-token", "wrong-passphrase", "password")
}
PAGES = ("/", "/metrics", "/api/v1/targets", "/api/v1/sd", "/nowhere", "/-/ready")


def shown(text: str) -> list[str]:
    """The secrets in a text, plain or as Basic sends them."""
    encoded = {
        place: base64.b64encode(f"onepanel:{secret}".encode()).decode() for place, secret in SECRETS.items()
    }
    return [place for place in SECRETS if SECRETS[place] in text or encoded[place] in text]


def test_the_canary_would_be_seen() -> None:
    assert shown("x canary-inline y") == ["inline"]
    assert shown(base64.b64encode(b"onepanel:canary-password").decode()) == ["password"]


@pytest.fixture
async def zone(authority: Authority) -> SimulatedZone:
    cluster = Cluster(
        passphrase=SECRETS["in-a-file"], tokens=frozenset({SECRETS["inline"], SECRETS["environment"]})
    )
    return SimulatedZone(authority=authority, cluster=cluster, timing=INSTANT)


def write_targets(zone: SimulatedZone, config_file: Path, ca_file: Path, folder: Path) -> str:
    file = folder / "passphrase"
    file.write_text(SECRETS["in-a-file"])
    targets = [
        with_auth(zone, "inline", token=SECRETS["inline"]),
        with_auth(zone, "in-a-file", passphrase_file=str(file)),
        with_auth(zone, "wrong", token=SECRETS["wrong-token"], passphrase=SECRETS["wrong-passphrase"]),
        with_auth(zone, "environment"),
    ]
    return write_config(config_file, targets, ca_file, 1.0)


ENVIRONMENT = {
    "ONEDATA_EXPORTER_DEFAULTS__AUTH__TOKEN": SECRETS["environment"],
    "ONEDATA_EXPORTER_POLL__DETAILS_INTERVAL": "1",
}
EXPECTED = {
    "inline": {"token": 1.0, "passphrase": None},
    "in-a-file": {"token": 1.0, "passphrase": None},  # the token of the defaults goes first
    "wrong": {"token": 0.0, "passphrase": 0.0},
    "environment": {"token": 1.0, "passphrase": None},
}


async def test_nothing_that_the_running_exporter_shows_holds_a_secret(
    zone: SimulatedZone, config_file: Path, ca_file: Path, tmp_path: Path
) -> None:
    async with zone:
        config = write_targets(zone, config_file, ca_file, tmp_path)
        async with ExporterProcess(config, "--log.level=debug", environment=ENVIRONMENT) as exporter:

            def all_tried(metrics: Metrics) -> bool:
                return {name: accepted(metrics, name) for name in EXPECTED} == EXPECTED

            await exporter.metrics_when(all_tried)
            for page in (*PAGES, *(f"/targets/{name}" for name in EXPECTED)):
                _status, text = await exporter.get(page)
                assert text
                assert not shown(text), page
            assert not shown(Path(f"/proc/{exporter._process.pid}/cmdline").read_bytes().decode())

            document = json.loads(config_file.read_text())
            document["targets"][0]["auth"]["token_file"] = SECRETS["inline"]
            document["targets"][1]["auth"] = SECRETS["in-a-file"]
            document["targets"][2]["auth"] = {SECRETS["wrong-token"]: SECRETS["wrong-passphrase"]}
            document["targets"][3]["url"] = f"https://onepanel:{SECRETS['password']}@onezone.example"
            config_file.write_text(json.dumps(document))
            exporter.signal(signal.SIGHUP)
            await exporter.metrics_when(
                lambda seen: seen.value("onedata_exporter_config_last_reload_successful") == 0.0
            )
            await exporter.stop()
        assert len(exporter.logged("request")) > 20
        assert len([line for line in exporter.log if "configuration rejected" in line]) >= 4
        assert not shown("\n".join((*exporter.log, *exporter.printed)))


async def test_no_summary_of_a_probe_holds_a_secret(
    zone: SimulatedZone, config_file: Path, ca_file: Path, tmp_path: Path
) -> None:
    async with zone:
        config = write_targets(zone, config_file, ca_file, tmp_path)
        options = (config, "--explain", "--format")
        probes = await asyncio.gather(
            *(
                run_command("probe", name, *options, output, environment=ENVIRONMENT)
                for name, output in (("wrong", "text"), ("in-a-file", "json"), ("inline", "nagios"))
            )
        )
    for done in probes:
        assert "workers" in done.out
        assert not shown(done.out + done.err)


async def test_no_output_of_user_administration_holds_a_secret(
    zone: SimulatedZone, config_file: Path, ca_file: Path, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text(SECRETS["password"])
    async with zone:
        config = write_targets(zone, config_file, ca_file, tmp_path)
        for target, name in (
            ("inline", "bob"),
            ("inline", "bob"),
            ("wrong", "eve"),
        ):  # created, taken, refused
            options = ("--username", name, "--password-file", str(password), "--target", target, config)
            done = await run_command("users", "create", *options, environment=ENVIRONMENT)
            assert done.out + done.err
            assert not shown(done.out + done.err)
        created = zone.cluster.users.named("bob")
    assert created is not None
    assert created.password == SECRETS["password"]


_BUG = """
from exporter import log

def request(headers):
    secret = "-".join(("canary", "inline"))
    raise RuntimeError("a bug")

log.configure("debug", "{format}")
try:
    request({{"X-Auth-Token": "-".join(("canary", "in", "a", "file"))}})
except RuntimeError as error:
    log.get_logger().error("unhandled error", exc_info=error)
"""


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
def test_the_traceback_of_a_bug_shows_where_it_was_and_not_the_values_there(log_format: str) -> None:
    program = _BUG.format(format=log_format)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "a bug" in done.stderr
    assert "request" in done.stderr
    assert not shown(done.stderr)


async def test_no_repr_holds_a_secret(
    zone: SimulatedZone, config_file: Path, ca_file: Path, tmp_path: Path
) -> None:
    async with zone:
        write_targets(zone, config_file, ca_file, tmp_path)
        settings = load(config_file, environ=ENVIRONMENT)
    providers = [CredentialProvider(target, Rejections()) for target in settings.targets]
    for provider in providers:
        assert await provider.usable()
    requests = [
        users.create_user("bob", SECRETS["password"], "", ()),
        users.set_password("id", SECRETS["password"]),
    ]
    client = Client(lambda _where, _error: None)
    try:
        everything = [
            settings,
            *settings.targets,
            *providers,
            *(each._kept for each in providers),
            client,
            *requests,
        ]
        assert not shown(" ".join(f"{each!r} {each}" for each in everything))
    finally:
        await client.close()
