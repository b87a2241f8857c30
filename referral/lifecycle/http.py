"""The doors of referrals: logging one, answering an offer, following up."""

from __future__ import annotations

from collections.abc import Callable

from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN, BOOKINGS, HEAD, LOBBY_MANAGER, RM, STAFF, TELLER
from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.work import Work
from lobby_server.realtime.wording import Reader
from referral.lifecycle import actions, live, store, wire
from referral.lifecycle.actions import bookings, climbing, duplicates, holding, presence, withdrawing
from referral.lifecycle.events import ReferralEvent
from referral.lifecycle.rules import Booking, Referral, ReferralState

_REFERRERS = {TELLER, LOBBY_MANAGER, RM}
_OVERSEERS = {HEAD, LOBBY_MANAGER}
_COMPLIANCE = {HEAD, ADMIN}
_ROLES = ("referrer", "receiver")


def referrals_door() -> Door:
    """The doors."""
    door = Door("referrals")
    _logging(door)
    _answering(door)
    _following_up(door)
    _withdrawing(door)
    return door


def _logging(door: Door) -> None:
    @door.command("/referrals", may=_REFERRERS, takes=wire.Logged, gives=wire.ReferralAnswer, http_code=201)
    def post_referral(call: Call) -> Answer:
        """Log a need that was heard on a visit; it is offered at once."""
        sent: wire.Logged = call.body
        request = actions.LogReferral(
            visit_id=sent.visit_id,
            product_line=sent.product_line,
            need=sent.need,
            note=sent.note,
            purpose=sent.consent.purpose,
            wording_version=sent.consent.wording_version,
            channel=sent.consent.channel,
            wished_receiver=sent.wished_receiver,
        )
        return call.run(actions.log_referral, request, _answer)

    @door.question("/referrals", may={STAFF}, gives=wire.ReferralList)
    def get_referrals(call: Call) -> wire.ReferralList:
        """My referrals, newest first; all of the branch for head and lobby manager. `state` and `role` narrow it."""
        states = _among(call.query.get("state"), [str(each) for each in ReferralState], "state")
        role = _among(call.query.get("role"), _ROLES, "role")
        mine = None if role is None and call.actor.roles & _OVERSEERS else call.actor.id
        with call.house.database.read() as db:
            found = store.listed(db, call.actor.branch_id, {states} if states else None, mine, role)
            reader = Reader(db, call.house.keys)
            return wire.ReferralList(referrals=[live.seen(reader, _told(each)) for each in found])


def _answering(door: Door) -> None:
    @door.command("/referrals/{referral_id}/accept", may={RM}, gives=wire.ReferralAnswer)
    def post_accept(call: Call) -> Answer:
        """I take it, and answer for it from now on."""
        return call.run(actions.accept, call.path["referral_id"], _answer)

    @door.command("/referrals/{referral_id}/decline", may={RM}, takes=wire.Because, gives=wire.ReferralAnswer)
    def post_decline(call: Call) -> Answer:
        """Not for me: the next colleague is asked."""
        return _with_reason(call, actions.decline)

    @door.command("/referrals/{referral_id}/assign", may=_OVERSEERS, takes=wire.Assigned, gives=wire.ReferralAnswer)
    def post_assign(call: Call) -> Answer:
        """Ask this colleague, here or in another branch."""
        request = climbing.Assign(call.path["referral_id"], call.body.staff_no, call.body.branch)
        return call.run(climbing.assign, request, _answer)

    @door.command("/referrals/{referral_id}/hold", may=_COMPLIANCE, takes=wire.Because, gives=wire.ReferralAnswer)
    def post_hold(call: Call) -> Answer:
        """Compliance looks into it: nothing of it is paid until somebody else lets it go."""
        return _with_reason(call, holding.hold)

    @door.command("/referrals/{referral_id}/release", may=_COMPLIANCE, takes=wire.Because, gives=wire.ReferralAnswer)
    def post_release(call: Call) -> Answer:
        """Let go what somebody else held."""
        return _with_reason(call, holding.release)

    @door.command("/referrals/{referral_id}/presence", may={RM}, takes=wire.Coming, gives=wire.ReferralAnswer)
    def post_presence(call: Call) -> Answer:
        """Whether I come to the customer who waits in the hall."""
        request = presence.SayPresence(call.path["referral_id"], call.body.answer)
        return call.run(presence.say_presence, request, _answer)

    @door.command("/referrals/{referral_id}/duplicate", may=_OVERSEERS, takes=wire.First, gives=wire.ReferralAnswer)
    def post_duplicate(call: Call) -> Answer:
        """The same need was logged before, under another product line."""
        request = duplicates.SameNeed(call.path["referral_id"], call.body.of)
        return call.run(duplicates.mark_duplicate, request, _answer)


