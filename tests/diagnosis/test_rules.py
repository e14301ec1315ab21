from __future__ import annotations

from itertools import product

import pytest

from exporter.diagnosis.rules import RULE_OF, RULES, SEVERITY, UNDECIDED, Diagnosis, Pair, diagnose
from exporter.diagnosis.symptoms import SYMPTOM_MEANINGS, UP, Symptom
from exporter.targets import AccessPath

BOTH = frozenset(AccessPath)
PROXY_ONLY = frozenset({AccessPath.PROXY})
DIRECT_ONLY = frozenset({AccessPath.DIRECT})
S = Symptom
D = Diagnosis

SHORT = {
    "ok": D.OK,
    "pdown": D.PROXY_DOWN,
    "pbrok": D.PROXY_BROKEN,
    "panel": D.PANEL_DOWN,
    "frozn": D.HOST_FROZEN,
    "ddown": D.DIRECT_DOWN,
    "unrch": D.UNREACHABLE,
    "unhlt": D.UNHEALTHY,
    "dbful": D.DATABASE_FULL,
    "certi": D.CERTIFICATE,
    "?": D.UNKNOWN,
}

# Rows: proxy; columns: direct, in the order of Symptom. Both paths expected, nothing else known.
MATRIX = """
                healt hangi unhea full  uncle lossy unfin empty faili forei silen froze refus no_co lost  certi unsee
healthy         ok    unhlt unhlt dbful unhlt unhlt ?     ddown ddown ddown ddown ddown ddown ddown ddown certi ?
hanging         pbrok ok    unhlt dbful unhlt pbrok pbrok ddown ddown ddown ddown ddown ddown ddown ddown certi ?
unhealthy       unhlt unhlt unhlt dbful unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt
full            dbful dbful dbful dbful dbful dbful dbful dbful dbful dbful dbful dbful dbful dbful dbful dbful dbful
unclear         unhlt unhlt unhlt dbful unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt
lossy           pbrok pbrok unhlt dbful unhlt pbrok pbrok unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt
unfinished      ?     ?     unhlt dbful unhlt unhlt ?     ddown ddown ddown ddown ddown ddown ddown ddown certi ?
empty_503       pbrok pbrok pbrok dbful pbrok pbrok pbrok panel unhlt panel panel panel panel panel panel certi ?
failing         pbrok pbrok pbrok dbful pbrok pbrok pbrok unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt unhlt
foreign         pbrok pbrok pbrok dbful pbrok pbrok pbrok unrch unhlt unrch unrch unrch unrch unrch unrch certi ?
silent          pdown pdown pdown dbful pdown pdown pdown panel unhlt panel panel panel panel panel panel certi ?
frozen          pdown pdown pdown dbful pdown pdown pdown unrch unhlt unrch unrch frozn unrch unrch unrch certi ?
refused         pdown pdown pdown dbful pdown pdown pdown unrch unhlt unrch unrch unrch unrch unrch unrch certi ?
no_connection   pdown pdown pdown dbful pdown pdown pdown unrch unhlt unrch unrch unrch unrch unrch unrch certi ?
lost            pdown pdown pdown dbful pdown pdown pdown unrch unhlt unrch unrch unrch unrch unrch unrch certi ?
certificate     certi certi unhlt dbful unhlt unhlt certi certi unhlt certi certi certi certi certi certi certi certi
unseen          ?     ?     unhlt dbful unhlt unhlt ?     ?     unhlt ?     ?     ?     ?     ?     ?     certi ?
"""


def matrix() -> list[tuple[Symptom, Symptom, Diagnosis]]:
    rows = [line.split() for line in MATRIX.strip().splitlines()[1:]]
    assert [row[0] for row in rows] == list(Symptom)
    return [
        (Symptom(row[0]), direct, SHORT[cell])
        for row in rows
        for direct, cell in zip(Symptom, row[1:], strict=True)
    ]


@pytest.mark.parametrize(("proxy", "direct", "diagnosis"), matrix())
def test_every_pair_of_symptoms_has_its_diagnosis(
    proxy: Symptom, direct: Symptom, diagnosis: Diagnosis
) -> None:
    assert diagnose(Pair(proxy, direct)) is diagnosis


ALL_PAIRS = [
    Pair(proxy, direct, expected, agree, deployed, connected, waits)
    for proxy, direct, expected, agree, deployed, connected, waits in product(
        Symptom,
        Symptom,
        (BOTH, PROXY_ONLY, DIRECT_ONLY),
        (None, False),
        (None, False),
        (None, True, False),
        (False, True),
    )
]


def test_only_what_was_not_seen_is_unknown_and_each_such_symptom_has_its_reason() -> None:
    for pair in ALL_PAIRS:
        if diagnose(pair) is D.UNKNOWN:
            assert {pair.proxy, pair.direct} & set(UNDECIDED)
    undecided = {symptom for symptom in Symptom if diagnose(Pair(S.HEALTHY, symptom)) is D.UNKNOWN}
    assert undecided == set(UNDECIDED)
    assert all(UNDECIDED.values())


def test_the_table_is_total() -> None:
    assert {diagnose(pair) for pair in ALL_PAIRS} == set(Diagnosis)


def test_ok_means_that_every_expected_path_is_healthy() -> None:
    for pair in ALL_PAIRS:
        if diagnose(pair) is D.OK:
            assert set(pair.expected_symptoms()) <= {S.HEALTHY, S.HANGING}
            assert pair.zone_connected is not False
            assert pair.agree is not False
            assert pair.deployed is not False


