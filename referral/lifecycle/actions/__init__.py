"""What happens to a referral: logged, offered, taken, followed up, won or not. Each step is written down."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.branch.rules import next_opening
from lobby_server.customers import store as customers
from lobby_server.customers.rules import Customer
from lobby_server.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.staff import store as staff
from lobby_server.visits import store as visits
from lobby_server.visits.rules import Visit
from referral.lifecycle import events, store
from referral.lifecycle.actions.suiting import refuse_unsuitable
from referral.lifecycle.matching import Candidate, match
from referral.lifecycle.rules import (
    ACCEPT_WITHIN,
    ACCEPT_WITHIN_HERE,
    CONTACT_WITHIN_HERE,
    CONTACT_WITHIN_OPENING,
    LATE_AFTER,
    LOGGED_WITHIN,
    PROPOSE_WITHIN,
    QUALIFY_WITHIN,
    REFER_INTERNALLY,
    REFUSALS_MAX,
    RUNG_WITHIN,
    RUNG_WITHIN_HERE,
    RUNGS,
    Consent,
    Referral,
    ReferralState,
    next_state,
    protected_until,
)

OFFER_ENDS = "referral.offer_ends"
CONTACT_DUE = "referral.contact_due"
STEP_DUE = "referral.step_due"
RUNG_ENDS = "referral.rung_ends"
PROTECTION_ENDS = "referral.protection_ends"
_NO_ANSWER = "no_answer"


@dataclass(frozen=True)
class LogReferral:
    """A need that somebody heard on a visit, and what the customer agreed to."""

    visit_id: str
    product_line: str
    need: str | None
    note: str | None
    purpose: str
    wording_version: str
    channel: str
    wished_receiver: str | None = None


def log_referral(work: Work, request: LogReferral) -> Referral:
    """Log a referral and offer it at once. The first valid one for a customer and product line holds.

    Raises NotFound("visit"), Invalid("consent_missing"), Invalid("customer_unknown"), Invalid("too_late") a day
    after the visit, Invalid("conflict_of_interest") for oneself and one's family, Invalid("do_not_contact"),
    Conflict("duplicate") naming the first.
    """
    visit = visits.find(work.db, work.actor.branch_id, request.visit_id)
    if visit is None:
        raise NotFound("visit")
    if request.purpose != REFER_INTERNALLY:
        raise Invalid("consent_missing", purpose=REFER_INTERNALLY)
    if visit.customer_id is None:
        raise Invalid("customer_unknown")
    over_for = work.now - visit.left_at if visit.left_at else timedelta()
    if over_for > LOGGED_WITHIN:
        raise Invalid("too_late")
    # From here on whoever head office says they are: the visit may have begun as a prospect's.
    customer_id = store.lock_customer(work.db, visit.customer_id)
    if work.actor.id in store.kin_of(work.db, customer_id):
        raise Invalid("conflict_of_interest", audited=True)
    known = customers.find(work.db, work.keys, customer_id)
    if known is None or known.do_not_contact:
        raise Invalid("do_not_contact")
    _refuse_second(work, customer_id, request.product_line)
    new = _new(work, request, visit, customer_id, is_late=over_for > LATE_AFTER)
    store.add(work.db, work.keys, new, request.note)
    created = _write_step(work, new, "log", None, events.ReferralCreated, None)
    work.due(new.branch_id, new.protected_until, PROTECTION_ENDS, new.id)
    return _offer(work, created, visit)


def _refuse_second(work: Work, customer_id: str, product_line: str) -> None:
    """A claim whose time is over ends now; one that holds is named to whoever comes second."""
    first = store.live_claim(work.db, customer_id, product_line)
    if first is None:
        return
    if first.protected_until <= work.now:
        end(work, first, "expire", events.ReferralExpired)
        return
    facts: dict[str, object] = {"since": first.created_at.isoformat()}
    if first.branch_id == work.actor.branch_id:
        who = staff.named(work.db, work.keys, [first.referrer_id])[first.referrer_id]
        facts["first"] = {"id": first.id, "referrer": {"staff_no": who.staff_no, "name": who.name}}
    raise Conflict("duplicate", audited=True, **facts)


def _new(work: Work, request: LogReferral, visit: Visit, customer_id: str, *, is_late: bool) -> Referral:
    wished = (
        staff.find(work.db, work.keys, visit.branch_id, request.wished_receiver) if request.wished_receiver else None
    )
    return Referral(
        id=work.ids.new_id(),
        branch_id=visit.branch_id,
        visit_id=visit.id,
        customer_id=customer_id,
        product_line=request.product_line,
        need=request.need,
        state=ReferralState.CREATED,
        referrer_id=work.actor.id,
        receiver_id=work.actor.id,
        created_at=work.now,
        protected_until=protected_until(request.product_line, work.now),
        is_late_entry=is_late,
        consent=Consent(request.purpose, request.wording_version, request.channel, work.actor.id, work.now),
        wished_receiver=wished[0].id if wished else None,
    )


# ---- Offering -----------------------------------------------------------------------------------------------------


def _offer(work: Work, of: Referral, visit: Visit | None) -> Referral:
    """Ask the best colleague who was not asked yet; after three refusals, or with nobody left, whoever will."""
    known = customers.find(work.db, work.keys, of.customer_id)
    asked = {of.referrer_id, *of.refused_by}
    able = who_may_take(work.db, of.branch_id, of.product_line, known, asked, work.now) if known else []
    found = match(able, of.wished_receiver, f"{of.id}/{len(of.refused_by)}")
    is_here = visit is not None and visit.left_at is None
    if found is None or len(of.refused_by) >= REFUSALS_MAX:
        work.no_longer_due(OFFER_ENDS, of.id)
        work.due(of.branch_id, work.now + (RUNG_WITHIN_HERE if is_here else RUNG_WITHIN), RUNG_ENDS, of.id)
        nobody = {"offered_to": None, "offered_at": None, "presence": None, "sent_to_branch": None}
        rung = of.escalated_to or RUNGS[0]
        return _move(work, of, "decline", events.ReferralDeclined, **nobody, escalated_to=rung)
    return offer_to(work, of, found.staff_id, found, is_here=is_here)


def who_may_take(
    db: sa.Connection, branch_id: str, product_line: str, customer: Customer, without: Collection[str], now: datetime
) -> list[Candidate]:
    """Whom the matcher may choose from: nobody of the customer's family, and none of `without`."""
    barred = {*without, *store.kin_of(db, customer.id)}
    present = set(staff.on_duty(db, branch_id, "rm", now))
    return store.candidates(db, branch_id, product_line, barred, customer.owner_staff_no, present, now)


