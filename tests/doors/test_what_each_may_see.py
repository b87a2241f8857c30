"""Whatever a day brings, nobody receives what is not theirs to see: in answers, in frames, on the wall.

A day is drawn at random and played over the real doors. Everything that anybody receives is kept: each answer to each
caller, every question that there is asked by everybody, and every frame of every room. Then each leaf of it is looked
at. The customers carry words that nothing else in the house contains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lobby_server.kernel.ids import is_id
from lobby_server.kernel.privacy import is_forbidden_number, mask_name
from lobby_server.realtime.delivery import room_of
from tests.doors.played_day import (
    AUDIENCES,
    BAND,
    BEGINNINGS,
    COLLEAGUES,
    DEED,
    FOREIGN,
    FRAIL,
    HALL,
    HALL_ROOMS,
    MASKED,
    NAMES,
    NOTE,
    RICH,
    SEALED,
    STAFF,
    TIERS,
    Day,
    Heard,
    begin,
    leaves,
)
from tests.make import ELSEWHERE, HERE

DAYS, DEEDS_MAX = {"sqlite": 6, "postgresql": 2}, 24
# Fields that say something of a person or of a colleague; the hall gets none of them.
PERSONAL = frozenset(
    "customer_id tier service_level level_reason masked_name recommendation claimed_by greeted_by staff staff_no "
    "leased_to acknowledged_by accounts rating consents owner tags past_visits appointment need unserved".split()
)
# What a kiosk is told of whom it has just scanned, and of nobody else: the greeting with the masked name.
OF_THE_SCANNED = frozenset({"masked_name", "need"})


# ---- What may not be there ----------------------------------------------------------------------------------------


def faults(day: Day) -> Iterator[str]:
    """Everything that somebody received and may not see."""
    shown_here = {*day.visits, *(each["id"] for each in day.tickets), RICH.id, FRAIL.id}
    for each in day.heard:
        for name, value in each.leaves:
            why = next(_wrong(day, each, name, value, shown_here), None)
            if why is not None:
                yield f"{each.who} got {why} by {each.what}: {name}={value!r}"


def _wrong(day: Day, heard: Heard, name: str, value: Any, of_this_branch: set[str]) -> Iterator[str]:
    if not isinstance(value, str):
        return
    if any(secret in value for secret in SEALED):
        yield "what only the server knows"
    # The seconds of a figure have as many digits as a card, and a right check digit every tenth time.
    if is_forbidden_number(value) and not is_id(value) and heard.what != "GET /metrics":
        yield "a card or ID number"
    if any(full in value for full in NAMES) and not (heard.takes_care and heard.what.endswith("/reveal")):
        yield "a full name"
    if NOTE in value and heard.who not in ("head", "room:head"):
        yield "a customer's own words"
    if value == BAND and not (heard.takes_care and heard.what.endswith("/card")):
        yield "a band of somebody else's customer"
    is_of_hall = heard.who in HALL or heard.who in {f"room:{each}" for each in HALL_ROOMS}
    if is_of_hall:
        yield from _wrong_in_the_hall(day, heard, name, value)
    if heard.who in FOREIGN and not heard.what.startswith("POST"):
        asked = {value} if value in heard.what else set()
        if value in of_this_branch - asked or any(each in value for each in MASKED | COLLEAGUES):
            yield "another branch's"


def _wrong_in_the_hall(day: Day, heard: Heard, name: str, value: str) -> Iterator[str]:
    is_welcome = heard.what == "POST /visits"
    if name in PERSONAL and not (is_welcome and name in OF_THE_SCANNED):
        yield "something personal"
    if value in TIERS or value in (RICH.id, FRAIL.id):
        yield "who somebody is"
    if any(each in value for each in COLLEAGUES) or value in {getattr(day.callers, each).who.id for each in STAFF}:
        yield "a colleague"
    if any(each in value for each in MASKED) and not is_welcome:
        yield "a masked name"
    if value in day.visits and heard.who not in day.scanned[value] and value not in heard.what:
        yield "another's visit"


def collect_frames(day: Day) -> None:
    """Deliver, and keep what each room got as if somebody sat in it."""
    day.delivery.deliver()
    of_room = {room_of(HERE, audience): f"room:{audience}" for audience in AUDIENCES}
    for room, name, payload in day.wires.sent:
        if room.startswith(ELSEWHERE):
            assert not list(leaves("", payload.get("events", []))), (room, name)
        else:
            day.heard.append(Heard(of_room[room], f"frame {name}", payload))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_whatever_happens_nobody_receives_what_is_not_theirs(engine: str, new_database: Callable[[], str]) -> None:
    reached: set[str] = set()

    @settings(
        max_examples=DAYS[engine],
        deadline=None,
        phases=[Phase.generate],  # a day takes a second: making a failing one small would take minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(st.lists(DEED, min_size=6, max_size=DEEDS_MAX))
    def play(deeds: list[tuple[Any, ...]]) -> None:
        day = begin(new_database())
        with closing(day.house.database):
            for deed, *rest in [*BEGINNINGS, *deeds]:
                getattr(day, deed)(*rest)
            day.ask_everything()
            collect_frames(day)
            assert list(faults(day)) == []
        reached.update(each.who for each in day.heard if isinstance(each.told, dict) and "status" not in each.told)

    play()
    assert reached >= {*HALL, *STAFF, "foreign_manager", *(f"room:{each}" for each in AUDIENCES)}


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("who", "what", "told"),
    [
        ("head", "GET /lobby", {"masked_name": RICH.name}),
        ("manager", "GET /x/card", {"accounts": [{"number": "CANARY-1"}]}),
        ("manager", "frame news", {"note": "4111111111111111"}),
        ("teller", "GET /x/card", {"accounts": [{"band": BAND}]}),
        ("room:lobby", "frame news", {"note": NOTE}),
        ("wall", "GET /lobby", {"visits": [{"masked_name": mask_name(RICH.name)}]}),
        ("room:wall", "frame news", {"events": [{"data": {"tier": "private"}}]}),
        ("room:ticket", "frame news", {"by": "陈立言"}),
        ("second_kiosk", "GET /lobby", {"visit": "of the other kiosk"}),
        ("foreign_manager", "GET /lobby", {"id": RICH.id}),
    ],
)
def test_what_looks_for_it_finds_it(
    engine: str, new_database: Callable[[], str], who: str, what: str, told: Any
) -> None:
    assert engine == "sqlite"
    day = begin(new_database())
    day.house.database.close()
    day.scanned["of the other kiosk"] = ["kiosk"]
    assert list(faults(day)) == []
    day.heard.append(Heard(who, what, told))
    assert len(list(faults(day))) == 1
