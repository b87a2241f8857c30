"""Every incentive scheme of the folder keeps what the port promises; a new file is found, and asked, by itself."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.kernel.errors import Invalid
from referral.incentives.plan import read_plan
from referral.incentives.port import PPM
from referral.incentives.schemes import schemes
from tests.ledger import plan

GOLDEN = Path(__file__).parents[1] / "golden" / "incentives"
BASES = st.integers(0, 10**15)
every_scheme = pytest.mark.parametrize("name", sorted(schemes()))


def rows_of(name: str) -> list[tuple[dict[str, Any], int, int]]:
    """The scheme's golden table: terms, base in minor units, what it earns in all."""
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8") as table:
        return [(json.loads(row["terms"]), int(row["base_minor"]), int(row["total"])) for row in csv.DictReader(table)]


def terms_of(name: str) -> list[dict[str, Any]]:
    """The different terms of its table."""
    found = {json.dumps(terms, sort_keys=True) for terms, _base, _total in rows_of(name)}
    return [json.loads(each) for each in sorted(found)]


@every_scheme
def test_a_form_begins_with_terms_that_are_right(name: str) -> None:
    example = schemes()[name].EXAMPLE
    assert schemes()[name].faults(example) == []
    assert schemes()[name].total(example, 10**15 * PPM) > 0


def test_every_scheme_has_its_table_and_every_table_its_scheme() -> None:
    assert {each.stem for each in GOLDEN.glob("*.csv")} == set(schemes())
    assert len(schemes()) >= 4


@every_scheme
def test_it_earns_what_its_table_says(name: str) -> None:
    for terms, base_minor, expected in rows_of(name):
        assert schemes()[name].faults(terms) == []
        assert schemes()[name].total(terms, base_minor * PPM) == expected, (terms, base_minor)


@every_scheme
@given(one=BASES, other=BASES)
def test_it_never_falls_when_the_base_grows_and_nothing_earns_nothing(name: str, one: int, other: int) -> None:
    scheme = schemes()[name]
    for terms in terms_of(name):
        less, more = sorted((one, other))
        assert scheme.total(terms, 0) == 0
        assert 0 <= scheme.total(terms, less) <= scheme.total(terms, more)
        assert type(scheme.total(terms, more)) is int
        assert scheme.total(terms, more) == scheme.total(terms, more)


@every_scheme
@given(parts=st.lists(BASES, min_size=1, max_size=6), data=st.data())
def test_neither_order_nor_splitting_matters_to_what_accumulates(
    name: str, parts: list[int], data: st.DataObject
) -> None:
    scheme = schemes()[name]
    for terms in terms_of(name):
        whole, reached, credited = scheme.total(terms, sum(parts)), 0, 0
        for part in data.draw(st.permutations(parts)):
            credited += scheme.total(terms, reached + part) - scheme.total(terms, reached)
            reached += part
        assert credited == whole


@every_scheme
@given(wrong=st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(), max_size=3))
def test_wrong_terms_are_named_and_raise_nothing(name: str, wrong: dict[str, Any]) -> None:
    scheme = schemes()[name]
    assert scheme.faults(wrong) != [] or wrong in terms_of(name) or all(type(each) is int for each in wrong.values())
    for terms in terms_of(name):
        assert scheme.faults({**terms, "moon_phase": 1}) == ["moon_phase"]
        for term in terms:
            assert scheme.faults({key: value for key, value in terms.items() if key != term}) == [term]
            for value in (None, True, -1, "5", 1.5):
                assert scheme.faults({**terms, term: value}) == [term]


@every_scheme
def test_it_counts_one_unit_and_says_what_accumulates(name: str) -> None:
    assert schemes()[name].UNIT in ("money", "points")
    assert schemes()[name].SCOPE in ("booking", "person")


@pytest.mark.parametrize(
    ("field", "document"),
    [
        ("starts_on", plan(starts_on="2026-11-02")),
        ("hold_back", plan(hold_back={"ppm": 1, "months": []})),
        ("hold_back", plan(hold_back={"ppm": 1, "months": [24, 12]})),
        ("clawback", plan(clawback=[{"days": 30, "ppm": 1}, {"days": 90, "ppm": 2}])),
        ("lines.card.split", plan(lines={"card": {"split": {"referrer": 999_999}}})),
        ("lines.card.split", plan(lines={"card": {"split": {"friend": 1_000_000}}})),
        (
            "lines.card.money.scheme",
            plan(lines={"card": {"split": {"referrer": PPM}, "money": {"scheme": "x", "terms": {}}}}),
        ),
        (
            "lines.card.money.scheme",
            plan(lines={"card": {"split": {"referrer": PPM}, "money": {"scheme": "points", "terms": {}}}}),
        ),
        (
            "lines.card.money.terms.rate_ppm",
            plan(lines={"card": {"split": {"referrer": PPM}, "money": {"scheme": "team", "terms": {}}}}),
        ),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused_by_its_field(field: str, document: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="bad_plan") as refused:
        read_plan(document)
    assert refused.value.facts == {"fields": [field]}
