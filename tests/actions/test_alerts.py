"""Alerts cannot be missed: they are leased in turn, climb while nobody answers, and are answered once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.events import Recorded
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import due, event
from lobby_server.queue import actions as queue
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions import calls, places
from lobby_server.queue.actions.ratings import Rate, rate
from lobby_server.staff import store as staff
from lobby_server.staff.actions import AddStaff, add_staff, sign_in
from lobby_server.visits.actions import alerts, caring
from lobby_server.visits.rules import Alert, AlertKind, AlertState, Rung
from lobby_server.visits.store import alerts as store
from lobby_server.visits.tables import alert as alert_table
from lobby_server.worker import Worker
from tests import make
from tests.actions.racing import at_once
from tests.make import Cast

RACES = 15


def hired(house: House, staff_no: str, name: str, role: str) -> Actor:
    """One more colleague of branch 0001."""
    request = AddStaff(make.HERE, staff_no, name, (role,), make.PASSWORD_HASH)
    who = house.works.run(add_staff, request, system(make.HERE))
    return Actor("staff", who.id, make.HERE, frozenset({role}), staff_no, name)


def on_duty(house: House, *people: Actor) -> None:
    """These sign in."""
    for each in people:
        with house.database.read() as db:
            found = staff.find(db, house.keys, each.branch_id, each.number)
        assert found is not None
        house.works.run(sign_in, found[0], system(make.HERE))


@pytest.fixture
def lin(house: House, cast: Cast) -> Actor:
    """林, a second lobby manager; both are on duty."""
    made = hired(house, "L002", "林悦", "lobby_manager")
    on_duty(house, cast.chen, made)
    return made


def vip(house: House, cast: Cast, owner: Actor | None = None) -> Alert:
    """王 arrives; with an owner as the lobby will know one."""
    visit = make.arrival(house, cast.kiosk, make.seen(house, make.WANG)).visit
    (raised,) = living(house)
    if owner is not None:
        owned = alert_table.update().where(alert_table.c.id == raised.id).values(owner_id=owner.id)
        house.database.run(lambda db: db.execute(owned))
    assert raised.visit_id == visit.id
    return raised


def living(house: House) -> list[Alert]:
    """The living alerts, oldest first."""
    with house.database.read() as db:
        return store.live(db, make.HERE)


def the_alert(house: House) -> Alert:
    """The only one."""
    (found,) = living(house)
    return found


def events_of(house: House, alert_id: str) -> list[Recorded]:
    """What befell an alert, in order."""
    with house.database.read() as db:
        rows = db.execute(sa.select(event).where(event.c.type.like("alert.%")).order_by(event.c.seq))
        return [
            Recorded(row.branch_id, row.seq, row.type, row.at, row.data) for row in rows if row.data["id"] == alert_id
        ]


def pass_s(house: House, seconds: float) -> None:
    """Time passes and the worker looks."""
    make.advance(house, seconds)
    Worker(house, make.TYPES).fire_due()


# ---- Leasing and climbing -----------------------------------------------------------------------------------------


def test_a_private_customers_arrival_is_leased_to_one_manager_for_thirty_seconds(
    house: House, cast: Cast, lin: Actor
) -> None:
    raised = vip(house, cast)
    assert (raised.kind, raised.urgency, raised.rung, raised.leased_to) == ("arrival", "meet", "lobby", cast.chen.id)
    assert (raised.respond_by - raised.raised_at).total_seconds() == 30
    assert raised.facts == {"reason": "vip", "service_level": "vip"}
    make.arrival(house, cast.kiosk, make.seen(house, make.LI))
    assert living(house) == [raised]


def test_nobody_answers_and_it_climbs_from_manager_to_manager_to_rm_to_head(
    house: House, cast: Cast, lin: Actor
) -> None:
    on_duty(house, cast.wu)
    raised = vip(house, cast, owner=cast.wu)
    climbed = []
    for _ in range(5):
        pass_s(house, 30)
        now = the_alert(house)
        climbed.append((now.rung, now.leased_to))
    assert climbed == [
        (Rung.LOBBY, lin.id),
        (Rung.RM, cast.wu.id),
        (Rung.HEAD, None),
        (Rung.HEAD, None),
        (Rung.HEAD, None),
    ]
    told = events_of(house, raised.id)
    assert [each.type for each in told] == ["alert.raised", *["alert.escalated"] * 3]
    assert [each.data["rung"] for each in told] == ["lobby", "lobby", "rm", "head"]


def test_before_the_time_has_run_out_nobody_else_is_asked(house: House, cast: Cast, lin: Actor) -> None:
    raised = vip(house, cast)
    pass_s(house, 29)
    assert the_alert(house) == raised


def test_the_manager_with_fewer_unanswered_alerts_is_asked_first(house: House, cast: Cast, lin: Actor) -> None:
    vip(house, cast)
    house.works.run(alerts.ask_for_help, alerts.AskForHelp(None, "en"), cast.kiosk)
    assert [each.leased_to for each in living(house)] == [cast.chen.id, lin.id]


def test_with_nobody_on_duty_everybody_is_asked_and_then_the_head(house: House, cast: Cast) -> None:
    assert vip(house, cast).leased_to is None
    pass_s(house, 30)
    assert the_alert(house).rung is Rung.HEAD


# ---- Answering ----------------------------------------------------------------------------------------------------


def test_whoever_acknowledges_ends_the_asking(house: House, cast: Cast, lin: Actor) -> None:
    raised = vip(house, cast)
    answered = house.works.run(alerts.acknowledge, raised.id, lin)  # from anyone's tablet
    assert (answered.state, answered.acknowledged_by, answered.leased_to) == ("acknowledged", lin.id, None)
    assert house.works.run(alerts.acknowledge, raised.id, lin) == answered
    with pytest.raises(Conflict, match="acknowledged_by") as refused:
        house.works.run(alerts.acknowledge, raised.id, cast.chen)
    assert refused.value.facts == {"by": {"staff_no": "L002", "name": "林悦"}}
    pass_s(house, 500)
    assert the_alert(house) == answered
    assert [each.type for each in events_of(house, raised.id)] == ["alert.raised", "alert.acknowledged"]


def test_claiming_the_visit_answers_its_alerts_and_leaving_ends_them(house: House, cast: Cast, lin: Actor) -> None:
    raised = vip(house, cast)
    assert raised.visit_id is not None
    house.works.run(caring.claim, raised.visit_id, cast.chen)
    assert the_alert(house).acknowledged_by == cast.chen.id
    house.works.run(caring.claim, raised.visit_id, cast.chen)
    house.works.run(queue.end_day, make.HERE, system(make.HERE))
    pass_s(house, 600)
    assert living(house) == []
    assert [each.type for each in events_of(house, raised.id)] == ["alert.raised", "alert.acknowledged", "alert.ended"]


def test_being_served_ends_it_unanswered_and_nobody_is_asked_any_more(house: House, cast: Cast, lin: Actor) -> None:
    make.opened(house, cast.zhou)
    make.routed(house, cast.kiosk, "cash", make.seen(house, make.WANG))
    raised = the_alert(house)
    called = house.works.run(queue.call_next, "W1", cast.zhou)
    assert called is not None
    house.works.run(queue.start_service, queue.AtPoint("W1", called.id), cast.zhou)
    assert living(house) == []
    with pytest.raises(Conflict, match="changed"):
        house.works.run(alerts.acknowledge, raised.id, cast.chen)
    with house.database.read() as db:
        assert db.scalar(sa.select(due.c.id).where(due.c.kind == alerts.ESCALATES)) is None


def test_another_branchs_alert_is_unknown(house: House, cast: Cast) -> None:
    raised = vip(house, cast)
    for deed in (alerts.acknowledge, alerts.note_shown):
        with pytest.raises(NotFound, match="alert"):
            house.works.run(deed, raised.id, cast.zheng)


def test_the_first_tablet_that_paints_it_counts(house: House, cast: Cast, lin: Actor) -> None:
    raised = vip(house, cast)
    for _ in range(2):
        make.advance(house, 0.4)
        house.works.run(alerts.note_shown, raised.id, cast.chen)
    shown_at = the_alert(house).shown_at
    assert shown_at is not None and (shown_at - raised.raised_at).total_seconds() == pytest.approx(0.4)


# ---- Races --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_of_two_managers_who_answer_at_once_one_wins_and_the_other_hears_who(
    engine: str, new_database: Callable[[], str]
) -> None:
    house = make.house(new_database())
    cast = make.furnish(house)
    lin = hired(house, "L002", "林悦", "lobby_manager")
    for _ in range(RACES):
        alert = house.works.run(
            alerts.raise_alert,
            alerts.RaiseAlert(make.HERE, AlertKind.MACHINE_LOST, make.new_id()),
            system(make.HERE),
        )

        def answer(who: Actor, alert_id: str = alert.id) -> str:
            try:
                house.works.run(alerts.acknowledge, alert_id, who)
            except Conflict as refused:
                by: Any = refused.facts["by"]
                return f"lost to {by['staff_no']}"
            return who.number

        answers = set(at_once([lambda: answer(cast.chen), lambda: answer(lin)]))
        assert answers in ({"L001", "lost to L001"}, {"L002", "lost to L002"})
        assert [each.type for each in events_of(house, alert.id)] == ["alert.raised", "alert.acknowledged"]
    house.database.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_answer_that_races_the_escalation_is_never_overruled_by_it(
    engine: str, new_database: Callable[[], str]
) -> None:
    house = make.house(new_database())
    cast = make.furnish(house)
    on_duty(house, cast.chen)
    for _ in range(RACES):
        alert = house.works.run(
            alerts.raise_alert, alerts.RaiseAlert(make.HERE, AlertKind.HELP, make.new_id()), system(make.HERE)
        )
        make.advance(house, 180)

        def answer(alert_id: str = alert.id) -> None:
            house.works.run(alerts.acknowledge, alert_id, cast.chen)

        workers = [Worker(house, make.TYPES).fire_due for _ in range(2)]
        at_once([*workers, answer])
        types = [each.type for each in events_of(house, alert.id)]
        # A call for help without a visit is over when it is answered: nothing may follow that.
        assert types[-2:] == ["alert.acknowledged", "alert.ended"]
        assert types[:-2] in (["alert.raised"], ["alert.raised", "alert.escalated"])
    assert living(house) == []
    house.database.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_button_pressed_twice_at_once_is_one_call(engine: str, new_database: Callable[[], str]) -> None:
    house = make.house(new_database())
    cast = make.furnish(house)
    asked = at_once([lambda: house.works.run(alerts.ask_for_help, alerts.AskForHelp(None, "en"), cast.kiosk)] * 4)
    assert len({each.id for each in asked}) == 1 == len(living(house))
    house.database.close()


def test_a_worker_that_dies_between_raising_and_escalating_asks_later_all_the_same(
    house: House, cast: Cast, lin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vip(house, cast)
    make.advance(house, 30)

    def dies(*_told: object) -> None:
        raise SystemError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(store, "save", dies)
        Worker(house, make.TYPES).fire_due()
    assert the_alert(house).leased_to == cast.chen.id  # nothing of the deed was kept, not even that it was taken
    pass_s(house, 60)
    assert the_alert(house).leased_to == lin.id


# ---- What raises them ---------------------------------------------------------------------------------------------


def test_help_is_asked_for_the_visit_at_this_device_only(house: House, cast: Cast) -> None:
    visit = make.arrival(house, cast.kiosk).visit
    raised = house.works.run(alerts.ask_for_help, alerts.AskForHelp(visit.id, "zh-CN"), cast.kiosk)
    assert (raised.kind, raised.urgency, raised.visit_id, raised.device_id) == ("help", "help", visit.id, cast.kiosk.id)
    assert (raised.respond_by - raised.raised_at).total_seconds() == 180
    for stranger, visit_id in ((cast.second_kiosk, visit.id), (cast.kiosk, make.new_id())):
        with pytest.raises(NotFound, match="visit"):
            house.works.run(alerts.ask_for_help, alerts.AskForHelp(visit_id, "zh-CN"), stranger)


def test_a_call_for_help_is_over_when_it_is_answered(house: House, cast: Cast) -> None:
    raised = house.works.run(alerts.ask_for_help, alerts.AskForHelp(None, "en"), cast.kiosk)
    assert house.works.run(alerts.acknowledge, raised.id, cast.chen).state is AlertState.ENDED
    again = house.works.run(alerts.ask_for_help, alerts.AskForHelp(None, "en"), cast.kiosk)
    assert again.id != raised.id


def test_a_ticket_that_no_open_window_serves_is_an_alarm_at_once_and_until_one_does(house: House, cast: Cast) -> None:
    first = make.ticket(house, cast.kiosk)
    raised = the_alert(house)
    assert (raised.kind, raised.urgency, raised.ticket_id) == ("unserved_ticket", "fault", first.id)
    make.ticket(house, cast.kiosk)
    assert living(house) == [raised]
    make.opened(house, cast.zhou)
    assert living(house) == []
    house.works.run(queue.close_service_point, "W1", cast.zhou)
    assert the_alert(house).ticket_id == first.id


def test_a_ticket_sent_to_a_closed_desk_is_an_alarm_until_it_is_called_by_hand(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou)
    mine = make.ticket(house, cast.kiosk)
    house.works.run(queue.call_next, "W1", cast.zhou)
    onward = calls.Transfer(queue.AtPoint("W1", mine.id), None, "D1")
    house.works.run(calls.transfer, onward, cast.zhou)
    assert (the_alert(house).about, the_alert(house).facts["only_at"]) == ("@D1", "D1")
    house.works.run(calls.call_by_hand, calls.CallByHand("W1", mine.id, "理财师不在"), cast.zhou)
    assert living(house) == []


def test_a_delayed_ticket_is_no_alarm_until_it_is_back_in_line(house: House, cast: Cast) -> None:
    issued = make.routed(house, cast.kiosk).issued
    house.works.run(places.delay_by_holder, issued.ticket_key, cast.kiosk)
    assert living(house) == []
    house.works.run(places.resume, issued.ticket.id, cast.chen)
    assert the_alert(house).ticket_id == issued.ticket.id


# ---- Ratings ------------------------------------------------------------------------------------------------------


def finished(house: House, cast: Cast) -> str:
    """A customer has been served; the key of their ticket."""
    make.opened(house, cast.zhou)
    issued = make.routed(house, cast.kiosk).issued
    house.works.run(queue.call_next, "W1", cast.zhou)
    at = queue.AtPoint("W1", issued.ticket.id)
    for deed in (queue.start_service, queue.finish_service):
        house.works.run(deed, at, cast.zhou)
    return issued.ticket_key


@pytest.mark.parametrize(("stars", "alarms"), [(1, 1), (2, 1), (3, 0), (5, 0)])
def test_two_stars_or_fewer_reach_the_head_at_once(house: House, cast: Cast, stars: int, alarms: int) -> None:
    house.works.run(rate, Rate(finished(house, cast), stars, "等太久"), cast.kiosk)
    found = living(house)
    assert len(found) == alarms
    for each in found:
        assert (each.kind, each.rung, each.respond_s, each.facts["stars"]) == ("low_rating", "head", 900, stars)
        assert "等太久" not in str(events_of(house, each.id))


def test_a_ticket_is_rated_once_after_it_and_within_two_hours(house: House, cast: Cast) -> None:
    waiting = make.routed(house, cast.kiosk).issued
    with pytest.raises(Conflict, match="changed"):
        house.works.run(rate, Rate(waiting.ticket_key, 5, None), cast.kiosk)
    with house.database.read() as db:
        assert queue_store.find(db, make.HERE, waiting.ticket.id) is not None
    house.works.run(queue.end_day, make.HERE, system(make.HERE))
    late, soon = finished(house, cast), None
    make.advance(house, 7200)
    house.works.run(rate, Rate(late, 4, soon), cast.kiosk)
    house.works.run(rate, Rate(late, 4, None), cast.kiosk)  # sent twice, counted once
    with pytest.raises(Conflict, match="rated"):
        house.works.run(rate, Rate(late, 1, None), cast.kiosk)
    later = finished(house, cast)
    make.advance(house, 7201)
    with pytest.raises(Conflict, match="too_late"):
        house.works.run(rate, Rate(later, 1, None), cast.kiosk)
    with pytest.raises(NotFound, match="ticket"):
        house.works.run(rate, Rate("no such key", 1, None), cast.kiosk)
