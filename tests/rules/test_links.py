"""Each audience's events link to the one before it, and each event is worded for whom it concerns."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from lobby_server.kernel.events import Event, Recorded
from lobby_server.queue import events as queue_events
from lobby_server.queue.live import PUBLIC_AUDIENCES, STAFF_AUDIENCES
from lobby_server.realtime.wording import Reader, Vocabulary, link
from lobby_server.recommend import events as recommend_events
from lobby_server.visits import events as visits_events
from tests.screen import VOCABULARY

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


RATED = queue_events.TicketRated.type


def happened(seq: int, kind: str = "bell.rung", **data: Any) -> Recorded:
    return Recorded("0001", seq, kind, AT, data)


class Sound(BaseModel):
    """What is heard."""

    sound: str = ""


def as_recorded(_reader: Reader, event: Recorded) -> Sound:
    return Sound(**event.data)


def louder(_reader: Reader, event: Recorded) -> Sound:
    return Sound(sound=str(event.data["sound"]).upper())


BELLS = Vocabulary([{"bell.rung": {"hall": as_recorded, "street": louder}, "bell.hung": {"hall": as_recorded}}])


# ---- Links --------------------------------------------------------------------------------------------------------


def test_each_event_is_given_the_number_of_the_one_before() -> None:
    linked, last = link([{"seq": 3}, {"seq": 4}, {"seq": 9}], 1)
    assert [(each["prev_seq"], each["seq"]) for each in linked] == [(1, 3), (3, 4), (4, 9)]
    assert last == 9


def test_nothing_to_link_leaves_the_number() -> None:
    assert link([], 7) == ([], 7)


@given(st.lists(st.integers(1, 50), unique=True).map(sorted), st.integers(1, 5), st.data())
def test_in_whatever_portions_the_chain_is_the_same(seqs: list[int], portions: int, data: st.DataObject) -> None:
    whole, _last = link([{"seq": seq} for seq in seqs], 0)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(seqs)), min_size=portions, max_size=portions)))
    pieced: list[dict[str, Any]] = []
    last = 0
    for start, end in itertools.pairwise([0, *cuts, len(seqs)]):
        linked, last = link([{"seq": seq} for seq in seqs[start:end]], last)
        pieced += linked
    assert pieced == whole
    assert last == (seqs[-1] if seqs else 0)


# ---- Words --------------------------------------------------------------------------------------------------------


def test_an_event_is_worded_for_each_audience_and_for_no_other() -> None:
    events = [happened(5, sound="ding"), happened(6, "bell.hung"), happened(7, "bell.stolen")]
    heard = {name: BELLS.put(Reader(None, None), name, events) for name in ("hall", "street", "cellar")}  # type: ignore[arg-type]
    assert [(each["seq"], each["type"]) for each in heard["hall"]] == [(5, "bell.rung"), (6, "bell.hung")]
    worded = {"seq": 5, "type": "bell.rung", "at": "2026-11-23T02:00:00.000000Z", "data": {"sound": "DING"}}
    assert (heard["street"], heard["cellar"]) == ([worded], [])


def test_one_audiences_words_are_never_anothers() -> None:
    reader: Any = Reader(None, None)  # type: ignore[arg-type]
    for branch_id, seq, sound in (("0001", 5, "ding"), ("0002", 5, "dong"), ("0001", 6, "bong")):
        event = Recorded(branch_id, seq, "bell.rung", AT, {"sound": sound})
        for audience, said in (("hall", sound), ("street", sound.upper()), ("hall", sound)):
            (heard,) = BELLS.put(reader, audience, [event])
            assert heard["data"] == {"sound": said}


def test_audiences_and_what_they_hear_are_known() -> None:
    assert BELLS.audiences == ["hall", "street"]
    assert BELLS.types == {"hall": {"bell.rung", "bell.hung"}, "street": {"bell.rung"}}


def test_the_shape_that_an_audience_hears_is_known() -> None:
    assert BELLS.shapes("street") == {"bell.rung": Sound}
    assert BELLS.shapes("cellar") == {}


def test_no_event_is_worded_twice() -> None:
    with pytest.raises(AssertionError, match=r"bell\.rung"):
        Vocabulary([{"bell.rung": {"hall": as_recorded}}, {"bell.rung": {"street": as_recorded}}])


# ---- Ours ---------------------------------------------------------------------------------------------------------


def kinds(module: Any) -> set[str]:
    return {
        each.type
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Event) and "type" in vars(each)
    }


# What a branch says of itself: its points to everybody, its devices to staff alone.
HALL, DEVICES = {"service_point.changed"}, {"device.lost", "device.found"}


def test_every_event_is_worded_for_all_staff_but_alerts_for_the_ladder_alone() -> None:
    wanted = kinds(queue_events) | kinds(visits_events) | kinds(recommend_events) | HALL
    alerts = {each for each in wanted if each.startswith("alert.")}
    assert len(alerts) == 4 and len(wanted) >= 20
    unheard = {"head": set(), "lobby": {RATED}, "rm": {RATED}, "teller": {RATED} | alerts}
    for audience in STAFF_AUDIENCES:
        assert VOCABULARY.types[audience] - DEVICES == wanted - unheard[audience]


def test_the_hall_hears_of_the_queue_and_never_of_visits() -> None:
    for audience in PUBLIC_AUDIENCES:
        assert VOCABULARY.types[audience] == (kinds(queue_events) | HALL) - {RATED}
        assert not VOCABULARY.types[audience] & kinds(visits_events)


def test_a_type_is_a_thing_and_what_befell_it() -> None:
    for kind in kinds(queue_events) | kinds(visits_events):
        thing, _, deed = kind.partition(".")
        assert thing.replace("_", "").isalpha() and deed.replace("_", "").isalpha() and kind.islower()
