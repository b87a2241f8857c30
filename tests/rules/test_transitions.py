"""What may befall a ticket in each of its states: the whole table, cell by cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from lobby_server.queue.rules import TRANSITIONS, TicketState, next_state

DEEDS = (
    "call",
    "recall",
    "start",
    "finish",
    "miss",
    "park",
    "transfer",
    "delay",
    "resume",
    "cancel",
    "hold",
    "reinstate",
)


def test_every_cell_is_as_the_golden_table_says(golden: Callable[[str, str], None]) -> None:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["state", *DEEDS])
    for state in TicketState:
        writer.writerow([state, *(next_state(state, deed) or "refused" for deed in DEEDS)])
    golden("ticket_transitions.csv", table.getvalue())


def test_there_is_no_deed_that_the_table_does_not_show() -> None:
    assert set(TRANSITIONS) == set(DEEDS)
    for deed in ("", "Call", "undo"):
        with pytest.raises(KeyError):
            next_state(TicketState.WAITING, deed)


def test_what_is_over_stays_over_but_for_a_cancellation_taken_back_at_once() -> None:
    assert TRANSITIONS["reinstate"] == {TicketState.CANCELLED: TicketState.WAITING}
    for state in TicketState:
        leads_on = any(next_state(state, deed) for deed in DEEDS if deed != "reinstate")
        assert leads_on is not state.is_over


def test_every_state_can_be_reached() -> None:
    assert {after for leads in TRANSITIONS.values() for after in leads.values()} == set(TicketState)


def test_a_point_is_busy_with_whom_it_called_until_they_are_done() -> None:
    assert {state for state in TicketState if state.is_at_point} == {TicketState.CALLED, TicketState.IN_SERVICE}
