"""Whom an alert asks, in which order, and how soon: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lobby_server.branch.rules import PROMISES, Promise
from lobby_server.visits.alerts import OnDuty, Took, Turn, first_turn, next_turn, respond_s, took_of, unserved_groups
from lobby_server.visits.rules import URGENCY, Alert, AlertKind, AlertState, Rung
from tests.make import HERE, MORNING

CHEN, LIN, THIRD, WU = "chen", "lin", "third", "wu"
DUTY = OnDuty((CHEN, LIN, THIRD), frozenset({WU}))


def an_alert(**given: object) -> Alert:
    """Somebody arrived, and 陈 is asked."""
    raised = Alert(
        id="a1",
        branch_id=HERE,
        kind=AlertKind.ARRIVAL,
        about="v1",
        state=AlertState.RAISED,
        rung=Rung.LOBBY,
        raised_at=MORNING,
        respond_s=30,
        respond_by=MORNING + timedelta(seconds=30),
        owner_id=WU,
        leased_to=CHEN,
        asked=(CHEN,),
    )
    return replace(raised, **given)  # type: ignore[arg-type]


def ladder(alert: Alert, duty: OnDuty) -> list[Turn]:
    """Everybody who is asked after the first, while nobody answers."""
    found = []
    while (turn := next_turn(alert, duty)) is not None:
        found.append(turn)
        asked = (*alert.asked, turn.leased_to) if turn.leased_to else alert.asked
        alert = replace(alert, rung=turn.rung, leased_to=turn.leased_to, asked=asked)
    return found


def test_two_managers_are_asked_then_the_customers_rm_then_the_head() -> None:
    assert ladder(an_alert(), DUTY) == [Turn(Rung.LOBBY, LIN), Turn(Rung.RM, WU), Turn(Rung.HEAD, None)]


def test_who_is_not_signed_in_is_passed_over() -> None:
    assert ladder(an_alert(), OnDuty((CHEN,), frozenset())) == [Turn(Rung.HEAD, None)]
    assert ladder(an_alert(), OnDuty((CHEN,), frozenset({"another rm"}))) == [Turn(Rung.HEAD, None)]
    assert ladder(an_alert(owner_id=None), DUTY) == [Turn(Rung.LOBBY, LIN), Turn(Rung.HEAD, None)]


def test_without_a_manager_on_duty_whoever_comes_first_is_asked_and_then_the_ladder_goes_on() -> None:
    assert first_turn(AlertKind.HELP, OnDuty()) == Turn(Rung.LOBBY, None)
    nobody_yet = an_alert(leased_to=None, asked=())
    assert ladder(nobody_yet, OnDuty()) == [Turn(Rung.HEAD, None)]
    assert ladder(nobody_yet, DUTY)[:2] == [Turn(Rung.LOBBY, CHEN), Turn(Rung.LOBBY, LIN)]


def test_a_bad_rating_goes_to_the_head_at_once_and_nowhere_else() -> None:
    assert first_turn(AlertKind.LOW_RATING, DUTY) == Turn(Rung.HEAD, None)
    assert ladder(an_alert(kind=AlertKind.LOW_RATING, rung=Rung.HEAD, leased_to=None), DUTY) == []


@pytest.mark.parametrize(
    ("kind", "level", "within_s"),
    [
        (AlertKind.ARRIVAL, "vip", 30),
        (AlertKind.ARRIVAL, "appointment", 30),
        (AlertKind.ARRIVAL, "vulnerable", 60),
        (AlertKind.HELP, "vip", 30),
        (AlertKind.HELP, "ordinary", 180),
        (AlertKind.HELP, None, 180),
        (AlertKind.UNSERVED_TICKET, None, 180),
        (AlertKind.LOW_RATING, None, 900),
    ],
)
def test_how_soon_depends_on_who_waits(kind: AlertKind, level: str | None, within_s: int) -> None:
    assert respond_s(kind, level, PROMISES) == within_s


def test_a_branch_says_itself_how_soon() -> None:
    own = {**PROMISES, "vip": Promise(240, 20)}
    assert respond_s(AlertKind.ARRIVAL, "vip", own) == 20
    assert respond_s(AlertKind.LOW_RATING, None, own) == 900


def test_every_kind_has_an_urgency() -> None:
    assert set(URGENCY) == set(AlertKind)
    assert set(URGENCY.values()) == {"meet", "help", "fault"}


def test_there_is_one_alarm_for_each_group_of_tickets_that_nobody_serves() -> None:
    tickets = {"t1": "D", "t2": "D", "t3": "@W1"}
    assert unserved_groups(tickets, {}) == ({"D": "t1", "@W1": "t3"}, set())
    assert unserved_groups(tickets, {"D": "a1", "C": "a2"}) == ({"@W1": "t3"}, {"a2"})
    assert unserved_groups({}, {"D": "a1"}) == ({}, {"a1"})


def test_quantiles_are_times_that_occurred() -> None:
    spans = [timedelta(milliseconds=each) for each in range(1, 201)]
    assert took_of(spans) == Took(200, 100, 198)
    assert took_of(spans[:1]) == Took(1, 1, 1)
    assert took_of([]) == Took(0, None, None)
    assert took_of([timedelta(seconds=-5)]) == Took(1, 0, 0)
