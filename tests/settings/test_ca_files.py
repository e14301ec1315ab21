"""Warnings about private authorities that newer verifiers refuse, with certificates that they do refuse."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.certificates import MAX_CHAIN, REFUSED_ELSEWHERE
from exporter.settings.loading import load
from tests.support.issuing import AUTHORITY, Form, Issued, issue, serving, trusting, verification_error

NO_AUTHORITY_KEY = replace(AUTHORITY, has_authority_key=False)
NO_SUBJECT_KEY = replace(AUTHORITY, has_subject_key=False)
NO_KEYS = replace(NO_SUBJECT_KEY, has_authority_key=False)


def warnings_of(ca_file: Path) -> list[str]:
    """The warnings of a configuration with this file of authorities, without its name and the common words."""
    document = {
        "defaults": {"tls": {"ca_file": str(ca_file)}},
        "targets": ["https://a.test", "https://b.test"],
    }
    beginning = f"{ca_file}: {REFUSED_ELSEWHERE}: "
    warnings = load(None, document, {}).warnings
    assert all(each.startswith(beginning) for each in warnings)
    return [each.removeprefix(beginning) for each in warnings]


@pytest.mark.parametrize(
    ("root", "intermediate", "warnings"),
    [
        (AUTHORITY, AUTHORITY, []),
        (NO_AUTHORITY_KEY, AUTHORITY, []),
        (NO_KEYS, AUTHORITY, ["root: it has no Subject Key Identifier"]),
        (AUTHORITY, NO_AUTHORITY_KEY, ["middle: it has no Authority Key Identifier"]),
        (AUTHORITY, NO_SUBJECT_KEY, ["middle: it has no Subject Key Identifier"]),
        (
            AUTHORITY,
            NO_KEYS,
            ["middle: it has no Authority Key Identifier; it has no Subject Key Identifier"],
        ),
        (
            NO_KEYS,
            NO_AUTHORITY_KEY,
            [
                "root: it has no Subject Key Identifier, and middle: it has no Authority Key Identifier",
            ],
        ),
        (replace(AUTHORITY, has_key_usage=False), AUTHORITY, ["root: it has no Key Usage"]),
    ],
)
def test_authorities_that_strict_verifiers_refuse_are_a_warning_and_no_others(
    tmp_path: Path, root: Form, intermediate: Form, warnings: list[str]
) -> None:
    top = issue("root", None, root)
    middle = issue("middle", top, intermediate)
    server = serving(tmp_path, [issue("zone.example", middle), middle])
    only_root = trusting(tmp_path, top)
    assert verification_error(server, only_root, 0) == ""
    refused = verification_error(server, only_root, ssl.VERIFY_X509_STRICT)
    assert bool(warnings) is bool(refused), refused
    assert warnings_of(trusting(tmp_path, top, middle)) == warnings


def test_a_pinned_certificate_of_a_server_is_no_authority(tmp_path: Path) -> None:
    assert warnings_of(trusting(tmp_path, issue("zone.example", None, Form(has_authority_key=False)))) == []


def test_a_bundle_of_public_authorities_is_not_validated(tmp_path: Path) -> None:
    def bundle(count: int) -> list[Issued]:
        return [issue(f"root {number}", None, NO_SUBJECT_KEY) for number in range(count)]

    (found,) = warnings_of(trusting(tmp_path, *bundle(MAX_CHAIN)))
    assert found.count("it has no Subject Key Identifier") == MAX_CHAIN
    assert warnings_of(trusting(tmp_path, *bundle(MAX_CHAIN + 1))) == []


def test_authorities_of_discovered_clusters_are_validated(tmp_path: Path) -> None:
    ca_file = trusting(tmp_path, issue("root", None, NO_SUBJECT_KEY))
    discover = {"defaults": {"tls": {"ca_file": str(ca_file)}}}
    target = {"url": "https://zone.test", "discover": discover, "auth": {"token": "t"}}
    (warning,) = load(None, {"targets": [target]}, {}).warnings
    assert warning.startswith(f"{ca_file}: {REFUSED_ELSEWHERE}: root: ")


def test_a_file_that_is_gone_has_no_warning(tmp_path: Path) -> None:
    ca_file = trusting(tmp_path, issue("root", None, NO_SUBJECT_KEY))
    settings = load(None, {"targets": [{"url": "https://a.test", "tls": {"ca_file": str(ca_file)}}]}, {})
    before = settings.warnings
    ca_file.unlink()
    assert (len(before), len(settings.warnings)) == (1, 0)
