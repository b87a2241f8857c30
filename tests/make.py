"""The cast and the furniture of all tests, with fixed parts, made by plain functions.

王 a private-banking customer and 李 an ordinary one; 陈 the lobby manager, 周 the teller, 吴 the RM, all at
branch 0001; 郑 at branch 0002, who must never see anything of theirs.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from lobby_server.branch import store as branches
from lobby_server.branch.actions import OpenBranch, open_branch
from lobby_server.branch.rules import SERVICE_TYPES_FILE, Branch, Device, ServicePoint, read_service_types
from lobby_server.customers import store as customers
from lobby_server.customers.rules import Customer, Tag
from lobby_server.customers.tables import customer as customer_table
from lobby_server.identification import store as identification
from lobby_server.identification.actions import examine
from lobby_server.identification.rules import CodeBody, Seen, SigningKey, write_code
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.clock import Clock, StillClock
from lobby_server.kernel.database import Database, directly
from lobby_server.kernel.house import House
from lobby_server.kernel.ids import RandomIds
from lobby_server.kernel.privacy import Keyring
from lobby_server.kernel.settings import Settings
from lobby_server.kernel.work import Work, Works, together
from lobby_server.queue import actions as queue
from lobby_server.queue.rules import FIFO, QueuePolicy, Ticket
from lobby_server.recommend import store as products
from lobby_server.recommend.products import Product
from lobby_server.staff.actions import AddStaff, add_staff
from lobby_server.visits import reactions
from lobby_server.visits.actions import Arrive, Arrived, arrive
from lobby_server.visits.actions.sending import Route, Routed, route
from lobby_server.visits.tables import visit
from referral.crm_sync import reactions as crm_reactions
from referral.incentives import reactions as incentives_reactions
from referral.lifecycle import reactions as referrals_reactions

# Ten in the morning in Shanghai, on a Monday.
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HERE, ELSEWHERE = "0001", "0002"
PASSWORD_HASH = "no password matches this"  # signing in is tested at the doors, with real hashes

TYPES = read_service_types(SERVICE_TYPES_FILE)
KEYS = Keyring(1, {1: bytes(range(32))}, b"i" * 32, b"a" * 32, b"p" * 32)
BANK_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
BANK_KID = 7

WANG = Customer(
    id="00000000-0000-7000-8000-0000000000c1",
    customer_no="C1",
    ref=b"\x01" * 8,
    name="王建明",
    tier="private",
    tier_as_of=TODAY,
    tags=(Tag("deposit_maturing", {"matures_on": "2026-12-05"}, "hq", TODAY),),
)
LI = Customer(
    id="00000000-0000-7000-8000-0000000000c2",
    customer_no="C2",
    ref=b"\x02" * 8,
    name="李秀英",
    tier="ordinary",
    tier_as_of=TODAY,
)

REACTIONS = together(
    reactions.REACTIONS, referrals_reactions.REACTIONS, incentives_reactions.REACTIONS, crm_reactions.REACTIONS
)

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cast:
    """The colleagues and devices as actors."""

    chen: Actor
    zhou: Actor
    second_teller: Actor
    wu: Actor
    zheng: Actor
    kiosk: Actor
    second_kiosk: Actor
    foreign_kiosk: Actor


def house(url: str, *, clock: Clock | None = None, data_dir: Path = Path("var/none"), **given: object) -> House:
    """A house over a migrated database. The clock stands still unless another is given."""
    clock, ids = clock or StillClock(MORNING), RandomIds()
    database = Database(url)
    works = Works(database, clock, ids, KEYS, REACTIONS)
    settings = Settings(data_dir=data_dir, database_url=url, **given)  # type: ignore[arg-type]
    return House(settings, clock, ids, KEYS, database, works, directly)


def speaking_house(url: str, folder: Path, told: str) -> House:
    """One whose settings name head office, as a file in this folder tells of it; its secret is `open sesame`."""
    (folder / "secrets").mkdir()
    (folder / "secrets" / "head-office").write_text("open sesame\n")
    (folder / "head-office.toml").write_text(told)
    return house(url, data_dir=folder, head_office=str(folder / "head-office.toml"))


def still(of: House) -> StillClock:
    """The house's clock, to be moved."""
    assert isinstance(of.clock, StillClock)
    return of.clock


def furnish(of: House, policy: QueuePolicy | None = None) -> Cast:
    """Two branches with the same furniture, the cast, two customers and the bank's signing key."""
    return of.works.run(_furnish, policy or QueuePolicy(FIFO, 1, 0), system(HERE))


