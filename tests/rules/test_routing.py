"""Which way is better: the golden table line by line, and what may never be, whatever the facts."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.branch.rules import BY_ADVISER, MACHINE_KINDS, PROMISES
from lobby_server.visits.routing import ADVISER, SELF_SERVICE, TICKET, Facts, Fleet, choose_route
from lobby_server.visits.rules import ServiceLevel
from tests.make import TYPES

GOLDEN = Path(__file__).parents[1] / "golden" / "routing.csv"
with GOLDEN.open(encoding="utf-8", newline="") as _file:
    CASES = list(csv.DictReader(_file))


def facts_of(case: Mapping[str, str]) -> Facts:
    """A line's facts; `machines` reads kind:free/alive."""
    fleets = {}
    for each in case["machines"].split():
        kind, counts = each.split(":")
        free, alive = map(int, counts.split("/"))
        fleets[kind] = Fleet(alive, free)
    return Facts(
        service_type=TYPES[case["service_type"]],
        level=ServiceLevel(case["level"]),
        promise_s=PROMISES[case["level"]].wait_s,
        party_size=int(case["party"]),
        language=case["language"],
        needs_help=case["needs_help"] == "yes",
        machines=fleets,
        wait_s=int(case["wait_s"]) if case["wait_s"] else None,
        is_open=case["is_open"] == "yes",
        lobby_is_there=case["lobby"] == "yes",
        is_chosen=case["asked_for"] == "yes",
    )


@pytest.mark.parametrize("case", CASES, ids=[each["case"] for each in CASES])
def test_every_line_of_the_golden_table_goes_where_it_says(case: dict[str, str]) -> None:
    chosen = choose_route(facts_of(case))
    assert (chosen.route, chosen.device_kind or "", chosen.reason.code) == (
        case["route"],
        case["device_kind"],
        case["reason"],
    )


def test_the_golden_table_knows_every_service_type_level_and_way() -> None:
    assert {each["service_type"] for each in CASES} == set(TYPES)
    assert {each["level"] for each in CASES} == {str(each) for each in ServiceLevel}
    assert {each["route"] for each in CASES} == {SELF_SERVICE, TICKET, ADVISER}


FLEETS = st.dictionaries(
    st.sampled_from(sorted(MACHINE_KINDS)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda pair: Fleet(max(pair), min(pair))),
)
ANY_FACTS = st.builds(
    Facts,
    service_type=st.sampled_from(list(TYPES.values())),
    level=st.sampled_from(ServiceLevel),
    party_size=st.integers(1, 20),
    language=st.sampled_from(["zh-CN", "en", "ug"]),
    needs_help=st.booleans(),
    machines=FLEETS,
    wait_s=st.none() | st.integers(0, 7200),
    is_open=st.booleans(),
    lobby_is_there=st.booleans(),
    is_chosen=st.booleans(),
)


@given(ANY_FACTS)
def test_nobody_is_sent_to_a_machine_that_is_dead_busy_or_cannot_do_it(facts: Facts) -> None:
    chosen = choose_route(facts)
    assert (chosen.route == SELF_SERVICE) is (chosen.device_kind is not None)
    if chosen.device_kind is not None:
        assert facts.machines[chosen.device_kind].free > 0
        authorisation = facts.service_type.self_service[chosen.device_kind]
        assert authorisation == "none" or (facts.lobby_is_there and facts.is_open)


@given(ANY_FACTS)
def test_the_vulnerable_are_never_sent_to_a_machine_that_they_did_not_ask_for(facts: Facts) -> None:
    if choose_route(facts).route == SELF_SERVICE and not facts.is_chosen:
        assert facts.level is not ServiceLevel.VULNERABLE and not facts.needs_help


@given(ANY_FACTS)
def test_a_task_for_advisers_never_goes_anywhere_else(facts: Facts) -> None:
    assert (choose_route(facts).route == ADVISER) is (facts.service_type.by == BY_ADVISER)


@given(ANY_FACTS)
def test_whoever_was_promised_less_is_offered_a_machine_only_where_the_window_takes_longer(facts: Facts) -> None:
    if facts.level not in (ServiceLevel.VIP, ServiceLevel.APPOINTMENT) or facts.is_chosen or not facts.is_open:
        return
    if choose_route(facts).route == SELF_SERVICE:
        assert facts.wait_s is not None
        assert facts.wait_s > facts.promise_s


@given(ANY_FACTS)
def test_the_same_facts_give_the_same_way(facts: Facts) -> None:
    assert choose_route(facts) == choose_route(facts)
