"""What must be done to a database that was put back before anybody may use it."""

from __future__ import annotations

from lobby_server.kernel import event_log
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.staff import store as staff


def begin_new_epoch(house: House, copy_sha256: str) -> None:
    """Another history begins in every branch; screens start anew and nobody is signed in.

    Epochs are UUIDv7: a later one is greater, so that head office can tell which history is older.
    """
    with house.database.read() as db:
        branches = event_log.branches(db)
    for branch_id in branches:
        house.works.run(_begin, copy_sha256, system(branch_id))


def _begin(work: Work, copy_sha256: str) -> None:
    branch_id = work.actor.branch_id
    epoch = work.ids.new_id()
    event_log.begin_epoch(work.db, branch_id, epoch)
    # Whoever signed out, or was shut out, after the copy was made must not be in again.
    ended = staff.remove_all_sign_ins(work.db, branch_id)
    work.audit("restore", branch_id, epoch=epoch, copy_sha256=copy_sha256, sign_ins_ended=ended)