def _furnish(work: Work, policy: QueuePolicy) -> Cast:
    for branch_id in (HERE, ELSEWHERE):
        names = {"zh-CN": f"支行 {branch_id}", "en": f"Branch {branch_id}"}
        branch = Branch(branch_id, names, "Asia/Shanghai", zones={"hall": _names("hall")})
        open_branch(work, OpenBranch(branch, service_points(branch_id)))
        queue.start_queue(work, queue.StartQueue(branch_id, policy))
    customers.add_all(work.db, work.keys, [WANG, LI])
    identification.add_signing_key(work.db, work.keys, SigningKey(BANK_KID, BANK_KEY.public_key().public_bytes_raw()))
    return Cast(
        chen=_colleague(work, HERE, "L001", "陈立言", "lobby_manager"),
        zhou=_colleague(work, HERE, "T001", "周敏", "teller"),
        second_teller=_colleague(work, HERE, "T002", "高远", "teller"),
        wu=_colleague(work, HERE, "R001", "吴子昂", "rm"),
        zheng=_colleague(work, ELSEWHERE, "T901", "郑浩", "teller"),
        kiosk=device(HERE, "kiosk"),
        second_kiosk=device(HERE, "kiosk"),
        foreign_kiosk=device(ELSEWHERE, "kiosk"),
    )


def service_points(branch_id: str) -> tuple[ServicePoint, ...]:
    """Three windows for cash and non-cash, one desk for advice."""
    windows = [("W1", ("A", "B")), ("W2", ("A", "B")), ("W3", ("A", "B", "C"))]
    points = [ServicePoint(branch_id, code, "window", _names(code), serves) for code, serves in windows]
    return (
        *points,
        ServicePoint(branch_id, "D1", "desk", _names("D1"), ("D",)),
        ServicePoint(branch_id, "S1", "machine", _names("S1"), (), zone="hall", device_kind="smart_counter"),
    )


def _names(code: str) -> dict[str, str]:
    return {"zh-CN": code, "en": code}


def _colleague(work: Work, branch_id: str, staff_no: str, name: str, role: str) -> Actor:
    who = add_staff(work, AddStaff(branch_id, staff_no, name, (role,), PASSWORD_HASH))
    return Actor("staff", who.id, branch_id, frozenset({role}), staff_no, name)


def device(branch_id: str, kind: str) -> Actor:
    """A device that was let in."""
    return Actor("device", new_id(), branch_id, frozenset({kind}))


def enrolled(of: House, kind: str, service_point: str | None = None) -> str:
    """A device's own row, as if it had just been let in; its id."""
    added = Device(new_id(), HERE, kind, f"{kind} 大堂", None, None, service_point=service_point)
    of.database.run(lambda db: branches.add_device(db, added, {}, of.clock.now()))
    return added.id


def new_id() -> str:
    """A fresh id; the number in it tells, in a failure's output, which came first."""
    return f"00000000-0000-7000-8000-{next(_numbers):012x}"


def code_of(customer: Customer, at: datetime, *, audience: int = 0, nonce: bytes | None = None) -> str:
    """The living code that a customer's app would show at a moment."""
    body = CodeBody(BANK_KID, customer.ref, at, nonce or os.urandom(4), audience)
    return write_code(body, BANK_KEY)


def seen(of: House, customer: Customer) -> Seen:
    """A fresh code, examined."""
    return examine(of, "qr", code_of(customer, of.clock.now()), HERE)


def arrival(of: House, kiosk: Actor, code: Seen | None = None) -> Arrived:
    """Somebody arrives at a kiosk; without a code nobody we know."""
    return of.works.run(arrive, Arrive(new_id(), code, "zh-CN", 1), kiosk)


def ticket(of: House, kiosk: Actor, service_type: str = "cash", code: Seen | None = None) -> Ticket:
    """Somebody arrives and takes a ticket."""
    return routed(of, kiosk, service_type, code).issued.ticket


def routed(of: House, kiosk: Actor, service_type: str = "cash", code: Seen | None = None) -> Routed:
    """The same, with the visit and the ticket's secret."""
    visit_id = arrival(of, kiosk, code).visit.id
    return of.works.run(route, Route(visit_id, TYPES[service_type]), kiosk)


def ticket_at_level(of: House, kiosk: Actor, level: str, service_type: str = "cash") -> Ticket:
    """The same for somebody who is served at a level, whoever they are."""
    visit_id = arrival(of, kiosk).visit.id
    leveled = visit.update().where(visit.c.id == visit_id).values(service_level=level)
    of.database.run(lambda db: db.execute(leveled))
    return of.works.run(route, Route(visit_id, TYPES[service_type]), kiosk).issued.ticket


def opened(of: House, who: Actor, point: str = "W1") -> Actor:
    """A colleague begins to work at a point."""
    of.works.run(queue.open_service_point, point, who)
    return who


def advance(of: House, seconds: float) -> None:
    """Let time pass."""
    still(of).advance(timedelta(seconds=seconds))


def on_sale(of: House, line: str, *risks: int | None) -> None:
    """Head office sells something of a product line, one product for each risk; without risks, one that has none."""
    sold = [
        Product(f"{line}-{risk}", _names(line), line, risk, None, "serve", (), None, None, TODAY, None)
        for risk in risks or (None,)
    ]
    of.database.run(lambda db: products.put_products(db, sold, ()))


def described(of: House, customer: Customer, **facts: Any) -> None:
    """Head office says something else of a customer."""

    def describe(db: Connection) -> None:
        row = customers.sealed(of.keys, replace(customer, **facts), customers.key_no(db, customer.id))
        mine = customer_table.c.id == customer.id
        db.execute(customer_table.update().where(mine).values(facts_sealed=row["facts_sealed"]))

    of.database.run(describe)
