"""The door of customers: entering a prospect. What is shown of a customer is put together by the screens."""

from __future__ import annotations

from lobby_server.customers import actions, wire
from lobby_server.customers.rules import Customer
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import LOBBY_MANAGER, RM, TELLER
from lobby_server.kernel.privacy import mask_name
from lobby_server.kernel.work import Work

door = Door("customers")


@door.command(
    "/customers", may={LOBBY_MANAGER, TELLER, RM}, takes=wire.NewProspect, gives=wire.ProspectSeen, http_code=201
)
def post_customer(call: Call) -> Answer:
    """Enter somebody whom head office does not know yet, under a provisional number."""
    sent: wire.NewProspect = call.body
    presented = wire.credential(sent.credential) if sent.credential else None

    def present(_work: Work, prospect: Customer) -> wire.ProspectSeen:
        return wire.ProspectSeen(id=prospect.id, customer_no=prospect.customer_no, masked_name=mask_name(prospect.name))

    return call.run(actions.enter_prospect, actions.EnterProspect(sent.name, presented, sent.born_year), present)
