"""The branch server is back: what the kiosk did alone is handed in, oldest first, however often it takes."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence

from kiosk.agent.alone import Alone, CannotIssue, Taken, for_the_branch
from kiosk.agent.server import Away, BranchServer, Refused, Unproven

log = logging.getLogger(__name__)

AT_ONCE_MAX = 50  # half of what the branch takes
PATH = "/offline-visits"


async def hand_in(server: BranchServer, alone: Alone) -> bool:
    """Whether the branch took anything over. Raises Away, and Unproven when this kiosk may not come in.

    What the branch refuses stays here and is counted as unsent, so that somebody looks; it does not hold up the rest.
    """
    is_any = False
    unsent = alone.unsent()
    for at in range(0, len(unsent), AT_ONCE_MAX):
        part = unsent[at : at + AT_ONCE_MAX]
        try:
            merged = await _send(server, alone, part)
        except Unproven:
            raise
        except Refused:
            merged = await _one_by_one(server, alone, part)
        is_any = is_any or merged
    return is_any


async def _one_by_one(server: BranchServer, alone: Alone, part: Sequence[Taken]) -> bool:
    is_any = False
    for each in part:
        try:
            is_any = await _send(server, alone, [each]) or is_any
        except Unproven:
            raise
        except Refused as error:
            log.error("ticket_not_taken_over", extra={"facts": {"number": each.number, "why": str(error)}})
    return is_any


async def _send(server: BranchServer, alone: Alone, part: Sequence[Taken]) -> bool:
    answer = await server.post_as_device(PATH, [dict(for_the_branch(each)) for each in part], str(uuid.uuid4()))
    try:
        merged = [(each["visit_id"], each["number"], each["state"]) for each in answer["merged"]]
    except (LookupError, TypeError):
        raise Away("answer") from None
    for _visit_id, number, state in merged:
        if state == "taken":
            log.error("number_taken", extra={"facts": {"number": number}})
    try:
        alone.note_sent([visit_id for visit_id, _number, _state in merged])
    except CannotIssue:
        # A full disk: the branch has them, and says so again when they are sent again.
        log.warning("sent_not_noted")
    return True
