"""What the ticket's page does without a script: plain forms that answer with the way back to the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from lobby_server.branch.rules import ServiceType
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ANYONE
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue.actions.places import cancel_by_holder, delay_by_holder
from lobby_server.queue.actions.ratings import Rate, rate
from lobby_server.queue.rules import STARS_MAX
from lobby_server.visits.actions.machines import HolderRoute, return_holder, send_holder

# What the page may be told to say after a form.
SAYINGS = ("refused",)
STARS = tuple(str(stars) for stars in range(1, STARS_MAX + 1))


def ticket_forms(language: Callable[[], str | None], types: Mapping[str, ServiceType]) -> Door:
    """The doors of the page's forms. Each may be sent twice: the second time changes nothing."""
    door = Door("ticket page", prefix="")

    @door.command("/t/{ticket_key}/cancel", may={ANYONE}, http_code=303, keyed=False)
    def post_ticket_cancel(call: Call) -> Answer:
        """Give the place up, then show the page."""
        return _by_form(call, cancel_by_holder)

    @door.command("/t/{ticket_key}/delay", may={ANYONE}, http_code=303, keyed=False)
    def post_ticket_delay(call: Call) -> Answer:
        """Let others go first for ten minutes, then show the page."""
        return _by_form(call, delay_by_holder)

    @door.command("/t/{ticket_key}/self-service", may={ANYONE}, http_code=303, keyed=False)
    def post_ticket_to_machine(call: Call) -> Answer:
        """Go to a free machine and keep the place, then show the page."""
        return _by_form(call, lambda work, ticket_key: send_holder(work, HolderRoute(ticket_key, types)))

    @door.command("/t/{ticket_key}/return", may={ANYONE}, http_code=303, keyed=False)
    def post_ticket_back(call: Call) -> Answer:
        """Come back from the machine to the kept place, then show the page."""
        return _by_form(call, return_holder)

    @door.command("/t/{ticket_key}/rating/{stars}", may={ANYONE}, http_code=303, keyed=False)
    def post_ticket_rating(call: Call) -> Answer:
        """Say what one thought of it, then show the page."""
        stars = call.path["stars"]
        if stars not in STARS:
            raise NotFound("stars")
        return _by_form(call, lambda work, ticket_key: rate(work, Rate(ticket_key, int(stars), None)))

    def _by_form(call: Call, deed: Callable[[Work, str], object]) -> Answer:
        said = ""
        try:
            call.run_plain(deed, call.path["ticket_key"])
        except (Conflict, Invalid):
            said = "refused"
        except NotFound:
            pass  # the page itself says that the address has ended
        told = {name: each for name, each in (("said", said), ("lang", language())) if each}
        way_back = f"/t/{call.path['ticket_key']}"
        return Answer(303, headers={"Location": f"{way_back}?{urlencode(told)}" if told else way_back})

    return door
