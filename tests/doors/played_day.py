"""A day at the branch that people make, played over the real doors; all that anybody receives is kept.

The customers carry words that nothing else in the house contains.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from lobby_server.customers import store as customers
from lobby_server.customers.rules import Account, Consent, Credential, Customer, Tag
from lobby_server.doors.routes import API, Route
from lobby_server.kernel.database import Moment
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import mask_name
from lobby_server.kernel.work import Work
from lobby_server.realtime.delivery import Delivery
from lobby_server.recommend import store as recommendations
from lobby_server.worker import Worker
from tests import make
from tests.actions.test_recommend import DEPOSIT
from tests.doors import calling
from tests.doors.calling import Caller, Callers
from tests.make import MORNING, TODAY
from tests.reference_pages import vocabulary

BAND, NOTE, WISH = "over_6m", "慢得像蜗牛", "带护照来"
CONSENTS = tuple(Consent(each, "1", "counter", MORNING) for each in ("serve", "refer_internal"))
RICH = Customer(
    id="0000abcd-0000-7000-8000-00000000f00d",
    customer_no="CANARY-1",
    ref=b"\xca\x11\xab\x1e\x00\x00\x00\x01",
    name="慕容雪莹",
    tier="private",
    tier_as_of=TODAY,
    tags=(Tag("deposit_maturing", {"matures_on": "2026-12-05"}, "hq", TODAY),),
    accounts=(Account("savings", BAND, "CNY"),),
    consents=CONSENTS,
    risk_rating=3,
    rated_on=TODAY,
    owner_staff_no="R001",
)
FRAIL = replace(
    RICH,
    id="0000abcd-0000-7000-8000-00000000beef",
    customer_no="CANARY-2",
    ref=b"\xca\x11\xab\x1e\x00\x00\x00\x02",
    name="端木清扬",
    tier="platinum",
    tags=(Tag("vulnerable", {}, "hq", TODAY),),
)
TOKENS = {each.id: f"token-of-{each.customer_no}-000" for each in (RICH, FRAIL)}
STRANGER = "欧阳无名"  # a prospect whom a colleague enters
GUESTS = {"rich": RICH, "frail": FRAIL}
NAMES = frozenset({RICH.name, FRAIL.name, STRANGER})
MASKED = frozenset(mask_name(each) for each in NAMES)
COLLEAGUES = frozenset({"陈立言", "周敏", "高远", "吴子昂", "方正", "梁易"})
# Known to the server alone, whoever asks.
SEALED = frozenset(text for each in GUESTS.values() for text in (each.customer_no, each.ref.hex(), TOKENS[each.id]))
TIERS = frozenset(each.tier for each in GUESTS.values())
DOCUMENTS = frozenset({"/openapi.json", "/asyncapi.json"})  # made from the code: they know of no day
HALL = ("nobody", "kiosk", "second_kiosk", "wall", "tablet")
FOREIGN = ("foreign_kiosk", "foreign_manager", "foreign_teller")
STAFF = ("manager", "teller", "rm", "head", "admin")
HALL_ROOMS = frozenset({"kiosk", "wall", "ticket"})
AUDIENCES = HALL_ROOMS | {"lobby", "teller", "rm", "head"}
CARES: dict[str, Any] = {
    "claim": {},
    "greet": {},
    "service-level": {"level": "vip", "reason": "股东"},
    "leave": {"reason": "no_time"},
    "undo": {},
}

Leaf = tuple[str, str | int | float | bool | None]


@dataclass
class Heard:
    """What one receiver got once, and what they had asked.

    `takes_care`: they had the visit of the customer of whom they asked, by a claim or at their window.
    """

    who: str
    what: str
    told: Any
    takes_care: bool = False

    @property
    def leaves(self) -> Iterator[Leaf]:
        """Every value with the name under which it stands; names themselves are values of nothing."""
        yield from leaves("", self.told)


def leaves(name: str, told: Any) -> Iterator[Leaf]:
    if isinstance(told, Mapping):
        for key, value in told.items():
            yield "", key
            yield from leaves(key, value)
    elif isinstance(told, list):
        for each in told:
            yield from leaves(name, each)
    else:
        yield name, told


@dataclass
class Wires:
    """Frames by room."""

    sent: list[tuple[str, str, Any]] = field(default_factory=list)

    def send(self, room: str, name: str, payload: Any) -> None:
        """Keep it."""
        self.sent.append((room, name, json.loads(json.dumps(payload))))

    def join(self, _connection: str, _room: str) -> None:
        """Nobody joins."""


@dataclass
class Day:
    """A branch in play, and all that anybody received."""

    house: House
    callers: Callers
    routes: list[Route]
    delivery: Delivery
    wires: Wires
    heard: list[Heard] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    scanned: dict[str, list[str]] = field(default_factory=dict)
    in_hand: str | None = None

    @property
    def visits(self) -> list[str]:
        """The ids of all visits, in the order in which they began."""
        return list(self.scanned)

    def post(self, who: str, path: str, body: Any = None) -> Any:
        """A command of somebody; refused or not, they read the answer."""
        return self._kept(who, f"POST {path}", getattr(self.callers, who).post(path, body))

    def _kept(self, who: str, what: str, answer: TestResponse) -> Any:
        told = answer.get_json() if answer.is_json and answer.data else answer.get_data(as_text=True)
        self.heard.append(Heard(who, what, told, self._takes_care(who, what)))
        make.advance(self.house, 1)
        return told if answer.status_code < 400 else None

    def _takes_care(self, who: str, what: str) -> bool:
        """Looked up as it is written down, not as the server decides it."""
        asked = next((each.id for each in GUESTS.values() if f"/customers/{each.id}/" in what), None)
        if asked is None:
            return False
        carers = sa.text(
            "SELECT claimed_by FROM visit WHERE customer_id = :customer AND claimed_until > :now UNION "
            "SELECT t.staff_id FROM ticket t JOIN visit v ON v.id = t.visit_id "
            "WHERE v.customer_id = :customer AND t.state IN ('called', 'in_service')"
        ).bindparams(sa.bindparam("now", type_=Moment))
        with self.house.database.read() as db:
            found = set(db.scalars(carers, {"customer": asked, "now": self.house.clock.now()}))
        return getattr(self.callers, who).who.id in found

    # ---- Deeds ----------------------------------------------------------------------------------------------------

    def arrive(self, pick: int, who: str, guest: str) -> None:
        """Somebody comes, at a kiosk or before a colleague."""
        credential = {"kind": "none", "value": ""}
        if guest in GUESTS and pick % 2:
            credential = {"kind": "card_token", "value": TOKENS[GUESTS[guest].id]}
        elif guest in GUESTS:
            credential = {"kind": "qr", "value": make.code_of(GUESTS[guest], self.house.clock.now())}
        came = self.post(who, "/visits", {"credential": credential})
        if came is not None:
            # Whoever scans a code again, elsewhere, goes on with the visit there.
            self.scanned.setdefault(came["visit_id"], []).append(who)

    def choose(self, pick: int, way: str) -> None:
        """They choose a way, at the device where they came."""
        visit = self._one(self.visits, pick)
        service = {"ticket": "cash", "self_service": "transfer", "adviser": "loan"}[way]
        body = {"service_type": service, "choice": way}
        routed = self.post(self.scanned[visit][-1], f"/visits/{visit}/route", body) if visit else None
        if routed is not None and routed["ticket"] is not None:
            self.tickets.append(routed["ticket"])

    def care(self, pick: int, deed: str) -> None:
        """The lobby manager does something about a visit, and opens the customer's card if there is one."""
        visit = self._one(self.visits, pick)
        seen = self.post("manager", f"/visits/{visit}/{deed}", CARES[deed]) if visit else None
        customer = seen["visit"]["customer_id"] if seen else None
        if customer is not None and deed == "claim":
            self.post("manager", f"/customers/{customer}/reveal", {"reason": "greet"})
            self.ask("manager", f"{API}/customers/{customer}/card")

    def help(self, pick: int) -> None:
        """Somebody presses for help at the device where they came."""
        visit = self._one(self.visits, pick)
        if visit is not None and self.scanned[visit][-1].endswith("kiosk"):
            self.post(self.scanned[visit][-1], "/help", {"visit_id": visit, "language": "zh-CN"})

    def serve(self) -> None:
        """The teller takes the next step with whoever is before them."""
        if self.in_hand is None:
            called = self.post("teller", "/service-points/W1/call-next")
            self.in_hand = called["ticket"]["id"] if called else None
            return
        self.post("teller", "/service-points/W1/start", {"ticket_id": self.in_hand})
        self.post("teller", "/service-points/W1/finish", {"ticket_id": self.in_hand})
        self.in_hand = None

    def rate(self, pick: int) -> None:
        """A holder looks at their page and says what they think of it."""
        ticket = self._one(self.tickets, pick)
        if ticket is not None:
            self.post("nobody", f"/tickets/{ticket['ticket_key']}/rating", {"stars": 1, "note": NOTE})

    def refer(self, pick: int) -> None:
        """The teller hears of a need."""
        visit = self._one(self.visits, pick)
        consent = {"purpose": "refer_internal", "wording_version": "1", "channel": "counter"}
        if visit is not None:
            self.post("teller", "/referrals", {"visit_id": visit, "product_line": "deposit", "consent": consent})

    def enter(self) -> None:
        """The manager enters somebody new."""
        self.post("manager", "/customers", {"name": STRANGER})

    def book(self, pick: int) -> None:
        """The manager books somebody for tomorrow."""
        guest = [RICH, FRAIL][pick % 2]
        body = {"customer_no": guest.customer_no, "service_type": "wealth", "starts_at": "2026-11-24T04:00:00Z"}
        self.post("manager", "/appointments", {**body, "note": WISH})

    def wait(self) -> None:
        """Time passes; what is due happens."""
        make.advance(self.house, 40)
        worker = Worker(self.house, make.TYPES)
        worker.fire_due()
        worker.refresh_waits()

    def _one(self, among: list[Any], pick: int) -> Any:
        return among[pick % len(among)] if among else None

    # ---- What everybody can ask -----------------------------------------------------------------------------------

    def ask(self, who: str, path: str) -> None:
        """A question of somebody."""
        caller: Caller = getattr(self.callers, who)
        self._kept(who, f"GET {path}", caller.http.get(path, headers=caller.proof))

    def ask_everything(self) -> None:
        """Every question that there is, asked by everybody about what there is."""
        last = self.tickets[-1] if self.tickets else {"id": make.new_id(), "ticket_key": "none"}
        named = {"visit_id": (self.visits or ["none"])[-1], "ticket_id": last["id"], "ticket_key": last["ticket_key"]}
        named |= {"customer_id": RICH.id, "staff_no": "T001", "period": "2026-11"}
        for route in self.routes:
            is_answerable = not set(re.findall(r"{(\w+)}", route.path)) - named.keys()
            if route.method == "GET" and route.path not in DOCUMENTS and is_answerable:
                for who in (*HALL, *FOREIGN, *STAFF):
                    self.ask(who, route.path.format(**named))