def test_a_healthy_pair_is_ok_unless_it_disagrees_is_not_deployed_or_has_lost_its_zone() -> None:
    found = {diagnose(pair) for pair in ALL_PAIRS if {pair.proxy, pair.direct} == {S.HEALTHY}}
    assert found == {D.OK, D.MISMATCH, D.NOT_DEPLOYED, D.ZONE_DISCONNECTED}


def test_precedence_is_the_order_of_the_table() -> None:
    order = [rule.diagnosis for rule in RULES]
    assert order.index(D.HOST_FROZEN) + 1 == order.index(D.PANEL_DOWN)
    assert order.index(D.UNHEALTHY) + 1 == order.index(D.ZONE_DISCONNECTED)
    assert order.index(D.ZONE_DISCONNECTED) + 1 == order.index(D.CERTIFICATE)
    for pair in ALL_PAIRS:
        assert diagnose(pair) is next(rule.diagnosis for rule in RULES if rule.holds(pair))


def test_a_node_that_hangs_beside_a_vanished_one_is_unhealthy_and_not_to_be_restarted() -> None:
    for pair in ALL_PAIRS:
        if pair.waits_for_neighbour and pair.direct in {S.SILENT, S.FROZEN} and pair.deployed is None:
            assert diagnose(pair) is not D.PANEL_DOWN
    assert diagnose(Pair(S.EMPTY_503, S.SILENT, waits_for_neighbour=True)) is D.UNHEALTHY
    assert diagnose(Pair(S.SILENT, S.SILENT, waits_for_neighbour=True)) is D.UNHEALTHY
    assert diagnose(Pair(S.EMPTY_503, S.REFUSED, waits_for_neighbour=True)) is D.PANEL_DOWN
    assert diagnose(Pair(S.FROZEN, S.FROZEN, waits_for_neighbour=True)) is D.HOST_FROZEN


def test_a_disconnected_zone_matters_where_onepanel_is_healthy() -> None:
    for pair in ALL_PAIRS:
        if diagnose(pair) is D.ZONE_DISCONNECTED:
            assert pair.zone_connected is False
            assert {S.HEALTHY, S.HANGING} & {pair.proxy, pair.direct}
    assert diagnose(Pair(S.HEALTHY, S.REFUSED, zone_connected=False)) is D.ZONE_DISCONNECTED
    assert diagnose(Pair(S.REFUSED, S.HEALTHY, zone_connected=False)) is D.PROXY_DOWN


def test_no_diagnosis_names_a_path_that_is_not_expected() -> None:
    for pair in ALL_PAIRS:
        diagnosis = diagnose(pair)
        if AccessPath.PROXY not in pair.expected:
            assert diagnosis not in {D.PROXY_DOWN, D.PROXY_BROKEN}
        if AccessPath.DIRECT not in pair.expected:
            assert diagnosis is not D.DIRECT_DOWN


def test_nothing_that_answers_is_called_unreachable() -> None:
    for pair in ALL_PAIRS:
        if UP & {pair.proxy, pair.direct}:
            assert diagnose(pair) not in {D.UNREACHABLE, D.PANEL_DOWN, D.HOST_FROZEN}


@pytest.mark.parametrize(
    ("pair", "diagnosis"),
    [
        (Pair(S.HEALTHY, S.REFUSED, PROXY_ONLY), D.OK),
        (Pair(S.REFUSED, S.HEALTHY, DIRECT_ONLY), D.OK),
        (Pair(S.REFUSED, S.HEALTHY, PROXY_ONLY), D.PROXY_DOWN),
        (Pair(S.HEALTHY, S.REFUSED, DIRECT_ONLY), D.DIRECT_DOWN),
        (Pair(S.REFUSED, S.NO_CONNECTION, PROXY_ONLY), D.UNREACHABLE),
        (Pair(S.EMPTY_503, S.NO_CONNECTION, PROXY_ONLY), D.PANEL_DOWN),
        (Pair(S.EMPTY_503, S.CERTIFICATE, PROXY_ONLY), D.CERTIFICATE),
        (Pair(S.CERTIFICATE, S.HEALTHY, DIRECT_ONLY), D.OK),
        (Pair(S.HEALTHY, S.HEALTHY, agree=False), D.MISMATCH),
        (Pair(S.HEALTHY, S.UNHEALTHY, agree=False), D.MISMATCH),
        (Pair(S.REFUSED, S.HEALTHY, deployed=False), D.NOT_DEPLOYED),
        (Pair(S.FULL, S.FULL, deployed=False), D.DATABASE_FULL),
        (Pair(S.LOSSY, S.HEALTHY, DIRECT_ONLY), D.OK),
        (Pair(S.HANGING, S.HEALTHY, DIRECT_ONLY), D.OK),
        (Pair(S.HEALTHY, S.HANGING, PROXY_ONLY), D.OK),
        (Pair(S.HEALTHY, S.LOSSY, PROXY_ONLY), D.OK),
        (Pair(S.LOSSY, S.REFUSED, PROXY_ONLY), D.UNHEALTHY),
        (Pair(S.FOREIGN, S.REFUSED, PROXY_ONLY), D.UNREACHABLE),
        (Pair(S.FAILING, S.NO_CONNECTION, PROXY_ONLY), D.UNHEALTHY),
    ],
)
def test_what_is_expected_agreed_and_deployed_decides_too(pair: Pair, diagnosis: Diagnosis) -> None:
    assert diagnose(pair) is diagnosis


def test_every_diagnosis_has_one_row_and_every_symptom_a_meaning() -> None:
    assert len(RULES) == len(Diagnosis)
    assert set(RULE_OF) == set(Diagnosis) == set(SEVERITY)
    assert set(SYMPTOM_MEANINGS) == set(Symptom)
    assert all(rule.meaning.endswith(".") and rule.first_step.endswith(".") for rule in RULES)
