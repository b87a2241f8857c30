"""The customer's own ticket on their phone: found by its secret alone, without a name."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import qrcode
import qrcode.image.svg
import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.branch.rules import ServiceType
from lobby_server.doors.pages import LANGUAGES, Pages, language_of_request
from lobby_server.doors.reading import Wire
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ANYONE
from lobby_server.kernel import event_log
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.errors import NotFound
from lobby_server.kernel.events import to_json
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.actions import KEY_PURPOSE
from lobby_server.queue.actions.places import cancel_by_holder, delay_by_holder
from lobby_server.queue.actions.ratings import Rate, rate
from lobby_server.queue.actions.waits import line_of
from lobby_server.queue.rules import Ticket
from lobby_server.queue.store import ratings
from lobby_server.queue.wire import Announced, RatingGiven, announced
from lobby_server.realtime.wording import Vocabulary
from lobby_server.visits import store as visits
from lobby_server.visits.actions import machines
from lobby_server.visits.actions.sending import look_around
from lobby_server.visits.wire.ways import MachineSeen, device_of
from staff_tablet.screens.ticket_forms import SAYINGS

GONE_AFTER = timedelta(hours=2)  # the address leads nowhere two hours after the visit
AUDIENCE = "ticket"


class PointName(Wire):
    """Where to go."""

    code: str
    names: dict[str, str]


class TicketPage(Wire):
    """The page's data, for whoever holds the key.

    `device` is the machine where the holder is meanwhile; `can_use_machine` whether one could do it for them now.
    """

    number: str
    state: str
    ticket_class: str
    service_names: dict[str, str]
    branch_names: dict[str, str]
    ahead: int
    expected_wait: Announced | None
    service_point: PointName | None
    device: MachineSeen | None
    can_use_machine: bool
    arrived_at: str
    called_at: str | None
    recall_count: int
    overtake_cap: int
    stars: int | None
    language: str
    epoch: str
    seq: int
    server_time: str


def ticket_of_key(house: House, db: sa.Connection, ticket_key: str) -> Ticket:
    """The ticket of a key. Raises NotFound for unknown and outlived ones alike."""
    ticket = store.find_by_key(db, house.keys.index(ticket_key, KEY_PURPOSE))
    over_at = ticket.finished_at if ticket else None
    if ticket is None or (over_at is not None and house.clock.now() - over_at > GONE_AFTER):
        raise NotFound("ticket")
    return ticket


def ticket_door(types: Mapping[str, ServiceType], vocabulary: Vocabulary) -> Door:
    """The door of the page's data."""
    door = Door("tickets")

    @door.question("/tickets/{ticket_key}", may={ANYONE}, gives=TicketPage)
    def get_ticket(call: Call) -> TicketPage:
        """Where this ticket stands."""
        return _page_data(call.house, call.path["ticket_key"], types, vocabulary)

    @door.command("/tickets/{ticket_key}/cancel", may={ANYONE}, gives=TicketPage, keyed=False)
    def post_cancel(call: Call) -> TicketPage:
        """The holder gives the place up."""
        return _by_holder(call, cancel_by_holder)

    @door.command("/tickets/{ticket_key}/delay", may={ANYONE}, gives=TicketPage, keyed=False)
    def post_delay(call: Call) -> TicketPage:
        """The holder lets others go first for ten minutes."""
        return _by_holder(call, delay_by_holder)

    @door.command("/tickets/{ticket_key}/self-service", may={ANYONE}, gives=TicketPage, keyed=False)
    def post_ticket_self_service(call: Call) -> TicketPage:
        """The holder goes to a free machine; the place is kept."""
        call.run_plain(machines.send_holder, machines.HolderRoute(call.path["ticket_key"], types))
        return _page_data(call.house, call.path["ticket_key"], types, vocabulary)

    @door.command("/tickets/{ticket_key}/return", may={ANYONE}, gives=TicketPage, keyed=False)
    def post_ticket_return(call: Call) -> TicketPage:
        """The holder comes back from the machine to the same place."""
        call.run_plain(machines.return_holder, call.path["ticket_key"])
        return _page_data(call.house, call.path["ticket_key"], types, vocabulary)

    @door.command("/tickets/{ticket_key}/rating", may={ANYONE}, takes=RatingGiven, gives=TicketPage, keyed=False)
    def post_rating(call: Call) -> TicketPage:
        """The holder says what they thought of it, once."""
        call.run_plain(rate, Rate(call.path["ticket_key"], call.body.stars, call.body.note))
        return _page_data(call.house, call.path["ticket_key"], types, vocabulary)

    def _by_holder(call: Call, deed: Callable[[Work, str], Ticket]) -> TicketPage:
        call.run_plain(deed, call.path["ticket_key"])
        return _page_data(call.house, call.path["ticket_key"], types, vocabulary)

    return door


