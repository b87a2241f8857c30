"""Head office's list of who is family: such a customer is neither referred nor taken by that colleague."""

from __future__ import annotations

from dataclasses import dataclass

from lobby_server.customers.store import NUMBER
from lobby_server.kernel import feeds
from lobby_server.kernel.feeds import Difference, Outcome, TakeFeed
from lobby_server.kernel.work import Work
from referral.lifecycle import store

_Kinship = tuple[str, str, bytes]


@dataclass(frozen=True)
class Kin:
    """A colleague, and the number of a customer who is they themselves or family."""

    branch_id: str
    staff_no: str
    customer_no: str


def take_kin(work: Work, request: TakeFeed[Kin]) -> Outcome:
    """Kinships as head office states them. Raises what `feeds.take` raises."""

    def enter(difference: Difference[_Kinship, bool]) -> None:
        store.put_kin(work.db, difference.added, difference.gone)

    told = {
        (each.branch_id, each.staff_no, work.keys.index(each.customer_no, NUMBER)): True for each in request.file.lines
    }
    return feeds.take(work, request, dict.fromkeys(store.all_kin(work.db), True), told, enter)
