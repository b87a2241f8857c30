"""What head office's programs read of a branch: its events, from any number on, in the words of the branch head."""

from __future__ import annotations

from typing import Any

from lobby_server.doors.reading import Wire
from lobby_server.doors.routes import Call, Door
from lobby_server.doors.who import EVENTS
from lobby_server.kernel import event_log
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.realtime.wording import Reader, Vocabulary

EVENTS_AT_ONCE_MAX = 500  # about 300 KB; whoever is a week behind asks some hundred times
EVENTS_AT_ONCE = 200
_AUDIENCE = "head"


class EventTold(Wire):
    """One event; `data` has the shape that `/asyncapi.json` gives for the branch head."""

    seq: int
    type: str
    at: str
    data: dict[str, Any]


class EventPage(Wire):
    """Events in order. Ask next with `after` as it stands here; at the end it equals `seq`."""

    epoch: str
    seq: int
    after: int
    events: list[EventTold]


def events_door(vocabulary: Vocabulary) -> Door:
    """The door of replay."""
    door = Door("events")

    @door.question("/events", may={EVENTS}, gives=EventPage)
    def get_events(call: Call) -> EventPage:
        """What happened after `after`, up to `limit`; 409 `epoch_changed` when `epoch` is of another history."""
        after, most = _number(call, "after", 0), _number(call, "limit", EVENTS_AT_ONCE)
        with call.house.database.read() as db:
            now = event_log.position(db, call.actor.branch_id)
            if call.query.get("epoch", now.epoch) != now.epoch or after > now.seq:
                raise Conflict("epoch_changed", epoch=now.epoch, seq=now.seq)
            found = event_log.read_after(db, call.actor.branch_id, after, min(max(most, 1), EVENTS_AT_ONCE_MAX))
            told = vocabulary.put(Reader(db, call.house.keys), _AUDIENCE, found)
        return EventPage(
            epoch=now.epoch,
            seq=now.seq,
            after=found[-1].seq if found else after,
            events=[EventTold(**each) for each in told],
        )

    return door


def _number(call: Call, name: str, otherwise: int) -> int:
    asked = call.query.get(name, str(otherwise))
    if not asked.isascii() or not asked.isdecimal() or len(asked) > 18:
        raise Invalid("invalid_fields", errors=[{"field": name, "code": "number"}])
    return int(asked)
