"""Which way is better for this visit: a machine, a window or an adviser. Pure: the same facts, the same answer.

A machine is chosen only where the task allows it, one that is alive and free stands there now, and a person is not
the better service. Everybody may still choose otherwise: what they choose themselves is held only against what the
task and the machines allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lobby_server.branch.rules import BY_ADVISER, PROMISES, ServiceType
from lobby_server.recommend.rules import Reason
from lobby_server.visits.rules import ServiceLevel

SELF_SERVICE, TICKET, ADVISER = "self_service", "ticket", "adviser"

PARTY_AT_MACHINE_MAX = 2  # more people do not fit before a screen, and mostly bring a matter to talk about
MACHINE_LANGUAGES = frozenset({"zh-CN", "en"})  # what the machines' own screens speak


@dataclass(frozen=True)
class Fleet:
    """The machines of one kind in a branch: how many are alive, and how many of those are free."""

    alive: int = 0
    free: int = 0


@dataclass(frozen=True)
class Facts:
    """All that the choice looks at.

    `promise_s`: how long this visit may wait. `wait_s`: in half of the cases the wait for this service's windows is
    shorter; None when nobody can say. `lobby_is_there`: a lobby manager is signed in who is not taking care of
    somebody. `is_chosen`: the customer asked for a machine.
    """

    service_type: ServiceType
    level: ServiceLevel = ServiceLevel.ORDINARY
    promise_s: int = PROMISES[ServiceLevel.ORDINARY].wait_s
    party_size: int = 1
    language: str = "zh-CN"
    needs_help: bool = False
    machines: Mapping[str, Fleet] = field(default_factory=dict)
    wait_s: int | None = None
    is_open: bool = True
    lobby_is_there: bool = True
    is_chosen: bool = False


@dataclass(frozen=True)
class Choice:
    """The better way, the kind of machine when it is one, and why: a code and the facts of its sentence."""

    route: str
    device_kind: str | None
    reason: Reason


def choose_route(facts: Facts) -> Choice:
    """The better way for this visit.

    Reasons: `adviser_only`, `counter_only`, `no_machine`, `machines_busy`, `lobby_manager_needed`, `asked_for`,
    `needs_a_person`, `party`, `language`, `closed`, `window_in_time`, `wait_is_longer`, `machine_free`.
    """
    service = facts.service_type
    if service.by == BY_ADVISER:
        return Choice(ADVISER, None, Reason("adviser_only", {}))
    if not service.self_service:
        return _window("counter_only")
    kind, why_not = _machine(facts)
    if kind is None:
        return _window(why_not)
    if facts.is_chosen:
        return Choice(SELF_SERVICE, kind, Reason("asked_for", {}))
    return _better_with_a_person(facts) or Choice(SELF_SERVICE, kind, _why_machine(facts))


def _machine(facts: Facts) -> tuple[str | None, str]:
    """The first kind of machine that can do it now; else why none can."""
    kinds = facts.service_type.self_service
    fleets = {kind: facts.machines.get(kind, Fleet()) for kind in kinds}
    free = [kind for kind in kinds if fleets[kind].free]
    usable = [kind for kind in free if kinds[kind] == "none" or (facts.lobby_is_there and facts.is_open)]
    if usable:
        return usable[0], ""
    if free:
        return None, "lobby_manager_needed"
    return None, "machines_busy" if any(each.alive for each in fleets.values()) else "no_machine"


def _better_with_a_person(facts: Facts) -> Choice | None:
    """Whoever a person serves better; None for those whom a machine serves as well."""
    if facts.level is ServiceLevel.VULNERABLE or facts.needs_help:
        return _window("needs_a_person")
    if facts.party_size > PARTY_AT_MACHINE_MAX:
        return _window("party")
    if facts.language not in MACHINE_LANGUAGES:
        return _window("language")
    if facts.is_open and facts.level is not ServiceLevel.ORDINARY and not _breaks_promise(facts):
        return _window("window_in_time")
    return None


def _breaks_promise(facts: Facts) -> bool:
    """Whether somebody with a promise of their own would wait longer than it says."""
    return facts.wait_s is not None and facts.wait_s > facts.promise_s


def _why_machine(facts: Facts) -> Reason:
    if not facts.is_open:
        return Reason("closed", {})
    if facts.level is ServiceLevel.ORDINARY:
        return Reason("machine_free", {"wait_s": facts.wait_s})
    return Reason("wait_is_longer", {"wait_s": facts.wait_s})


def _window(code: str) -> Choice:
    return Choice(TICKET, None, Reason(code, {}))