def _following_up(door: Door) -> None:
    @door.command("/referrals/{referral_id}/contact", may={RM}, takes=wire.Met, gives=wire.ReferralAnswer)
    def post_contact(call: Call) -> Answer:
        """I spoke with the customer."""
        return call.run(actions.contact, actions.Contact(call.path["referral_id"], call.body.evidence), _answer)

    @door.command("/referrals/{referral_id}/qualify", may={RM}, gives=wire.ReferralAnswer)
    def post_qualify(call: Call) -> Answer:
        """The need is real."""
        return call.run(actions.qualify, call.path["referral_id"], _answer)

    @door.command("/referrals/{referral_id}/propose", may={RM}, gives=wire.ReferralAnswer)
    def post_propose(call: Call) -> Answer:
        """The customer has a proposal."""
        return call.run(actions.propose, call.path["referral_id"], _answer)

    @door.command("/referrals/{referral_id}/lose", may={RM}, takes=wire.Because, gives=wire.ReferralAnswer)
    def post_lose(call: Call) -> Answer:
        """It came to nothing."""
        return _with_reason(call, actions.lose)

    @door.command("/referrals/{referral_id}/withdraw", may=_REFERRERS, gives=wire.ReferralAnswer)
    def post_withdraw(call: Call) -> Answer:
        """The customer takes the consent back."""
        return call.run(actions.withdraw, call.path["referral_id"], _answer)


def _withdrawing(door: Door) -> None:
    @door.command("/visits/{visit_id}/withdraw-consent", may=_REFERRERS, gives=wire.ReferralList)
    def post_withdraw_consent(call: Call) -> Answer:
        """The customer wants to be referred to nobody: whatever is live of theirs stops, and its notes are gone."""

        def answer(work: Work, gone: list[Referral]) -> wire.ReferralList:
            reader, ours = Reader(work.db, work.keys), work.actor.branch_id
            return wire.ReferralList(
                referrals=[live.seen(reader, _told(each)) for each in gone if each.branch_id == ours]
            )

        return call.run(withdrawing.withdraw_all, call.path["visit_id"], answer)


def bookings_door() -> Door:
    """Where core banking or the CRM tells what was booked."""
    door = Door("bookings")

    @door.command("/bookings", may={BOOKINGS}, takes=wire.Booked, gives=wire.BookingAnswer)
    def post_booking(call: Call) -> Answer:
        """Report a booking of this branch: it wins the referral that brought it about, or takes a win back."""
        sent: wire.Booked = call.body
        told = Booking(
            booking_id=sent.booking_id,
            branch_id=call.actor.branch_id,
            product=sent.product,
            product_line=sent.product_line,
            amount_minor=sent.amount_minor,
            currency=sent.currency,
            booked_at=sent.booked_at,
            conditions=frozenset(sent.conditions),
            reverses=sent.reverses,
        )

        def answer(_work: Work, of: Referral | None) -> wire.BookingAnswer:
            settled = wire.Settled(id=of.id, state=str(of.state)) if of else None
            return wire.BookingAnswer(booking_id=sent.booking_id, referral=settled)

        return call.run(bookings.take_booking, bookings.TakeBooking(told, sent.customer_no), answer)

    return door


def _with_reason(call: Call, action: Callable[[Work, actions.WithReason], Referral]) -> Answer:
    return call.run(action, actions.WithReason(call.path["referral_id"], call.body.reason), _answer)


def _answer(work: Work, of: Referral) -> wire.ReferralAnswer:
    is_mine = of.accepted_at is not None and of.receiver_id == work.actor.id
    note = store.note_of(work.db, work.keys, of.id) if is_mine else None
    return wire.ReferralAnswer(referral=live.seen(Reader(work.db, work.keys), _told(of)), note=note)


def _told(of: Referral) -> dict[str, object]:
    return ReferralEvent(of.branch_id, of).data()


def _among(told: str | None, known: object, name: str) -> str | None:
    """A word of the query, if it is one that is known. Raises Invalid("unknown_filter") naming the field."""
    if told is None:
        return None
    assert isinstance(known, list | tuple)
    if told not in known:
        raise Invalid("unknown_filter", field=name, known=list(known))
    return told
