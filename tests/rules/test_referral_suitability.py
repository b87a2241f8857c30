"""What suitability lets through before a need is called real and before a proposal, cell by cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from itertools import product as every

from lobby_server.recommend.products import Product
from lobby_server.recommend.suitability import Person
from referral.lifecycle.rules import TRANSITIONS
from referral.lifecycle.suitability import GATES
from tests.make import TODAY

# The risks of what is sold of a line; the calmest counts, and one without risk frees the whole line.
LINES: dict[str, tuple[int | None, ...]] = {
    "nothing": (), "no risk": (None,), "2": (2,), "3 and 5": (3, 5), "5": (5,), "5 and no risk": (5, None),
}  # fmt: skip
RATED_ON = {
    "never": None, "today": TODAY, "a year ago": date(2025, 11, 23), "a year and a day ago": date(2025, 11, 22),
}  # fmt: skip
BORN = {"40": 1986, "65": 1961, "unknown": None}


def sold(risks: tuple[int | None, ...]) -> list[Product]:
    return [Product(f"p-{risk}", {}, "x", risk, None, "serve", (), None, None, TODAY, None) for risk in risks]


def test_every_cell_is_as_the_golden_table_says(golden: Callable[[str, str], None]) -> None:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["sold", "rating", "rated", "age", *GATES])
    for line, (rated, rated_on), rating, (age, born) in every(LINES, RATED_ON.items(), (1, 2, 3, 5), BORN.items()):
        if rated_on is None and rating > 1:
            continue
        person = Person(rating if rated_on else None, rated_on, born, ())
        answers = [gate(sold(LINES[line]), person, TODAY) or "goes on" for gate in GATES.values()]
        writer.writerow([line, person.risk_rating or "", rated, age, *answers])
    golden("referral_suitability.csv", table.getvalue())


def test_the_gates_stand_before_deeds_that_there_are() -> None:
    assert set(GATES) <= set(TRANSITIONS)


def test_nothing_is_proposed_that_could_not_be_called_real() -> None:
    for risks, rated_on, rating, born in every(LINES.values(), RATED_ON.values(), (None, 1, 3, 5), BORN.values()):
        person = Person(rating, rated_on, born, ())
        if GATES["qualify"](sold(risks), person, TODAY) is not None:
            assert GATES["propose"](sold(risks), person, TODAY) is not None
