"""Visits of a kiosk that was alone, on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, RootModel, StringConstraints

from lobby_server.branch.rules import ServiceType
from lobby_server.doors.reading import Code, Id, Language, Wire
from lobby_server.kernel.clock import from_wire
from lobby_server.kernel.errors import Invalid
from lobby_server.visits.actions.offline import Merged, OfflineVisit

OFFLINE_VISITS_MAX = 100  # half an hour of a busy kiosk, and a fraction of what a body may hold
# A kiosk's own series is K and two digits; its numbers have three, of which 000 is none.
NUMBER = r"^K(0[1-9]|[1-9][0-9])-([0-9]{2}[1-9]|[0-9][1-9]0|[1-9]00)$"


def _day(text: object) -> object:
    return date.fromisoformat(text) if isinstance(text, str) else text


def _moment(text: object) -> object:
    return from_wire(text) if isinstance(text, str) else text


class OfflineVisitSent(Wire):
    """One visit that got its number from the kiosk itself."""

    visit_id: Id
    number: Annotated[str, StringConstraints(pattern=NUMBER)]
    business_day: Annotated[date, BeforeValidator(_day)]
    arrived_at: Annotated[datetime, BeforeValidator(_moment)]
    service_type: Code
    language: Language = "zh-CN"


class OfflineVisits(RootModel[list[OfflineVisitSent]]):
    """What a kiosk did alone, oldest first."""

    model_config = ConfigDict(strict=True, frozen=True)

    root: Annotated[list[OfflineVisitSent], Field(min_length=1, max_length=OFFLINE_VISITS_MAX)]


class MergedSeen(Wire):
    """What became of one: `taken` means that another customer has its number, or another visit its id."""

    visit_id: str
    number: str
    state: Literal["waiting", "expired", "known", "taken"]


class OfflineVisitsMerged(Wire):
    """What became of each, in the order in which they were sent."""

    merged: list[MergedSeen]


def offline_visits(sent: OfflineVisits, types: Mapping[str, ServiceType]) -> list[OfflineVisit]:
    """Them as values. Raises Invalid("unknown_service_type")."""
    unknown = sorted({each.service_type for each in sent.root} - types.keys())
    if unknown:
        raise Invalid("unknown_service_type", known=sorted(types))
    return [
        OfflineVisit(
            visit_id=each.visit_id,
            series=each.number[:-3],
            ordinal=int(each.number[-3:]),
            business_day=each.business_day,
            arrived_at=each.arrived_at,
            service_type=types[each.service_type],
            language=each.language,
        )
        for each in sent.root
    ]


def merged_seen(merged: Sequence[Merged]) -> OfflineVisitsMerged:
    """The answer."""
    return OfflineVisitsMerged(merged=[MergedSeen(**vars(each)) for each in merged])
