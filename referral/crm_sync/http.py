"""The doors of the road to head office: how it stands, what is stuck, and trying it again."""

from __future__ import annotations

from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN, HEAD
from lobby_server.kernel.work import Work
from referral.crm_sync import actions, connectors, store, wire

_MENDERS = {HEAD, ADMIN}

door = Door("crm_sync")


@door.question("/head-office/road", may=_MENDERS, gives=wire.RoadSeen)
def get_head_office_road(call: Call) -> wire.RoadSeen:
    """What waits for head office, since when, and what it will not take."""
    branch_id, setting = call.actor.branch_id, call.house.settings.head_office
    url = connectors.record_url(setting)
    with call.house.database.read() as db:
        line, backlog = store.look_at_line(db, branch_id), store.backlog(db, branch_id)
        parked = [wire.parked_seen(row, waiting) for row, waiting in store.parked(db, branch_id)]
        latest = [wire.confirmed_seen(row, url) for row in store.latest(db, branch_id)]
    return wire.road_seen(connectors.name_of(setting), line, backlog, parked, latest)


@door.command("/head-office/parked/{outbox_id}/release", may=_MENDERS, gives=wire.ReleasedSeen)
def post_parked_release(call: Call) -> Answer:
    """Try a parked step again, once what stood in the way is mended."""
    return call.run(actions.release, call.path["outbox_id"], _released)


@door.command("/head-office/compare", may=_MENDERS, gives=wire.AskedSeen)
def post_head_office_compare(call: Call) -> Answer:
    """Compare both sides now, and tell again what is not there."""
    return call.run(actions.ask_to_compare, None, _asked)


def _released(_work: Work, outbox_id: str) -> wire.ReleasedSeen:
    return wire.ReleasedSeen(id=outbox_id)


def _asked(_work: Work, branch_id: str) -> wire.AskedSeen:
    return wire.AskedSeen(branch=branch_id)