def offer_to(
    work: Work, of: Referral, staff_id: str, why: object, *, is_here: bool, branch_id: str | None = None
) -> Referral:
    """It is this person's turn, for three minutes while the customer is here, else for four hours."""
    offered = _move(
        work,
        of,
        "offer",
        events.ReferralOffered,
        why,
        offered_to=staff_id,
        offered_at=work.now,
        reason=None,
        presence=None,
        sent_to_branch=branch_id,
    )
    work.no_longer_due(RUNG_ENDS, of.id)
    work.due(of.branch_id, work.now + (ACCEPT_WITHIN_HERE if is_here else ACCEPT_WITHIN), OFFER_ENDS, of.id)
    return offered


def accept(work: Work, referral_id: str) -> Referral:
    """Take a referral that was offered to me, or that nobody would take: from now on I answer for it.

    Accepting again changes nothing. Raises NotFound("referral"), Conflict("offered_to_another"), Conflict("changed"),
    Conflict("conflict_of_interest") where the customer is family, Invalid("not_licensed") for the product line.
    """
    of = found_referral(work, referral_id)
    if of.state is ReferralState.ACCEPTED and of.receiver_id == work.actor.id:
        return of
    if of.state is ReferralState.OFFERED and of.offered_to != work.actor.id:
        raise Conflict("offered_to_another")
    if of.referrer_id == work.actor.id:
        raise Conflict("own_referral")
    if work.actor.id in store.kin_of(work.db, of.customer_id):
        raise Conflict("conflict_of_interest", audited=True)
    if not store.is_licensed(work.db, work.actor.id, of.product_line):
        raise Invalid("not_licensed", audited=True)
    mine = {"receiver_id": work.actor.id, "accepted_at": work.now, "offered_to": None, "escalated_to": None}
    accepted = _move(work, of, "accept", events.ReferralAccepted, **mine)
    work.no_longer_due(OFFER_ENDS, of.id)
    work.no_longer_due(RUNG_ENDS, of.id)
    visit = visits.find(work.db, of.branch_id, of.visit_id)
    work.due(of.branch_id, work.now + _contact_within(work, of, visit), CONTACT_DUE, of.id)
    return accepted


