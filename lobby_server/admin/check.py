"""`branch-lobby check`: every invariant that the product promises, asked of the database itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from lobby_server.admin import erasing
from lobby_server.kernel import audit, event_log
from lobby_server.kernel.privacy import Keyring
from lobby_server.queue.store import checks as queue_checks
from lobby_server.visits.store import checks as visit_checks
from referral.crm_sync import store as crm_store
from referral.incentives.store import checks as ledger_checks

Anchor = tuple[str, int, bytes]


def run_checks(db: sa.Connection, keys: Keyring, anchors: Sequence[Anchor] = ()) -> Mapping[str, list[str]]:
    """Each invariant with what breaks it; all lists are empty in a sound branch.

    `anchors` of the ledger were kept elsewhere: branch, number of a journal and its hash.
    """
    kept = [fault for each in anchors for fault in ledger_checks.anchor_faults(db, *each)]
    return {
        "numbering": queue_checks.numbering_faults(db),
        "single_call": queue_checks.single_call_faults(db),
        "overtake_cap": queue_checks.overtake_cap_faults(db),
        "one_place": visit_checks.one_place_faults(db),
        "event_sequence": event_log.faults(db),
        "audit_chain": audit.faults(db, keys.audit_key),
        "ledger": ledger_checks.faults(db, keys),
        "outbox": crm_store.faults(db),
        "erasures": erasing.faults(db, keys.own),
        "integrity": _integrity(db),
        **({"ledger_anchors": kept} if anchors else {}),
    }


def _integrity(db: sa.Connection) -> list[str]:
    """SQLite's own check of its file; PostgreSQL checks its pages itself."""
    if db.dialect.name != "sqlite":
        return []
    found = [row[0] for row in db.exec_driver_sql("PRAGMA integrity_check")]
    found += [f"foreign key of {row[0]}" for row in db.exec_driver_sql("PRAGMA foreign_key_check")]
    return [each for each in found if each != "ok"]