def begin(url: str) -> Day:
    """Two furnished branches with open doors, and the two customers."""
    house = make.house(url)
    make.furnish(house)

    def put(work: Work, _request: None) -> None:
        recommendations.put_products(work.db, [DEPOSIT], ())
        customers.add_all(work.db, work.keys, GUESTS.values())
        for each in GUESTS.values():
            customers.add_credentials(work.db, work.keys, each.id, [Credential("card_token", TOKENS[each.id])])

    lobby = calling.open_doors(house)
    callers = calling.let_in(lobby)
    house.works.run(put, None, callers.manager.who)
    wires = Wires()
    delivery = Delivery(house, vocabulary(), wires, lambda _event: None)
    delivery.deliver()
    make.enrolled(house, "machine", "S1")
    day = Day(house, callers, list(lobby.table), delivery, wires)
    for who, point in (("teller", "W1"), ("rm", "D1")):
        day.post(who, f"/service-points/{point}/open")
    return day


DEED = st.one_of(
    st.tuples(
        st.just("arrive"),
        st.integers(0, 9),
        st.sampled_from(["kiosk", "second_kiosk", "manager"]),
        st.sampled_from(["rich", "frail", "unknown"]),
    ),
    st.tuples(st.just("choose"), st.integers(0, 9), st.sampled_from(["ticket", "self_service", "adviser"])),
    st.tuples(st.just("care"), st.integers(0, 9), st.sampled_from(sorted(CARES))),
    st.tuples(st.sampled_from(["help", "rate", "refer", "book"]), st.integers(0, 9)),
    st.tuples(st.sampled_from(["serve", "enter", "wait"])),
)
BEGINNINGS: list[tuple[Any, ...]] = [
    ("arrive", 0, "kiosk", "rich"),
    ("arrive", 1, "second_kiosk", "frail"),
    ("choose", 0, "ticket"),
    ("care", 0, "claim"),
]
