"""A screen and the wires to it, as the browser files are written: applies news in order, else asks anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lobby_server.doors.routes import Call, Route
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.house import House
from lobby_server.queue.live import WORDING as QUEUE_WORDING
from lobby_server.realtime.delivery import Delivery
from lobby_server.realtime.wording import Vocabulary
from lobby_server.visits.live import WORDING as VISITS_WORDING
from staff_tablet.screens.lobby import lobby_door
from tests import make

VOCABULARY = Vocabulary([QUEUE_WORDING, VISITS_WORDING])
_LOBBY: Route = lobby_door(make.TYPES, VOCABULARY).routes[0]


@dataclass
class FakeWires:
    """Carries frames to the screens that are connected; to nobody else."""

    screens: dict[str, Screen] = field(default_factory=dict)
    rooms: dict[str, set[str]] = field(default_factory=dict)

    def send(self, room: str, name: str, payload: Mapping[str, Any]) -> None:
        """To one connection, or to all in a room."""
        for connection in [room] if room in self.screens else sorted(self.rooms.get(room, ())):
            if connection in self.screens:
                self.screens[connection].hear(name, payload)

    def join(self, connection: str, room: str) -> None:
        """Into a room."""
        self.rooms.setdefault(room, set()).add(connection)


def new_delivery(house: House) -> tuple[Delivery, FakeWires]:
    """A delivery over fake wires."""
    wires = FakeWires()
    return Delivery(house, VOCABULARY, wires, lambda _event: None), wires


def picture(house: House, who: Actor) -> dict[str, Any]:
    """`GET /lobby` as this actor."""
    call = Call(house, _LOBBY, who, {}, {}, None, "", b"", "127.0.0.1", False)
    answer: Any = _LOBBY.handler(call)
    drawn: dict[str, Any] = answer.model_dump()
    return drawn


@dataclass
class Screen:
    """One screen of one actor."""

    house: House
    who: Actor
    wires: FakeWires
    delivery: Delivery
    name: str
    epoch: str = ""
    seq: int = -1
    visits: dict[str, Any] = field(default_factory=dict)
    tickets: dict[str, Any] = field(default_factory=dict)
    points: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, Any] = field(default_factory=dict)
    queue: dict[str, Any] = field(default_factory=dict)
    fetched: int = 0
    applied: list[int] = field(default_factory=list)

    @property
    def is_connected(self) -> bool:
        """Whether it hears what is sent."""
        return self.name in self.wires.screens

    def connect(self) -> None:
        """Come (back) with the last number."""
        self.wires.screens[self.name] = self
        after = self.seq if self.epoch else None
        audience = picture(self.house, self.who)["audience"]
        self.delivery.welcome(self.name, self.who.branch_id, audience, self.epoch or None, after)

    def drop(self) -> None:
        """The connection is gone; what is sent now is lost."""
        self.wires.screens.pop(self.name, None)
        for members in self.wires.rooms.values():
            members.discard(self.name)

    def hear(self, name: str, payload: Mapping[str, Any]) -> None:
        """Apply what follows on, ignore what is known, start anew on anything else."""
        if payload["epoch"] != self.epoch or name == "reset":
            self.fetch()
        elif name == "beat":
            if payload["seq"] > self.seq:
                self.fetch()
        else:
            for each in payload["events"]:
                self._apply(each)

    def _apply(self, event: Mapping[str, Any]) -> None:
        if event["seq"] <= self.seq:
            return
        if event["prev_seq"] != self.seq:
            self.fetch()
            return
        self.seq = event["seq"]
        self.applied.append(self.seq)
        kind, data = event["type"].split(".")[0], event["data"]
        if kind == "visit":
            _put(self.visits, data["visit_id"], data, is_over=data["state"] == "left")
        elif kind == "ticket":
            data = dict(data)
            for passed in data.pop("passed", ()):
                self.tickets[passed["ticket_id"]] |= {name: passed[name] for name in ("overtaken", "overtaken_by_hand")}
            _put(self.tickets, data["id"], data, is_over=data["state"] in ("finished", "cancelled"))
        elif kind == "service_point":
            self.points[data["code"]] = data
        elif kind == "alert":
            _put(self.alerts, data["id"], data, is_over=data["state"] == "ended")
        elif kind == "queue":
            self.queue = data

    def fetch(self) -> None:
        """A whole picture."""
        self.fetched += 1
        drawn = picture(self.house, self.who)
        self.epoch, self.seq = drawn["epoch"], drawn["seq"]
        self.visits = {each["visit_id"]: each for each in drawn["visits"]}
        self.tickets = {each["id"]: each for each in drawn["tickets"]}
        self.points = {each["code"]: each for each in drawn["service_points"]}
        self.alerts = {each["id"]: each for each in drawn["alerts"]}
        self.queue = drawn["queue"]

    def shows_what_is(self) -> None:
        """What it shows is exactly what a fresh picture shows."""
        drawn = picture(self.house, self.who)
        assert self.seq == drawn["seq"]
        assert self.visits == {each["visit_id"]: each for each in drawn["visits"]}
        assert self.tickets == {each["id"]: each for each in drawn["tickets"]}
        assert self.points == {each["code"]: each for each in drawn["service_points"]}
        assert self.alerts == {each["id"]: each for each in drawn["alerts"]}
        assert self.queue == drawn["queue"]


def _put(into: dict[str, Any], key: str, value: Any, *, is_over: bool) -> None:
    if is_over:
        into.pop(key, None)
    else:
        into[key] = value
