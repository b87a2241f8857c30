"""The doors of customers: entering a prospect."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.calling import Callers, refusal

CARD = {"kind": "card_token", "token": "v1:aaaaaaaaaaaaaaaaaaaaaa"}


def test_a_prospect_is_entered_and_shown_masked(callers: Callers) -> None:
    entered = callers.manager.post("/customers", {"name": "欧阳娜娜", "credential": CARD, "born_year": 1990})
    assert entered.status_code == 201
    shown = entered.get_json()
    assert (shown["masked_name"], shown["customer_no"]) == ("欧阳*娜", f"P-{shown['id']}")
    assert refusal(callers.teller.post("/customers", {"name": "别人", "credential": CARD})) == (409, "customer_known")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": ""}, "invalid_fields"),
        ({"name": "4111 1111 1111 1111"}, "pan_forbidden"),
        ({"name": "王11010519491231002X"}, "pan_forbidden"),
        ({"name": "王", "credential": {"kind": "card_token", "token": "4111111111111111"}}, "pan_forbidden"),
        ({"name": "王", "credential": {"kind": "qr", "token": CARD["token"]}}, "invalid_fields"),
        ({"name": "王", "credential": {"kind": "card_token", "token": "short"}}, "invalid_fields"),
        ({"name": "王", "born_year": 1899}, "invalid_fields"),
        ({"name": "王", "tier": "private"}, "invalid_fields"),
    ],
)
def test_a_prospect_without_a_name_or_with_a_card_number_is_refused(callers: Callers, wrong: Any, code: str) -> None:
    assert refusal(callers.manager.post("/customers", wrong)) == (422, code)
