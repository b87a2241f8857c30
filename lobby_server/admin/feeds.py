"""Which files head office may send, how each is read, and who takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lobby_server.admin.signatures import check_signature
from lobby_server.appointments.actions import take_appointments
from lobby_server.appointments.wire import read_appointment_file
from lobby_server.branch.actions.settings import take_services
from lobby_server.branch.wire.services import read_services_file
from lobby_server.customers.actions import take_portfolios
from lobby_server.customers.actions.feed import take_customer_file
from lobby_server.customers.wire import read_customer_file, read_portfolio_file
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.errors import Refusal
from lobby_server.kernel.feeds import DryRun, FeedFile, Outcome, TakeFeed
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.recommend.actions import take_campaigns, take_products
from lobby_server.recommend.wire import read_campaign_file, read_product_file
from lobby_server.staff.actions import take_staff
from lobby_server.staff.wire import read_staff_file
from referral.incentives.actions.guarding import take_guard
from referral.incentives.actions.plans import take_plans
from referral.incentives.wire import read_plan_file
from referral.incentives.wire.guard import read_guard_file
from referral.lifecycle.actions.kin import take_kin
from referral.lifecycle.wire import read_kin_file


@dataclass(frozen=True)
class Kind:
    """One kind of file, and the two things that are done with it."""

    read: Callable[[bytes], FeedFile[Any]]
    take: Callable[[House, TakeFeed[Any], Actor], Outcome]


def _at_once(action: Callable[[Work, TakeFeed[Any]], Outcome]) -> Callable[[House, TakeFeed[Any], Actor], Outcome]:
    """A file that is small enough for one transaction."""

    def run(house: House, request: TakeFeed[Any], actor: Actor) -> Outcome:
        try:
            return house.works.run(action, request, actor)
        except DryRun as dry:
            return dry.outcome

    return run


def _signed(
    take: Callable[[House, TakeFeed[Any], Actor], Outcome], *, always: bool = False
) -> Callable[[House, TakeFeed[Any], Actor], Outcome]:
    """A file that is taken only with head office's signature: where its keys are known, or always."""

    def run(house: House, request: TakeFeed[Any], actor: Actor) -> Outcome:
        try:
            check_signature(house.settings.secrets, request.file, always=always)
        except Refusal as refusal:
            house.works.note_refusal(refusal, f"import_{request.file.mark.feed}", actor)
            raise
        return take(house, request, actor)

    return run


KINDS: Mapping[str, Kind] = {
    "customers": Kind(read_customer_file, take_customer_file),
    "staff": Kind(read_staff_file, _at_once(take_staff)),
    "guard": Kind(read_guard_file, _signed(_at_once(take_guard), always=True)),
    "plans": Kind(read_plan_file, _signed(_at_once(take_plans))),
    "portfolios": Kind(read_portfolio_file, _at_once(take_portfolios)),
    "services": Kind(read_services_file, _at_once(take_services)),
    "appointments": Kind(read_appointment_file, _at_once(take_appointments)),
    "products": Kind(read_product_file, _at_once(take_products)),
    "kin": Kind(read_kin_file, _at_once(take_kin)),
    "campaigns": Kind(read_campaign_file, _at_once(take_campaigns)),
}


@dataclass(frozen=True)
class Import:
    """A file as it lies there, and what its bringer says about it."""

    kind: str
    raw: bytes
    is_dry: bool = False
    may_shrink: bool = False


def take(house: House, request: Import, actor: Actor) -> Outcome:
    """Take a file, all or nothing. Raises what its reader and its room raise."""
    kind = KINDS[request.kind]
    return kind.take(house, TakeFeed(kind.read(request.raw), request.is_dry, request.may_shrink), actor)
