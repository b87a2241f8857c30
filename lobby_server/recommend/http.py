"""The door of recommendations: keeping what a customer said."""

from __future__ import annotations

from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import LOBBY_MANAGER, RM, TELLER
from lobby_server.recommend import actions, wire

door = Door("recommendations")


@door.command(
    "/visits/{visit_id}/responses", may={LOBBY_MANAGER, TELLER, RM}, takes=wire.Response, gives=wire.OfferAnswer
)
def post_response(call: Call) -> Answer:
    """What the customer said about an offer."""
    sent: wire.Response = call.body
    request = actions.Respond(call.path["visit_id"], sent.offer_id, sent.answer, sent.reason)
    return call.run(actions.respond, request, lambda _work, offer: wire.OfferAnswer(offer=wire.offer_seen(offer)))
