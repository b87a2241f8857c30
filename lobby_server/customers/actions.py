"""Taking what head office says of its customers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lobby_server.customers import store
from lobby_server.customers.rules import Customer, CustomerFile, Described
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.work import Work

FEED = "customers"


@dataclass(frozen=True)
class Taken:
    """What a file did, or with a dry run would do."""

    added: int
    changed: int
    is_known: bool


class DryRun(Exception):
    """Carries the outcome out of a transaction that must not be kept."""

    def __init__(self, taken: Taken) -> None:
        super().__init__()
        self.taken = taken


@dataclass(frozen=True)
class TakeFile:
    """A file that was read whole; with `is_dry` nothing is kept."""

    file: CustomerFile
    is_dry: bool = False


def take_customer_file(work: Work, request: TakeFile) -> Taken:
    """Enter and change customers, all or nothing. The same file again changes nothing.

    Raises Conflict("file_older") for a file of a day before the newest one taken, Conflict("ref_taken")
    for handles that belong to other customers, DryRun for a dry run.
    """
    file = request.file
    if store.is_taken(work.db, FEED, file.sha256):
        return Taken(0, 0, is_known=True)
    newest = store.newest_taken(work.db, FEED)
    if newest is not None and file.as_of < newest:
        raise Conflict("file_older", newest=newest.isoformat(), as_of=file.as_of.isoformat())
    described = {
        work.keys.index(each.customer_no, store.NUMBER): _customer(each, file, work.ids.new_id())
        for each in file.customers
    }
    held = store.numbers_by_ref(work.db, {each.ref for each in described.values()})
    taken_refs = sum(held.get(each.ref, index) != index for index, each in described.items())
    if taken_refs:
        raise Conflict("ref_taken", count=taken_refs)
    known = store.ids_by_number(work.db, described.keys())
    added = [each for index, each in described.items() if index not in known]
    changed = [replace(described[index], id=customer_id) for index, customer_id in known.items()]
    store.add_all(work.db, work.keys, added)
    for each in changed:
        store.change(work.db, work.keys, each)
    store.replace_tags(work.db, [*added, *changed])
    store.note_taken(work.db, FEED, file.sha256, file.as_of, len(file.customers))
    work.audit("take_customer_file", file.sha256[:16], added=len(added), changed=len(changed))
    taken = Taken(len(added), len(changed), is_known=False)
    if request.is_dry:
        raise DryRun(taken)
    return taken


def _customer(described: Described, file: CustomerFile, customer_id: str) -> Customer:
    return Customer(
        id=customer_id,
        customer_no=described.customer_no,
        ref=described.ref,
        name=described.name,
        tier=described.tier,
        tier_as_of=file.as_of,
        tags=described.tags,
    )
