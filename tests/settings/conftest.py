"""What the tests of the settings share: a file to write to, and its faults as lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load

FaultsOf = Callable[[str], list[str]]


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "c.yml"


@pytest.fixture
def faults_of(config_file: Path) -> FaultsOf:
    """The lines about a file's text, without the file's name in front."""

    def faults(text: str) -> list[str]:
        config_file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError) as caught:
            load(config_file, environ={})
        return [line.removeprefix(f"{config_file}: ") for line in str(caught.value).splitlines()]

    return faults


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ca.pem, exporter.pem, exporter.key (locked.key has a passphrase), and other.key."""
    directory = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    certificate = authority.issue_cert("exporter.test")
    certificate.cert_chain_pems[0].write_to_path(directory / "exporter.pem")
    certificate.private_key_pem.write_to_path(directory / "exporter.key")
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    passphrase = BestAvailableEncryption(b"secret")
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, passphrase)
    (directory / "locked.key").write_bytes(locked)
    authority.issue_cert("other.test").private_key_pem.write_to_path(directory / "other.key")
    return directory