def _contact_within(work: Work, of: Referral, visit: Visit | None) -> timedelta:
    """Ten minutes while the customer is here; else by the end of the branch's next day."""
    if visit is not None and visit.left_at is None and of.sent_to_branch is None:
        return CONTACT_WITHIN_HERE
    branch = branches.find_branch(work.db, of.branch_id)
    assert branch is not None
    opening = next_opening(branch.calendar, work.now) or work.now
    return opening - work.now + CONTACT_WITHIN_OPENING


@dataclass(frozen=True)
class WithReason:
    """A referral, and why."""

    referral_id: str
    reason: str


def decline(work: Work, request: WithReason) -> Referral:
    """Not for me: the next one is asked. Raises Conflict("offered_to_another") unless it is my turn."""
    of = found_referral(work, request.referral_id)
    if of.state is not ReferralState.OFFERED or of.offered_to != work.actor.id:
        raise Conflict("offered_to_another")
    return _ask_next(work, of, work.actor.id, request.reason)


def end_offer(work: Work, referral_id: str) -> None:
    """The later deed `OFFER_ENDS`: who did not answer in time is taken to decline."""
    of = store.lock(work.db, work.actor.branch_id, referral_id)
    if of is not None and of.state is ReferralState.OFFERED and of.offered_to is not None:
        _ask_next(work, of, of.offered_to, _NO_ANSWER)


def end_acceptance(work: Work, referral_id: str) -> None:
    """The later deed `CONTACT_DUE`: no contact in time, so another is asked. The referrer's credit is untouched."""
    of = store.lock(work.db, work.actor.branch_id, referral_id)
    if of is not None and of.state is ReferralState.ACCEPTED:
        freed = replace(of, receiver_id=of.referrer_id, accepted_at=None)
        _ask_next(work, freed, of.receiver_id, "no_contact")


def _ask_next(work: Work, of: Referral, refused_by: str, reason: str) -> Referral:
    asked = replace(of, refused_by=(*of.refused_by, refused_by), reason=reason)
    return _offer(work, asked, visits.find(work.db, of.branch_id, of.visit_id))


# ---- Following up -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contact:
    """How the receiver met the customer: `lobby`, `call` or `video`."""

    referral_id: str
    evidence: str


def contact(work: Work, request: Contact) -> Referral:
    """I spoke with the customer. Raises Forbidden("not_yours") for anybody but the receiver.

    Where head office knows that the customer wants none of it any more, it is withdrawn instead.
    """
    of = _mine(work, request.referral_id)
    if _is_withdrawn(work, of):
        return withdraw_now(work, of)
    moved = _move(work, of, "contact", events.ReferralContacted, {"met": request.evidence})
    work.no_longer_due(CONTACT_DUE, of.id)
    work.due(of.branch_id, work.now + QUALIFY_WITHIN, STEP_DUE, of.id)
    return moved


def qualify(work: Work, referral_id: str) -> Referral:
    """The need is real. Raises Forbidden("not_yours"), Invalid("rating_missing"), Invalid("rating_expired")."""
    of = _mine(work, referral_id)
    refuse_unsuitable(work, of, "qualify")
    moved = _move(work, of, "qualify", events.ReferralQualified)
    work.due(moved.branch_id, work.now + PROPOSE_WITHIN, STEP_DUE, moved.id)
    return moved


def propose(work: Work, referral_id: str) -> Referral:
    """The customer has a proposal.

    Raises Forbidden("not_yours"), and Invalid as `qualify` does, with "line_not_sold" and "not_suitable" besides.
    """
    of = _mine(work, referral_id)
    refuse_unsuitable(work, of, "propose")
    moved = _move(work, of, "propose", events.ReferralProposed)
    work.no_longer_due(STEP_DUE, moved.id)
    return moved


