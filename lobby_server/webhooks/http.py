"""The doors of webhooks, for the administrator."""

from __future__ import annotations

from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN
from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.event_log import position
from lobby_server.kernel.outward import BadPlace, Place
from lobby_server.kernel.work import Work
from lobby_server.webhooks import actions, store, wire
from lobby_server.webhooks.rules import parts_of

door = Door("webhooks")


@door.question("/webhooks", may={ADMIN}, gives=wire.WebhookList)
def get_webhooks(call: Call) -> wire.WebhookList:
    """Who hears the branch's events, and up to which."""
    with call.house.database.read() as db:
        found = store.listed(db, call.actor.branch_id)
        now = position(db, call.actor.branch_id)
    return wire.WebhookList(seq=now.seq, webhooks=[wire.webhook_seen(each) for each in found])


@door.command("/webhooks", may={ADMIN}, takes=wire.NewWebhook, gives=wire.AddedSeen, http_code=201)
def post_webhook(call: Call) -> Answer:
    """Let an address hear everything that happens from now on."""
    try:
        place, _path = parts_of(call.body.url)
        Place(place, call.house.settings.webhook_networks).check()
    except BadPlace as refused:
        raise Invalid("bad_place") from refused
    return call.run(actions.add_webhook, call.body.url, _added)


@door.command("/webhooks/{webhook_id}/remove", may={ADMIN}, gives=wire.ChangedSeen)
def post_webhook_remove(call: Call) -> Answer:
    """Tell it nothing any more."""
    return call.run(actions.remove_webhook, call.path["webhook_id"], _changed)


@door.command("/webhooks/{webhook_id}/replay", may={ADMIN}, takes=wire.From, gives=wire.ChangedSeen)
def post_webhook_replay(call: Call) -> Answer:
    """Tell it everything after a number again."""
    return call.run(actions.replay, actions.Replay(call.path["webhook_id"], call.body.after), _changed)


def _added(_work: Work, added: actions.Added) -> wire.AddedSeen:
    return wire.AddedSeen(id=added.webhook.id, secret=added.secret)


def _changed(_work: Work, webhook_id: str) -> wire.ChangedSeen:
    return wire.ChangedSeen(id=webhook_id)
