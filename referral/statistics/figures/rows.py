"""What a figure looked at, one by one, from the same facts that its sums are made of."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from referral.statistics.figures import STEPS, Came, Referred, depths
from referral.statistics.figures.hall import Task, Waited
from referral.statistics.rules import Period


@dataclass(frozen=True)
class Row:
    """One thing that a figure looked at. `counts`: whether it is among those that the figure counts.

    `id` is a visit's, a ticket's, a referral's or a credit's; `what` and `ended` are told where the thing is a task.
    """

    id: str
    counts: bool
    what: str | None = None
    ended: str | None = None
    waited_s: int | None = None


def step_rows(came: Collection[Came], referred: Collection[Referred], step: str) -> list[Row]:
    """The visits that came at least to the step before; those that took this step count."""
    at, reached = STEPS.index(step), depths(came, referred)
    return [Row(each.visit_id, reached[each.visit_id] >= at) for each in came if reached[each.visit_id] >= at - 1]


def wait_rows(waits: Collection[Waited], *, day: date | None = None, level: str | None = None) -> list[Row]:
    """The tickets that were called, of one day or one level where that is asked; those within the promise count."""
    return [
        Row(each.ticket_id, each.is_kept, waited_s=round(each.waited_s))
        for each in waits
        if day in (None, each.on) and level in (None, each.service_level)
    ]


def task_rows(tasks: Collection[Task], service_type: str | None = None) -> list[Row]:
    """Simple tasks; those that a machine did alone count."""
    return [
        Row(each.visit_id, each.is_done and not each.was_served, each.service_type, _ended(each))
        for each in tasks
        if service_type in (None, each.service_type)
    ]


def outcome_rows(tasks: Collection[Task], outcome: str) -> list[Row]:
    """Tasks at machines that ended so; `open` are those that are not over."""
    return [
        Row(each.visit_id, True, each.service_type, outcome)
        for each in tasks
        if each.at_machine and (each.outcome or "open") == outcome
    ]


def referral_rows(referred: Collection[Referred], period: Period, is_theirs: Callable[[Referred], bool]) -> list[Row]:
    """Referrals of the period's visits that have something in common; those that were won count."""
    return [Row(each.id, each.is_won) for each in referred if period.has(each.on) and is_theirs(each)]


def _ended(task: Task) -> str:
    if task.at_machine:
        return task.outcome or "open"
    return "at_window"
