"""`GET /lobby`: everything a screen shows at one moment, with the number from which news goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lobby_server.branch import store as branches
from lobby_server.branch.rules import Branch, ServiceType
from lobby_server.branch.wire import seen
from lobby_server.customers import store as customers
from lobby_server.doors.reading import Wire
from lobby_server.doors.routes import Call, Door
from lobby_server.doors.who import HEAD, KIOSK, LOBBY_MANAGER, RM, TELLER, WALL
from lobby_server.kernel import event_log
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.errors import Forbidden
from lobby_server.queue import live as queue_live
from lobby_server.queue import store as queue_store
from lobby_server.queue import wire as queue_wire
from lobby_server.queue.events import PointEvent
from lobby_server.realtime.wording import Reader, Vocabulary
from lobby_server.recommend import store as recommendations
from lobby_server.staff import store as staff
from lobby_server.visits import live as visits_live
from lobby_server.visits import store as visits_store
from lobby_server.visits import wire as visits_wire
from lobby_server.visits.live import recommended
from lobby_server.visits.store import alerts

# The first that fits: a branch head who also serves at a window sees what a head sees.
_AUDIENCES = {HEAD: "head", LOBBY_MANAGER: "lobby", RM: "rm", TELLER: "teller", KIOSK: "kiosk", WALL: "wall"}
LAST_CALLS = 6


class BranchSeen(Wire):
    """Which branch this is."""

    code: str
    names: dict[str, str]
    timezone: str
    business_day: str | None


class ServiceTypeSeen(Wire):
    """A service type in every language."""

    code: str
    names: dict[str, str]
    hints: dict[str, str]
    ticket_class: str
    typical_s: int
    icon: str
    tile: bool


class Lobby(Wire):
    """One picture. `seq` is the number of this audience's newest event in it."""

    epoch: str
    seq: int
    server_time: str
    audience: str
    branch: BranchSeen
    service_types: list[ServiceTypeSeen]
    visits: list[visits_wire.VisitSeen]
    tickets: list[queue_wire.TicketSeen] | list[queue_wire.PublicTicket]
    service_points: list[queue_wire.PointSeen]
    devices: list[seen.DeviceSeen]
    alerts: list[visits_wire.AlertSeen]
    queue: queue_wire.QueueSeen | queue_wire.PublicQueueSeen
    expected_wait: dict[str, queue_wire.WaitSeen]


def audience_of(actor: Actor) -> str:
    """Which news this person or device hears. Raises Forbidden for those who hear none."""
    for role, audience in _AUDIENCES.items():
        if role in actor.roles:
            return audience
    raise Forbidden("not_allowed", audited=True)


def lobby_door(types: Mapping[str, ServiceType], vocabulary: Vocabulary) -> Door:
    """The door of the picture."""
    door = Door("lobby")

    @door.question("/lobby", may={LOBBY_MANAGER, TELLER, RM, HEAD, KIOSK, WALL}, gives=Lobby)
    def get_lobby(call: Call) -> Lobby:
        """The lobby now, as this person or device may see it."""
        with call.house.database.read() as db:
            reader = Reader(db, call.house.keys)
            picture = _Picture(reader, call.actor.branch_id, audience_of(call.actor), types)
            return picture.draw(vocabulary, call.house.clock.now())

    return door