def ticket_pages(
    pages: Pages, types: Mapping[str, ServiceType], vocabulary: Vocabulary, language: Callable[[], str | None]
) -> Door:
    """The page itself, and its address as a picture for the kiosk."""
    door = Door("ticket page", prefix="")

    @door.question("/t/{ticket_key}", may={ANYONE})
    def get_ticket_page(call: Call) -> Answer:
        """The phone page; it works without a script."""
        ticket_key = call.path["ticket_key"]
        try:
            ticket = _page_data(call.house, ticket_key, types, vocabulary)
        except NotFound:
            gone = pages.page("ticket-gone.html", language_of_request(), {}, bank_names=call.house.settings.bank_names)
            return replace(gone, http_code=404)
        chosen = language() or ticket.language
        said = call.query.get("said", "")
        page = pages.page(
            "ticket.html",
            chosen,
            {"page": "ticket", "ticket_key": ticket_key, "ticket": ticket.model_dump(mode="json")},
            ticket=ticket,
            other_language=next(each for each in LANGUAGES if each != chosen),
            bank_names=call.house.settings.bank_names,
            said=said if said in SAYINGS else "",
        )
        # Without a referrer a browser would not say either that its forms come from this page.
        return replace(page, headers={**page.headers, "Referrer-Policy": "same-origin"})

    @door.question("/t/{ticket_key}/qr.svg", may={ANYONE})
    def get_ticket_qr(call: Call) -> Answer:
        """The page's address as a code; there is none while phones cannot reach us."""
        public_url = call.house.settings.public_url
        if not public_url:
            raise NotFound("public_url")
        with call.house.database.read() as db:
            ticket_of_key(call.house, db, call.path["ticket_key"])
        return Answer(200, svg_of(f"{public_url}/t/{call.path['ticket_key']}"), content_type="image/svg+xml")

    return door


def svg_of(text: str) -> str:
    """A QR code (ISO/IEC 18004, level M) as an SVG of one path."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    drawn = io.BytesIO()
    code.make_image(image_factory=qrcode.image.svg.SvgPathFillImage).save(drawn)
    return drawn.getvalue().decode()


def _page_data(house: House, ticket_key: str, types: Mapping[str, ServiceType], vocabulary: Vocabulary) -> TicketPage:
    with house.database.read() as db:
        ticket = ticket_of_key(house, db, ticket_key)
        branch = branches.find_branch(db, ticket.branch_id)
        assert branch is not None
        points = branches.service_points(db, ticket.branch_id)
        queue = store.look_at_queue(db, ticket.branch_id)
        line = line_of(store.live(db, ticket.branch_id), points, types, house.clock.now(), queue)
        stars = ratings.stars_of(db, ticket.id)
        device, can_use_machine = _machine(db, house, ticket, types)
        at = event_log.position(db, ticket.branch_id)
        seq = event_log.last_of(db, ticket.branch_id, vocabulary.types[AUDIENCE], at.seq)
    names = {each.code: dict(each.names) for each in points}
    here = ticket.service_point
    is_waiting = ticket.called_at is None
    # Simulated after the reading, and where it does not stop the sockets.
    wait = house.offload(partial(line.wait_of, ticket)) if is_waiting else None
    return TicketPage(
        number=ticket.number,
        state=str(ticket.state),
        ticket_class=ticket.ticket_class,
        service_names=dict(types[ticket.service_type].names),
        branch_names=dict(branch.names),
        ahead=len(line.ahead(ticket.ticket_class, ticket.placed_at)) if is_waiting else 0,
        expected_wait=announced(wait),
        device=device,
        can_use_machine=can_use_machine,
        service_point=PointName(code=here, names=names[here]) if here else None,
        arrived_at=to_wire(ticket.arrived_at),
        called_at=to_wire(ticket.called_at) if ticket.called_at else None,
        recall_count=ticket.recall_count,
        overtake_cap=ticket.overtake_cap,
        stars=stars,
        language=ticket.language,
        epoch=at.epoch,
        seq=seq,
        server_time=to_wire(house.clock.now()),
    )


def _machine(
    db: sa.Connection, house: House, ticket: Ticket, types: Mapping[str, ServiceType]
) -> tuple[MachineSeen | None, bool]:
    """The machine where the holder is, and whether they are offered one now; whoever waits for help is not."""
    visit = visits.find(db, ticket.branch_id, ticket.visit_id)
    if visit is None or visit.errand is not None or ticket.state not in machines.CAN_BE_HELD:
        return device_of(to_json(visit.errand)) if visit else None, False
    around = look_around(db, visit, house.clock.now())
    choice = around.better_way(visit, types[ticket.service_type], is_chosen=True)
    return None, choice.device_kind is not None and not around.needs_help
