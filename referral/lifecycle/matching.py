"""Who is asked to take a referral: first who must, then who can best. The same facts give the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

OPEN_MAX = 20  # live referrals that one person can follow up; more would be a list, not care
WISH_AMONG = 3  # the referrer's wish counts only for somebody who would be among the best anyway
# One offer in twenty goes to a random one of the best, so that what is learnt is not only about those chosen before.
EXPLORED_OF = 20
_WEIGHTS = {"chance": 0.45, "capacity": 0.25, "presence": 0.15, "fairness": 0.15}
_PRIOR_WON, _PRIOR_CLOSED = 3, 10  # a newcomer is taken for an average colleague until ten are closed


@dataclass(frozen=True)
class Candidate:
    """A relationship manager as the matcher sees them. Counts are of their own referrals."""

    staff_id: str
    is_owner: bool
    is_licensed: bool
    is_present: bool
    open_count: int
    won_count: int
    closed_count: int
    offers_this_week: int


@dataclass(frozen=True)
class Ranked:
    """One candidate with the parts of the score, each between 0 and 1; best first in the list."""

    staff_id: str
    is_owner: bool
    score: float
    parts: dict[str, float]


@dataclass(frozen=True)
class Match:
    """Whom it is offered to, and why: `owner`, `wish`, `explored` or `best`. The ranking is stored with it."""

    staff_id: str
    why: str
    ranking: tuple[Ranked, ...]


def rank(candidates: Sequence[Candidate]) -> list[Ranked]:
    """Those who may and can: the relationship's owner first, then by score, then by id.

    Who has no licence for the product line, or no room, is not among them.
    """
    able = [each for each in candidates if each.is_licensed and each.open_count < OPEN_MAX]
    found = []
    for each in able:
        parts = {
            "chance": (each.won_count + _PRIOR_WON) / (each.closed_count + _PRIOR_CLOSED),
            "capacity": 1 - each.open_count / OPEN_MAX,
            "presence": float(each.is_present),
            "fairness": 1 / (1 + each.offers_this_week),
        }
        score = round(sum(_WEIGHTS[name] * part for name, part in parts.items()), 6)
        found.append(Ranked(each.staff_id, each.is_owner, score, parts))
    return sorted(found, key=lambda each: (not each.is_owner, -each.score, each.staff_id))


def match(candidates: Sequence[Candidate], wish: str | None, seed: str) -> Match | None:
    """Whom to ask; None when nobody may. `seed` (the referral's id and turn) decides what is explored."""
    ranking = tuple(rank(candidates))
    if not ranking:
        return None
    best = ranking[:WISH_AMONG]
    if ranking[0].is_owner:
        return Match(ranking[0].staff_id, "owner", ranking)
    if wish is not None and wish in {each.staff_id for each in best}:
        return Match(wish, "wish", ranking)
    drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
    if drawn % EXPLORED_OF == 0:
        return Match(best[drawn // EXPLORED_OF % len(best)].staff_id, "explored", ranking)
    return Match(ranking[0].staff_id, "best", ranking)
