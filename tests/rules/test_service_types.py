"""Every service type can be read, drawn and called; tests/golden/service_types.csv says what each leads to."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

import pytest

from lobby_server.branch.rules import AGENCY, SERVICE_TYPES_FILE, ServiceType, offered_codes, read_service_types

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "service_types.csv"
PLAN = ROOT / "lobby_server" / "admin" / "demo_branch.toml"
VENDORED = ROOT / "staff_tablet" / "web" / "shared" / "vendor.json"


def test_the_service_types_are_those_of_the_golden_table_in_its_order() -> None:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        golden = list(csv.DictReader(file))
    assert [in_the_table(each) for each in read_service_types(SERVICE_TYPES_FILE).values()] == golden


def in_the_table(each: ServiceType) -> dict[str, str]:
    return {
        "code": each.code,
        "ticket_class": each.ticket_class,
        "on_the_first_page": "yes" if each.tile else "no",
        "kinds": " ".join(each.kinds),
        "self_service": " ".join(f"{kind}:{needs}" for kind, needs in each.self_service.items()) or "no",
        "by": each.by,
    }


def test_the_kiosks_first_page_shows_six_services_and_an_agency_none_that_it_may_not_serve() -> None:
    types = read_service_types(SERVICE_TYPES_FILE)
    assert sum(each.tile for each in types.values()) == 6
    agency = offered_codes(types, AGENCY, ["pension"])
    assert {"cash", "account", "other"} <= agency
    assert not agency & {"loan", "corporate", "wealth", "large_cash", "pension"}


@pytest.mark.parametrize(
    "harm",
    [
        ('ticket_class = "A"', 'ticket_class = "AB"'),
        ("typical_s = 300", "typical_s = 0"),
        ('kinds = ["own", "agency"]', 'kinds = ["kiosk"]'),
        ('kinds = ["own", "agency"]', ""),
        ('{ atm = "none" }', '{ toaster = "none" }'),
        ('{ atm = "none" }', '{ atm = "perhaps" }'),
        ('by = "window"', 'by = "nobody"'),
        ('names = { "zh-CN" = "存取款", en = "Deposit or withdraw" }', 'names = { "zh-CN" = "存取款" }'),
    ],
)
def test_a_wrong_entry_stops_the_start(tmp_path: Path, harm: tuple[str, str]) -> None:
    text = SERVICE_TYPES_FILE.read_text("utf-8")
    assert harm[0] in text
    wrong = tmp_path / "service_types.toml"
    wrong.write_text(text.replace(*harm, 1), "utf-8")
    with pytest.raises(AssertionError):
        read_service_types(wrong)


def test_the_trial_has_a_point_that_calls_every_service_type() -> None:
    types = read_service_types(SERVICE_TYPES_FILE)
    for branch in tomllib.loads(PLAN.read_text(encoding="utf-8"))["branch"]:
        served = {ticket_class for point in branch["service_point"] for ticket_class in point["serves"]}
        offered = offered_codes(types, branch["kind"], ())
        assert [code for code in offered if types[code].ticket_class not in served] == []


def test_every_service_type_has_an_icon_that_is_in_the_sprite() -> None:
    sprite = json.loads(VENDORED.read_text(encoding="utf-8"))["sprite"]
    types = read_service_types(SERVICE_TYPES_FILE).values()
    assert [each.code for each in types if each.icon not in sprite] == []