@dataclass(frozen=True)
class _Picture:
    """One consistent view of one branch for one audience."""

    reader: Reader
    branch_id: str
    audience: str
    types: Mapping[str, ServiceType]

    def draw(self, vocabulary: Vocabulary, now: datetime) -> Lobby:
        db = self.reader.db
        at = event_log.position(db, self.branch_id)
        queue = queue_store.look_at_queue(db, self.branch_id)
        branch = branches.find_branch(db, self.branch_id)
        assert branch is not None
        return Lobby(
            epoch=at.epoch,
            seq=event_log.last_of(db, self.branch_id, vocabulary.types[self.audience], at.seq),
            server_time=to_wire(now),
            audience=self.audience,
            branch=branch_seen(branch, queue),
            service_types=self._service_types(),
            visits=self._visits(),
            tickets=self._tickets(queue),
            service_points=self._points(),
            devices=self._devices(now),
            alerts=self._alerts(),
            queue=self._queue(queue),
            expected_wait={name: queue_wire.wait_seen(each) for name, each in queue.waits.items()},
        )

    def _service_types(self) -> list[ServiceTypeSeen]:
        """All of them, for a ticket may be older than a change; the first page shows what this branch offers."""
        offered = branches.service_codes(self.reader.db, self.branch_id)
        return [_service_type(each, is_offered=each.code in offered) for each in self.types.values()]

    @property
    def _is_staff(self) -> bool:
        return self.audience in queue_live.STAFF_AUDIENCES

    def _visits(self) -> list[visits_wire.VisitSeen]:
        if not self._is_staff:
            return []
        here = visits_store.live(self.reader.db, self.branch_id)
        names = customers.names(
            self.reader.db, self.reader.keys, {each.customer_id for each in here if each.customer_id}
        )
        cards = [visits_wire.visit_data(each) for each in here]
        colleagues = self._colleagues(staff_id for each in cards for staff_id in visits_wire.staff_ids(each))
        offers = recommendations.offers_of(self.reader.db, [each["id"] for each in cards])
        return [
            visits_wire.visit_seen(
                each, names.get(each["customer_id"] or ""), colleagues, recommended(offers, each["id"])
            )
            for each in cards
        ]

    def _colleagues(self, ids: Iterable[str]) -> dict[str, queue_wire.StaffSeen]:
        """Colleagues by id, for those who may know them; one question for all."""
        if not self._is_staff:
            return {}
        found = staff.named(self.reader.db, self.reader.keys, set(ids))
        return {each.id: queue_wire.StaffSeen(staff_no=each.staff_no, name=each.name) for each in found.values()}

    def _tickets(self, queue: queue_store.Queue) -> list[queue_wire.TicketSeen] | list[queue_wire.PublicTicket]:
        live = queue_store.live(self.reader.db, self.branch_id)
        if self._is_staff:
            return [queue_wire.ticket_seen(each) for each in live]
        # A wall that has just been switched on still shows the last calls.
        day = queue.business_day
        called = queue_store.last_called(self.reader.db, self.branch_id, day, LAST_CALLS) if day else []
        shown = {each.id: each for each in [*called, *live]}
        return [queue_wire.public_form(queue_wire.ticket_data(each)) for each in shown.values()]

    def _queue(self, queue: queue_store.Queue) -> queue_wire.QueueSeen | queue_wire.PublicQueueSeen:
        data = queue_wire.queue_data(self.branch_id, queue.policy, queue.standing)
        return queue_wire.queue_seen(data) if self._is_staff else queue_wire.public_queue_seen(data)

    def _alerts(self) -> list[visits_wire.AlertSeen]:
        if self.audience not in visits_live.LADDER:
            return []
        living = [visits_wire.alert_data(each) for each in alerts.live(self.reader.db, self.branch_id)]
        return visits_live.alerts_seen(self.reader, living, for_head=self.audience == "head")

    def _points(self) -> list[queue_wire.PointSeen]:
        points = branches.service_points(self.reader.db, self.branch_id)
        colleagues = self._colleagues(each.staff_id for each in points if each.staff_id)
        return [
            queue_wire.point_seen(
                queue_wire.point_data(PointEvent(each.branch_id, each)),
                colleagues.get(each.staff_id or ""),
            )
            for each in points
        ]

    def _devices(self, now: datetime) -> list[seen.DeviceSeen]:
        if not self._is_staff:
            return []
        return [seen.device_seen(each, now) for each in branches.devices(self.reader.db, self.branch_id)]


def branch_seen(branch: Branch, queue: queue_store.Queue) -> BranchSeen:
    """A branch on its screens."""
    day = queue.business_day
    return BranchSeen(
        code=branch.id,
        names=dict(branch.names),
        timezone=branch.timezone,
        business_day=day.isoformat() if day else None,
    )


def _service_type(each: ServiceType, *, is_offered: bool) -> ServiceTypeSeen:
    return ServiceTypeSeen(
        code=each.code,
        names=dict(each.names),
        hints=dict(each.hints),
        ticket_class=each.ticket_class,
        typical_s=each.typical_s,
        icon=each.icon,
        tile=each.tile and is_offered,
    )
