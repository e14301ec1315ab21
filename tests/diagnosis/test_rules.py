from __future__ import annotations

from itertools import product

import pytest

from exporter.diagnosis.rules import RULE_OF, RULES, SEVERITY, Diagnosis, Pair, diagnose
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
    "ddown": D.DIRECT_DOWN,
    "unrch": D.UNREACHABLE,
    "unhlt": D.UNHEALTHY,
    "dbful": D.DATABASE_FULL,
    "certi": D.CERTIFICATE,
    "?": D.UNKNOWN,
}

# Rows: proxy; columns: direct, in the order of Symptom. Both paths expected, nothing else known.
MATRIX = """
                healthy unhealthy full  unclear lossy empty foreign silent refused no_conn lost  certi unseen
healthy         ok      unhlt     ?     ?       unhlt ddown ddown   ddown  ddown   ddown   ddown certi ?
unhealthy       unhlt   unhlt     unhlt unhlt   unhlt unhlt unhlt   unhlt  unhlt   unhlt   unhlt unhlt unhlt
full            ?       unhlt     dbful ?       unhlt dbful dbful   dbful  dbful   dbful   dbful dbful dbful
unclear         ?       unhlt     ?     ?       unhlt ddown ddown   ddown  ddown   ddown   ddown certi ?
lossy           pbrok   pbrok     pbrok pbrok   pbrok unhlt unhlt   unhlt  unhlt   unhlt   unhlt unhlt unhlt
empty_503       pbrok   pbrok     dbful pbrok   pbrok panel panel   panel  panel   panel   panel certi ?
foreign         pbrok   pbrok     dbful pbrok   pbrok ?     ?       ?      ?       ?       ?     certi ?
silent          pdown   pdown     dbful pdown   pdown panel panel   panel  panel   panel   panel certi ?
refused         pdown   pdown     dbful pdown   pdown ?     ?       unrch  unrch   unrch   unrch certi ?
no_connection   pdown   pdown     dbful pdown   pdown ?     ?       unrch  unrch   unrch   unrch certi ?
lost            pdown   pdown     dbful pdown   pdown ?     ?       unrch  unrch   unrch   unrch certi ?
certificate     certi   unhlt     dbful certi   unhlt certi certi   certi  certi   certi   certi certi certi
unseen          ?       unhlt     dbful ?       unhlt ?     ?       ?      ?       ?       ?     certi ?
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
    Pair(proxy, direct, expected, agree, deployed)
    for proxy, direct, expected, agree, deployed in product(
        Symptom, Symptom, (BOTH, PROXY_ONLY, DIRECT_ONLY), (None, True, False), (None, True, False)
    )
]


def test_the_table_is_total() -> None:
    assert {diagnose(pair) for pair in ALL_PAIRS} == set(Diagnosis)


def test_ok_means_that_every_expected_path_is_healthy() -> None:
    for pair in ALL_PAIRS:
        if diagnose(pair) is D.OK:
            assert set(pair.expected_symptoms()) == {S.HEALTHY}
            assert pair.agree is not False
            assert pair.deployed is not False


def test_a_healthy_pair_is_never_anything_but_ok_mismatch_or_not_deployed() -> None:
    found = {diagnose(pair) for pair in ALL_PAIRS if {pair.proxy, pair.direct} == {S.HEALTHY}}
    assert found == {D.OK, D.MISMATCH, D.NOT_DEPLOYED}


def test_no_path_is_blamed_that_is_not_expected() -> None:
    for pair in ALL_PAIRS:
        diagnosis = diagnose(pair)
        if AccessPath.PROXY not in pair.expected:
            assert diagnosis not in {D.PROXY_DOWN, D.PROXY_BROKEN}
        if AccessPath.DIRECT not in pair.expected:
            assert diagnosis is not D.DIRECT_DOWN


def test_nothing_that_answers_is_called_unreachable() -> None:
    for pair in ALL_PAIRS:
        if UP & {pair.proxy, pair.direct}:
            assert diagnose(pair) not in {D.UNREACHABLE, D.PANEL_DOWN}


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
    ],
)
def test_what_is_expected_agreed_and_deployed_decides_too(pair: Pair, diagnosis: Diagnosis) -> None:
    assert diagnose(pair) is diagnosis


def test_every_diagnosis_has_one_row_and_every_symptom_a_meaning() -> None:
    assert len(RULES) == len(Diagnosis)
    assert set(RULE_OF) == set(Diagnosis) == set(SEVERITY)
    assert set(SYMPTOM_MEANINGS) == set(Symptom)
    assert all(rule.meaning.endswith(".") and rule.first_step.endswith(".") for rule in RULES)