def lose(work: Work, request: WithReason) -> Referral:
    """It came to nothing. Raises Forbidden("not_yours")."""
    return end(work, _mine(work, request.referral_id), "lose", events.ReferralLost, reason=request.reason)


def withdraw(work: Work, referral_id: str) -> Referral:
    """The customer takes the consent back: it stops at once, and what was written of them is taken away."""
    return withdraw_now(work, found_referral(work, referral_id))


def _is_withdrawn(work: Work, of: Referral) -> bool:
    """Whether head office has heard since that the customer takes it back, or is not to be contacted."""
    known = customers.find(work.db, work.keys, of.customer_id)
    if known is None or known.do_not_contact:
        return True
    since = of.consent.taken_at
    mine = (each.revoked_at for each in known.consents if each.purpose == REFER_INTERNALLY)
    return any(revoked_at is not None and revoked_at > since for revoked_at in mine)


def withdraw_now(work: Work, of: Referral) -> Referral:
    """Stop it, and take away what was written."""
    revoked = replace(of, consent=replace(of.consent, revoked_at=work.now))
    gone = end(work, revoked, "withdraw", events.ReferralWithdrawn)
    store.redact(work.db, of.id)
    return gone


def expire(work: Work, referral_id: str) -> None:
    """The later deed `PROTECTION_ENDS`."""
    of = store.lock(work.db, work.actor.branch_id, referral_id)
    if of is not None and of.state.is_live:
        end(work, of, "expire", events.ReferralExpired)


def warn(work: Work, referral_id: str) -> None:
    """The later deed `STEP_DUE`: the next step was not done in its time."""
    of = store.lock(work.db, work.actor.branch_id, referral_id)
    if of is not None and of.state in (ReferralState.CONTACTED, ReferralState.QUALIFIED):
        work.audit("warn_of_overdue", of.id, branch_id=of.branch_id, state=str(of.state))
        work.record(events.ReferralOverdue(of.branch_id, of))


# ---- Steps --------------------------------------------------------------------------------------------------------

Happened = Callable[[str, Referral], events.ReferralEvent]


def end(work: Work, of: Referral, deed: str, happened: Happened, **changes: object) -> Referral:
    """A step after which nothing is due any more."""
    ended = _move(work, of, deed, happened, **{"offered_to": None, **changes})
    for kind in (OFFER_ENDS, RUNG_ENDS, CONTACT_DUE, STEP_DUE, PROTECTION_ENDS):
        work.no_longer_due(kind, of.id)
    return ended


def _move(
    work: Work, of: Referral, deed: str, happened: Happened, evidence: object | None = None, **changes: object
) -> Referral:
    """Carry out one transition. Raises Conflict("changed") with the state that the referral is in."""
    state = next_state(of.state, deed)
    if state is None:
        raise Conflict("changed", state=str(of.state))
    moved = replace(of, state=state, step_count=of.step_count + 1, **changes)  # type: ignore[arg-type]
    store.save(work.db, moved)
    _write_step(work, moved, deed, of.state, happened, evidence)
    for branch_id in sorted({of.sent_to_branch, moved.sent_to_branch} - {None}, key=str):
        work.record(events.ReferralSentHere(str(branch_id), moved))
    return moved


def _write_step(
    work: Work, of: Referral, deed: str, before: ReferralState | None, happened: Happened, evidence: object | None
) -> Referral:
    store.add_step(work.db, of, deed, before, work.actor.label, work.now, evidence)
    facts: Mapping[str, object] = {"state": str(of.state), "step": of.step_count}
    work.audit(f"{deed}_referral", of.id, branch_id=of.branch_id, **facts)
    work.record(happened(of.branch_id, of))
    return of


def found_referral(work: Work, referral_id: str) -> Referral:
    of = store.lock(work.db, work.actor.branch_id, referral_id, work.actor.id)
    if of is None:
        raise NotFound("referral")
    return of


def _mine(work: Work, referral_id: str) -> Referral:
    of = found_referral(work, referral_id)
    if of.accepted_at is None or of.receiver_id != work.actor.id:
        raise Forbidden("not_yours", audited=True)
    return of
