"""The table (diagnosis, reason) -> first step: total, and true to the reason."""

from __future__ import annotations

import re
from itertools import product

import pytest

from exporter.diagnosis.first_steps import FIRST_STEPS, cause, first_step
from exporter.diagnosis.rules import RULE_OF, Diagnosis
from exporter.diagnosis.wording import COMMAND, COMMAND_WITH_URL, PAGE, Wording
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath

WORDINGS = (PAGE, COMMAND, COMMAND_WITH_URL)
D = Diagnosis
R = Reason
UPSTREAM = Failure(R.PROXY_UPSTREAM)
REFUSED = Failure(R.CONNECTION_REFUSED)
NO_ANSWER = Failure(R.CONNECT_TIMEOUT)
SILENT = Failure(R.TIMEOUT)
EXPIRED = Failure(R.CERTIFICATE_EXPIRED)
UNHEALTHY = Failure(R.UNHEALTHY, "", "internalServerError")
FAILING = Failure(R.SERVER_ERROR, "", "internalServerError")


@pytest.mark.parametrize("wording", WORDINGS, ids=["page", "command", "command with a URL"])
def test_every_diagnosis_and_reason_has_one_sentence_in_the_words_of_its_reader(wording: Wording) -> None:
    for diagnosis, reason in product(Diagnosis, (None, *Reason)):
        step = first_step(diagnosis, reason, wording)
        assert step.endswith(".")
        assert step[0].isupper() or step[0].isdigit()
        assert not re.search(r"[{}]", step)


def test_a_page_names_no_option_of_the_command_line_and_the_command_no_page() -> None:
    for diagnosis, reason in product(Diagnosis, (None, *Reason)):
        assert "--" not in first_step(diagnosis, reason)
        for wording in (COMMAND, COMMAND_WITH_URL):
            assert "page" not in first_step(diagnosis, reason, wording).replace("login page", "")
        assert "`tls." not in first_step(diagnosis, reason, COMMAND_WITH_URL).replace("`tls.server_name`", "")


def test_no_row_repeats_the_first_step_of_its_diagnosis() -> None:
    for diagnosis, steps in FIRST_STEPS.items():
        assert RULE_OF[diagnosis].step not in steps.values()


@pytest.mark.parametrize(
    ("diagnosis", "reason", "words", "not_words"),
    [
        (D.UNREACHABLE, R.RESOLVE, "does not resolve: check its spelling and DNS", "host, then the network"),
        (D.UNREACHABLE, R.CONNECTION_REFUSED, "The host is up", "host, then the network"),
        (D.UNREACHABLE, R.PROXY_UPSTREAM, "load balancer answers, the cluster behind it does not", "network"),
        (D.UNREACHABLE, R.REDIRECT, "check the URL", "network"),
        (D.CERTIFICATE, R.TLS_HANDSHAKE, "plain HTTP", "renew"),
        (D.CERTIFICATE, R.CERTIFICATE_EXPIRED, "Renew the certificate", "authority"),
        (D.CERTIFICATE, R.CERTIFICATE_UNTRUSTED, "tls.ca_file", "enew"),
        (D.CERTIFICATE, R.CERTIFICATE_NAME_MISMATCH, "another name", "authority"),
        (D.PANEL_DOWN, R.CONNECTION_REFUSED, "restart Onepanel", "hangs"),
        (D.PANEL_DOWN, R.TIMEOUT, "Onepanel hangs", "does not:"),
        (D.HOST_FROZEN, R.TIMEOUT, "console", "restart"),
        (D.PROXY_DOWN, R.CONNECT_TIMEOUT, "firewalls", "restart"),
        (D.PROXY_BROKEN, R.UNAUTHORIZED, "login", "certificate"),
        (D.UNHEALTHY, R.SERVER_ERROR, "its own database", "port 80"),
        (D.UNHEALTHY, R.UNHEALTHY, "port 80", "database"),
        (D.DIRECT_DOWN, R.CONNECT_TIMEOUT, "firewall", "else than"),
        (D.DIRECT_DOWN, R.INVALID_BODY, "something else than Onepanel", "firewall"),
    ],
)
def test_the_first_step_follows_the_reason(
    diagnosis: Diagnosis, reason: Reason, words: str, not_words: str
) -> None:
    step = first_step(diagnosis, reason)
    assert words in step
    assert not_words not in step


@pytest.mark.parametrize(
    ("diagnosis", "proxy", "direct", "expected"),
    [
        (D.OK, [], [REFUSED], None),
        (D.NOT_DEPLOYED, [UNHEALTHY], [], None),
        (D.PROXY_DOWN, [REFUSED], [UNHEALTHY], REFUSED),
        (D.DIRECT_DOWN, [UNHEALTHY], [NO_ANSWER], NO_ANSWER),
        (D.PANEL_DOWN, [UPSTREAM], [REFUSED], REFUSED),
        (D.CERTIFICATE, [UPSTREAM], [EXPIRED], EXPIRED),
        (D.CERTIFICATE, [EXPIRED], [REFUSED], EXPIRED),
        (D.UNHEALTHY, [Failure(R.SERVER_ERROR), UNHEALTHY], [], UNHEALTHY),
        (D.UNHEALTHY, [REFUSED], [Failure(R.SERVER_ERROR), UNHEALTHY], UNHEALTHY),
        (D.UNHEALTHY, [FAILING, UNHEALTHY], [FAILING, UNHEALTHY], FAILING),
        (D.UNHEALTHY, [REFUSED], [UNHEALTHY], UNHEALTHY),
        (D.UNREACHABLE, [NO_ANSWER], [REFUSED], REFUSED),
        (D.UNREACHABLE, [REFUSED], [NO_ANSWER], REFUSED),
        (D.UNREACHABLE, [UPSTREAM], [REFUSED], UPSTREAM),
        (D.UNKNOWN, [], [], None),
    ],
)
def test_the_cause_is_the_failure_that_the_diagnosis_rests_on(
    diagnosis: Diagnosis, proxy: list[Failure], direct: list[Failure], expected: Failure | None
) -> None:
    assert cause(diagnosis, {AccessPath.PROXY: proxy, AccessPath.DIRECT: direct}) == expected
